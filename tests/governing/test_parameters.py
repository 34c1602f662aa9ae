"""What documents leave open: set with a source, by date, readable as it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance import calendar
from svtad.governance.calendar import DayReading
from svtad.governing import actions, queries
from svtad.governing.models import DocumentVersion, GoverningDocument, Parameter
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor, system_actor
from svtad.rulebook.editions import EDITIONS

pytestmark = pytest.mark.django_db

T0 = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ADMIN = Actor(kind="PERSON", actor_id="a", label="Ada Admin", permissions=frozenset({"set_parameter"}))
RATE = "pit.minimum_pass_rate"


@pytest.fixture
def svtad() -> DocumentVersion:
    return actions.ensure_document_version(
        code="SVTAD", title="SMETS1 Testing Approach Document", version="1.23", edition="svtad_1_23", by=ADMIN, at=T0
    )


def put(version: DocumentVersion, **more) -> Parameter:
    values: dict[str, Any] = {
        "version": version,
        "key": RATE,
        "value": "95%",
        "source": "PIT Approach v2, 4.1",
        "approver": "TAB, 2 March 2026",
        "effective_from": T0.date(),
        "by": ADMIN,
        "at": T0,
    }
    return actions.set_parameter(**(values | more))


def value(version: DocumentVersion, moment: dt.datetime, key: str = RATE) -> str | None:
    found = queries.parameters_at(version, moment).get(key)
    return found["value"] if found else None


def test_a_document_version_is_entered_once(svtad):
    again = actions.ensure_document_version(code="SVTAD", title="Other", version="1.23", by=ADMIN)
    later = actions.ensure_document_version(code="SVTAD", title="Other", version="1.5", by=ADMIN)
    assert again == svtad
    assert later.document == svtad.document
    assert GoverningDocument.objects.get().title == "SMETS1 Testing Approach Document"
    assert AuditEvent.objects.filter(action="enter_document_version").count() == 2


def test_a_parameter_that_nobody_set_is_not_there_and_no_number_is_made_up(svtad):
    assert queries.parameters_at(svtad) == {}
    assert queries.setting_at(svtad, RATE) is None
    assert queries.setting_at(svtad, "disputes.severities") == "between", "a reading has its default"


def test_a_parameter_holds_with_its_source_from_its_effective_london_day(svtad):
    put(svtad, effective_from=dt.date(2026, 4, 1), at=T0)
    just_before = dt.datetime(2026, 3, 31, 22, 59, tzinfo=dt.UTC)  # 23:59 in London
    assert value(svtad, just_before) is None
    assert value(svtad, just_before + dt.timedelta(minutes=1)) == "95%"
    held = queries.parameters_at(svtad, T0 + 60 * DAY)[RATE]
    assert held == {
        "value": "95%",
        "source": "PIT Approach v2, 4.1",
        "approver": "TAB, 2 March 2026",
        "effective_from": dt.date(2026, 4, 1),
    }


def test_what_was_set_later_changes_no_earlier_picture(svtad):
    put(svtad)
    put(svtad, value="90%", at=T0 + 2 * DAY)
    assert value(svtad, T0 + DAY) == "95%"
    assert value(svtad, T0 + 2 * DAY) == "90%"
    assert Parameter.objects.count() == 2


def test_of_two_effective_dates_the_later_holds_once_it_is_reached(svtad):
    put(svtad)
    put(svtad, value="97%", effective_from=(T0 + 10 * DAY).date(), at=T0 + DAY)
    assert value(svtad, T0 + 9 * DAY) == "95%"
    assert value(svtad, T0 + 10 * DAY) == "97%"


def test_a_cleared_parameter_is_empty_from_then_on(svtad):
    put(svtad)
    actions.clear_parameter(version=svtad, key=RATE, reason="Withdrawn by TAB", by=ADMIN, at=T0 + 3 * DAY)
    assert value(svtad, T0 + 2 * DAY) == "95%"
    assert value(svtad, T0 + 3 * DAY) is None
    with pytest.raises(Refused, match="is not set"):
        actions.clear_parameter(version=svtad, key=RATE, reason="Again", by=ADMIN)
    with pytest.raises(InvalidInput):
        actions.clear_parameter(version=svtad, key=RATE, reason=" ", by=ADMIN)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"value": "110%"}, "value"),
        ({"value": "most"}, "value"),
        ({"key": "disputes.severities", "value": "guess"}, "value"),
        ({"key": "pit.coffee"}, "key"),
        ({"source": " "}, "source"),
        ({"approver": ""}, "approver"),
    ],
)
def test_a_value_the_edition_does_not_know_or_without_a_source_is_not_taken(svtad, wrong, field):
    with pytest.raises(InvalidInput) as error:
        put(svtad, **wrong)
    assert [each.field for each in error.value.errors] == [field]
    assert not Parameter.objects.exists()


def test_every_parameter_of_every_edition_takes_its_own_values(svtad):
    for edition in EDITIONS:
        version = actions.ensure_document_version(
            code=edition.document, title=edition.title, version=edition.version, by=ADMIN
        )
        assert queries.edition_held(version) is edition
        for spec in edition.parameters:
            for text in spec.choices or ("19/20",):
                put(version, key=spec.key, value=text)
                assert queries.setting_at(version, spec.key, T0) == text


def test_nothing_of_a_document_whose_rules_are_not_held_can_be_set(svtad):
    other = actions.ensure_document_version(code="MTAD", title="Migration Testing", version="1.2", by=ADMIN)
    assert queries.edition_held(other) is None
    with pytest.raises(InvalidInput, match="No rules of MTAD"):
        put(other)


def test_only_an_administrator_sets_and_clears(svtad):
    put(svtad)
    nobody = Actor(kind="PERSON", actor_id="n", label="N", permissions=frozenset({"assess", "record_decision"}))
    for act in (
        lambda: put(svtad, by=nobody),
        lambda: actions.clear_parameter(version=svtad, key=RATE, reason="No", by=nobody),
        lambda: actions.ensure_document_version(code="X", title="X", version="1", by=nobody),
    ):
        with pytest.raises(ActionDenied, match="Administrator"):
            act()


def test_each_act_is_audited_once(svtad):
    put(svtad)
    put(svtad, value="96%")
    actions.clear_parameter(version=svtad, key=RATE, reason="Withdrawn", by=system_actor())
    acts = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert acts == ["enter_document_version", "set_parameter", "set_parameter", "clear_parameter"]


def test_the_calendar_beneath_reads_working_days_as_the_documents_settings_say(svtad):
    assert calendar.reading_of(document="SVTAD", version="1.23") == DayReading()
    assert calendar.reading_of(document="UNKNOWN", version="1") == DayReading()
    put(svtad, key="working_days.jurisdiction", value="scotland")
    put(svtad, key="working_days.counting", value="trigger_day_is_first")
    held = calendar.reading_of(document="SVTAD", version="1.23", moment=T0)
    assert held == DayReading(jurisdiction="scotland", count_trigger_day=True)
    assert calendar.reading_of(document="SVTAD", version="1.23", moment=T0 - DAY) == DayReading()


def test_the_jurisdictions_of_the_editions_are_those_the_calendar_knows():
    for edition in EDITIONS:
        for name in edition.parameter("working_days.jurisdiction").choices:
            assert name in calendar.JURISDICTIONS
