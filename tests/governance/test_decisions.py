"""Matters and the decisions on them."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest
from django.db import DatabaseError, connection, transaction

from svtad.audit.models import AuditEvent
from svtad.governance import actions, registry
from svtad.governance.models import Decision, Matter
from svtad.governance.queries import state_at, states_at
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import ANONYMOUS, Actor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_handlers")]

T0 = dt.datetime(2019, 4, 1, 9, tzinfo=dt.UTC)
TAG_DAY = dt.datetime(2019, 4, 18, 10, tzinfo=dt.UTC)  # Maundy Thursday


def fields(error: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {each.field for each in error.value.errors}


def test_references_count_up_under_their_prefix(db):
    assert [actions.next_reference("M"), actions.next_reference("M-"), actions.next_reference("C")] == [
        "M-0001",
        "M-0002",
        "C-0001",
    ]


def test_several_references_are_taken_at_once(db):
    assert actions.next_references("M", 3) == ["M-0001", "M-0002", "M-0003"]
    assert actions.next_reference("M") == "M-0004"


def test_the_matters_of_each_organisation_have_numbers_of_their_own(open_matter):
    ours = [open_matter(), open_matter(raised_by="arden"), open_matter(raised_by="eskdale"), open_matter()]
    assert [matter.reference for matter in ours] == ["M-0001", "M-ARDEN-0001", "M-ESKDALE-0001", "M-0002"]


def test_a_matter_starts_in_its_procedures_initial_state_and_is_audited_once(open_matter):
    matter = open_matter()
    assert (matter.state, matter.reference) == ("PROPOSED", "M-0001")
    event = AuditEvent.objects.get(action="open_matter")
    assert (event.subject_id, event.clause) == (matter.public_id, "13.20-13.21")


def test_a_matter_needs_reasons_a_title_and_the_procedures_own_document(open_matter):
    with pytest.raises(InvalidInput) as error:
        open_matter(rationale=" ", title="", version="1.5")
    assert fields(error) == {"rationale", "title", "version"}
    assert not Matter.objects.exists()


def test_an_unknown_procedure_is_named_as_a_field(open_matter):
    with pytest.raises(InvalidInput) as error:
        open_matter(procedure="COFFEE")
    assert fields(error) == {"procedure"}


@pytest.mark.parametrize(
    ("permissions", "procedure", "may"),
    [
        ({"open_matter"}, "EXCLUSION", True),
        ({"propose"}, "EXCLUSION", True),
        ({"propose"}, "SEVERITY_DISPUTE", False),
        ({"dispute_severity"}, "SEVERITY_DISPUTE", True),
        ({"dispute_severity"}, "EXCLUSION", False),
        (set(), "EXCLUSION", False),
    ],
)
def test_who_may_open_which_matter(open_matter, permissions, procedure, may):
    actor = Actor(kind="PERSON", actor_id="p", label="P", permissions=frozenset(permissions))
    if may:
        assert open_matter(procedure, by=actor)
    else:
        with pytest.raises(ActionDenied):
            open_matter(procedure, by=actor)


@pytest.mark.clause("SVTAD 1.23", "13.20")
def test_a_listed_step_moves_the_matter_and_keeps_its_three_times(open_matter, registrar):
    matter = open_matter()
    decision = actions.record_decision(
        matter=matter,
        body="TAG",
        outcome="AGREE",
        decided_at=TAG_DAY,
        notified_at=TAG_DAY + dt.timedelta(hours=2),
        rationale="Agreed.",
        by=registrar,
        at=TAG_DAY + dt.timedelta(days=1),
    )
    assert (decision.from_state, decision.to_state, decision.clause) == ("PROPOSED", "TAG_AGREED", "13.20")
    assert decision.effective_at == TAG_DAY
    assert matter.state == Matter.objects.get().state == "TAG_AGREED"
    assert AuditEvent.objects.get(action="record_decision").detail["to"] == "TAG_AGREED"


def test_a_step_that_is_not_listed_is_refused_with_its_clause_and_what_is_listed(open_matter, registrar):
    with pytest.raises(Refused, match="TAB AGREE is not a step from PROPOSED; listed: TAG AGREE, TAG REJECT") as error:
        actions.record_decision(matter=open_matter(), body="TAB", outcome="AGREE", decided_at=TAG_DAY, by=registrar)
    assert error.value.clause == "13.20-13.21"
    assert not Decision.objects.exists()


@pytest.mark.clause("SVTAD 1.23", "13.21")
@pytest.mark.parametrize(
    ("referred", "in_time"),
    [
        (dt.datetime(2019, 4, 29, 22, 59, 59, tzinfo=dt.UTC), True),  # London is an hour ahead
        (dt.datetime(2019, 4, 29, 23, 0, tzinfo=dt.UTC), False),
    ],
)
def test_clause_13_21_a_referral_is_open_for_five_working_days_of_tags_decision(
    open_matter, registrar, referred, in_time
):
    matter = open_matter()
    actions.record_decision(matter=matter, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar)

    def refer() -> Decision:
        return actions.record_decision(
            matter=matter,
            body="DCC",
            outcome="REFER",
            decided_at=referred,
            data={"material_impact": "IOC is delayed."},
            by=registrar,
        )

    if in_time:
        assert refer().to_state == "REFERRED"
    else:
        with pytest.raises(Refused, match="ended on 29 April 2019"):
            refer()


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_clause_13_21_a_referral_says_how_delivery_is_materially_affected(open_matter, registrar):
    matter = open_matter()
    actions.record_decision(matter=matter, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar)
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(matter=matter, body="DCC", outcome="REFER", decided_at=TAG_DAY, by=registrar)
    assert fields(error) == {"material_impact"}


def test_the_secretary_of_states_decision_needs_its_document(open_matter, proposer, registrar, paper):
    matter = open_matter()
    actions.record_decision(matter=matter, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar)
    actions.record_decision(
        matter=matter,
        body="DCC",
        outcome="REFER",
        decided_at=TAG_DAY,
        data={"material_impact": "IOC is delayed."},
        by=proposer,
    )
    sos: dict[str, Any] = {"matter": matter, "body": "SOS", "outcome": "UPHOLD", "decided_at": TAG_DAY, "by": registrar}
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(**sos)
    assert fields(error) == {"document"}
    assert actions.record_decision(**sos, document=paper).document == paper


@pytest.mark.clause("SVTAD 1.23", "14.4")
def test_clause_14_4_a_severity_holds_from_when_tag_notified_it(open_matter, registrar):
    matter = open_matter("SEVERITY_DISPUTE")
    told = TAG_DAY + dt.timedelta(days=2)
    decide: dict[str, Any] = {
        "matter": matter,
        "body": "TAG",
        "outcome": "DECIDE",
        "decided_at": TAG_DAY,
        "by": registrar,
    }
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(**decide)
    assert fields(error) == {"severity", "notified_at"}
    decision = actions.record_decision(
        **decide, notified_at=told, data={"severity": "3"}, at=told + dt.timedelta(days=1)
    )
    assert decision.effective_at == told
    assert state_at(matter, told - dt.timedelta(seconds=1)) == "RAISED"
    assert state_at(matter, told) == "RAISED", "not recorded by then"
    assert state_at(matter, told + dt.timedelta(days=1)) == "DECIDED"


def test_a_state_is_read_back_as_it_was_known_and_in_effect_at_a_moment(open_matter, registrar):
    matter, other = open_matter(), open_matter(at=TAG_DAY + dt.timedelta(days=9))
    actions.record_decision(
        matter=matter,
        body="TAG",
        outcome="AGREE",
        decided_at=TAG_DAY,
        by=registrar,
        at=TAG_DAY + dt.timedelta(days=5),
    )
    every = Matter.objects.all()
    for days, expected in ((0, "PROPOSED"), (4, "PROPOSED"), (5, "TAG_AGREED")):
        moment = TAG_DAY + dt.timedelta(days=days)
        assert state_at(matter, moment) == expected
        assert states_at(every, moment) == {matter.pk: expected}
    assert states_at(every, TAG_DAY + dt.timedelta(days=9)) == {matter.pk: "TAG_AGREED", other.pk: "PROPOSED"}


def test_a_decision_cannot_be_recorded_before_it_is_taken_nor_run_backwards(open_matter, registrar):
    matter = open_matter()
    later = TAG_DAY + dt.timedelta(days=1)
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(
            matter=matter,
            body="TAG",
            outcome="AGREE",
            decided_at=later,
            notified_at=TAG_DAY,
            effective_at=TAG_DAY,
            by=registrar,
            at=TAG_DAY,
        )
    assert fields(error) == {"decided_at", "notified_at", "effective_at"}
    actions.record_decision(matter=matter, body="TAG", outcome="REJECT", decided_at=later, by=registrar)
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(
            matter=matter,
            body="DCC",
            outcome="REFER",
            decided_at=TAG_DAY,
            data={"material_impact": "Yes."},
            by=registrar,
        )
    assert fields(error) == {"decided_at"}


def test_a_determination_against_the_computed_result_needs_reasons(open_matter, registrar):
    panel: dict[str, Any] = {
        "matter": open_matter("SIT_COMPLETION"),
        "body": "PANEL",
        "outcome": "CONFIRM",
        "decided_at": TAG_DAY,
        "by": registrar,
        "against_computed": True,
    }
    with pytest.raises(InvalidInput) as error:
        actions.record_decision(**panel)
    assert fields(error) == {"rationale"}
    assert actions.record_decision(**panel, rationale="The Panel takes the risk.").against_computed


def test_a_decision_seen_on_an_old_state_is_told_that_it_came_too_late(open_matter, registrar):
    matter = open_matter()
    same = Matter.objects.get(pk=matter.pk)
    actions.record_decision(matter=matter, body="TAG", outcome="AGREE", decided_at=TAG_DAY, by=registrar)
    with pytest.raises(Refused, match="decided meanwhile: it is TAG_AGREED now"):
        actions.record_decision(matter=same, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar)
    with pytest.raises(Refused, match="decided meanwhile"):
        actions.record_decision(
            matter=open_matter("SIT_COMPLETION"),
            body="DCC",
            outcome="ANNOUNCE",
            decided_at=TAG_DAY,
            expected_state="PACKAGE_SENT",
            by=registrar,
        )


@pytest.mark.clause("SVTAD 1.23", "14.2", "14.3")
@pytest.mark.parametrize(
    ("permissions", "kinds", "procedure", "body", "outcome", "may"),
    [
        ({"record_decision"}, {"DCC"}, "EXCLUSION", "TAG", "AGREE", True),
        ({"propose"}, {"DCC"}, "EXCLUSION", "TAG", "AGREE", False),
        ({"propose"}, {"DCC"}, "ASSURANCE_REPORT", "DCC", "PRESENT", True),
        ({"dispute_severity"}, {"SUPPLIER_PARTY"}, "SEVERITY_DISPUTE", "PARTICIPANT", "WITHDRAW", True),
        ({"see_all_phases"}, {"TAG"}, "EXCLUSION", "TAG", "AGREE", False),
        (set(), {"SUPPLIER_PARTY"}, "SEVERITY_DISPUTE", "PARTICIPANT", "WITHDRAW", False),
        # The DCC, whose severity is disputed, is no Testing Participant: it takes back nobody's dispute or request.
        ({"dispute_severity", "propose"}, {"DCC"}, "SEVERITY_DISPUTE", "PARTICIPANT", "WITHDRAW", False),
        ({"dispute_severity", "propose"}, {"DCC"}, "OTHER_DISPUTE", "PARTICIPANT", "WITHDRAW", False),
        ({"dispute_severity", "propose"}, {"DCC"}, "OTHER_DISPUTE", "DCC", "FORWARD", True),
    ],
)
def test_who_may_record_which_step(open_matter, paper, permissions, kinds, procedure, body, outcome, may):
    actor = Actor(
        kind="PERSON",
        actor_id="p",
        label="P",
        audience_keys=frozenset({"tag"}),
        permissions=frozenset(permissions),
        organisation_kinds=frozenset(kinds),
    )
    step: dict[str, Any] = {
        "matter": open_matter(procedure),
        "body": body,
        "outcome": outcome,
        "decided_at": TAG_DAY,
        "by": actor,
        "document": paper,
    }
    if may:
        assert actions.record_decision(**step).outcome == outcome
    else:
        with pytest.raises(ActionDenied):
            actions.record_decision(**step)


def test_nobody_decides_on_a_matter_they_may_not_see(open_matter, registrar):
    blind = Actor(kind="PERSON", actor_id="b", label="B", permissions=registrar.permissions)
    for actor in (blind, ANONYMOUS):
        with pytest.raises(ActionDenied):
            actions.record_decision(matter=open_matter(), body="TAG", outcome="AGREE", decided_at=TAG_DAY, by=actor)


def test_a_handler_acts_in_the_decisions_own_transaction(open_matter, registrar, monkeypatch):
    seen = []

    class Owner:
        def apply(self, *, matter, decision, by, at):
            seen.append((matter.state, decision.outcome, by, at))
            raise Refused("14.5", "A pending dispute blocks it.")

    monkeypatch.setattr(registry, "_handlers", {"EXCLUSION": Owner()})
    matter = open_matter()
    with pytest.raises(Refused, match="pending dispute"), transaction.atomic():
        actions.record_decision(matter=matter, body="TAG", outcome="AGREE", decided_at=TAG_DAY, by=registrar)
    assert seen[0][:2] == ("TAG_AGREED", "AGREE")
    assert matter.state == "PROPOSED"
    assert not Decision.objects.exists()
    assert not AuditEvent.objects.filter(action="record_decision").exists()


def test_a_procedure_has_one_handler(monkeypatch):
    monkeypatch.setattr(registry, "_handlers", {})

    class One: ...

    class Two: ...

    one, same, other = cast(registry.Handler, One()), cast(registry.Handler, One()), cast(registry.Handler, Two())
    registry.register("EXCLUSION", one)
    registry.register("EXCLUSION", same)
    with pytest.raises(ValueError, match="has a handler already"):
        registry.register("EXCLUSION", other)
    assert registry.handler_for("SCT_COUNT") is None


@pytest.mark.parametrize(
    "statement", ["UPDATE governance_decision SET outcome = 'X'", "DELETE FROM governance_decision"]
)
def test_the_database_itself_refuses_to_change_a_decision(open_matter, registrar, statement):
    actions.record_decision(matter=open_matter(), body="TAG", outcome="AGREE", decided_at=TAG_DAY, by=registrar)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
