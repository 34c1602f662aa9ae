"""A tracker is mirrored over and over: the same changes nothing, and it undoes nothing that was determined here."""

from __future__ import annotations

import pytest

from issues.actions import (
    IssueRow,
    attribute,
    change_state,
    determine_severity,
    dispute_severity,
    mirror_issues,
    set_tracker_term,
)
from issues.models import (
    Attribution,
    IssueStateChange,
    SeverityDetermination,
    TestingIssue,
    TrackerDisagreement,
    TrackerTerm,
)
from issues.queries.trackers import disagreements_of, terms_held
from svtad.audit.models import AuditEvent
from svtad.lib.errors import ActionDenied, InvalidInput
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide

CLAUSE = "SVTAD 1.23"
ROW = IssueRow(
    external_id="J-1", title="Alert lost", raised_by="dcc", severity="3", priority="high", provider="alpha",
    cause="DCC_SYSTEM", state="IN_FIX", row=1,
)  # fmt: skip
KEPT = (TestingIssue, SeverityDetermination, Attribution, IssueStateChange, TrackerDisagreement, AuditEvent)


@pytest.fixture
def tooling(house):
    return house.actor("test_tooling")


@pytest.fixture
def manager(house):
    return house.actor("test_manager")


@pytest.fixture
def send(sit, tooling):
    def mirror(*rows: IssueRow, day: float = 2, by=None):
        return mirror_issues(scope=sit, rows=rows, source="jira", by=by or tooling, at=at(days=day))

    return mirror


def issue() -> TestingIssue:
    return TestingIssue.objects.select_related("provider", "scope__release", "raised_by").get(external_id="J-1")


def kept() -> list[int]:
    return [model.objects.count() for model in KEPT]


def fields(result) -> list[tuple[str, str, str]]:
    return [(each.field, each.theirs, each.held) for row in result.rows for each in row.kept]


@pytest.mark.clause(CLAUSE, "9.2", "14.1")
def test_a_tracker_may_change_what_only_it_determined(house, sit, send):
    send(ROW)
    result = send(ROW._replace(severity="4", cause="DCC", provider="", state="FIXED"), day=3)
    assert (result.changed, fields(result)) == (1, [])
    assert (issue().severity, issue().cause, issue().state) == ("4", "DCC", "FIXED")
    assert set(SeverityDetermination.objects.values_list("mirrored_from", flat=True)) == {"jira"}


@pytest.mark.clause(CLAUSE, "14.1", "13.19")
def test_a_tracker_does_not_undo_what_the_dcc_determined(house, sit, send, manager):
    send(ROW)
    determine_severity(issue=issue(), severity="2", by=manager, at=at(days=3))
    attribute(issue=issue(), cause="DCC_SYSTEM", provider=house.beta, by=manager, at=at(days=3))
    result = send(ROW, day=4)
    assert fields(result) == [("severity", "3", "2"), ("provider", "alpha", "beta")]
    assert "does not undo" in result.rows[0].kept[0].why
    assert (issue().severity, issue().provider) == ("2", house.beta)
    assert (result.created, result.changed, result.unchanged) == (0, 0, 1)


@pytest.mark.clause(CLAUSE, "14.2")
def test_a_tracker_does_not_undo_what_tag_determined_and_the_rest_of_its_row_is_taken(house, sit, send):
    send(ROW)
    made = dispute_severity(
        issue=issue(), participant_severity="2", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(days=3)
    )
    decide(made.matter, "TAG", "DECIDE", moment=at(days=4), severity="2")
    result = send(ROW._replace(state="FIXED", title="Alert lost twice"), day=5)
    assert fields(result) == [("severity", "3", "2")]
    assert "TAG" in result.rows[0].kept[0].why
    assert (issue().severity, issue().state, issue().title) == ("2", "FIXED", "Alert lost twice")


@pytest.mark.clause(CLAUSE, "13.19")
def test_a_tracker_neither_rejects_what_the_dcc_determined_nor_brings_back_what_it_rejected(house, sit, send, manager):
    send(ROW)
    determine_severity(issue=issue(), severity="2", by=manager, at=at(days=3))
    result = send(ROW._replace(severity="", state="REJECTED", reasons="Not ours"), day=4)
    assert fields(result) == [("state", "REJECTED", "IN_FIX")]
    change_state(issue=issue(), to_state="REJECTED", reasons="Said twice.", by=manager, at=at(days=5))
    result = send(ROW._replace(severity=""), day=6)
    assert fields(result) == [("state", "IN_FIX", "REJECTED")]
    assert issue().state == "REJECTED"


@pytest.mark.clause(CLAUSE, "13.18")
def test_what_a_person_reopened_a_tracker_closes_only_after_its_retest(house, sit, send, manager):
    send(ROW._replace(state="CLOSED"))
    change_state(issue=issue(), to_state="IN_FIX", reasons="Seen again.", by=manager, at=at(days=3))
    result = send(ROW._replace(state="CLOSED"), day=4)
    assert (fields(result), issue().state) == ([("state", "CLOSED", "IN_FIX")], "IN_FIX")
    send(ROW._replace(state="RETEST"), day=5)
    send(ROW._replace(state="CLOSED"), day=6)
    assert issue().state == "CLOSED"


def test_a_tracker_may_reject_what_only_it_spoke_of_with_reasons(house, sit, send):
    send(ROW)
    with pytest.raises(InvalidInput) as turned:
        send(ROW._replace(state="REJECTED"), day=3)
    assert [(error.row, error.field) for error in turned.value.errors] == [(1, "reasons")]
    send(ROW._replace(state="REJECTED", reasons="Its own script."), day=3)
    assert issue().state == "REJECTED"


def test_the_same_again_leaves_no_event_and_no_word_also_where_it_is_not_followed(house, sit, send, manager):
    send(ROW)
    send(ROW, day=2.5)
    determine_severity(issue=issue(), severity="2", by=manager, at=at(days=3))
    send(ROW, day=4)
    before, told = kept(), FactsChanged.objects.count()
    again = send(ROW, day=5)
    assert (kept(), FactsChanged.objects.count()) == (before, told)
    assert fields(again) == [("severity", "3", "2")]
    [held] = disagreements_of(issue(), actor=MAKER)
    assert (held.theirs, held.held) == ("3", "2")
    send(ROW._replace(severity="4"), day=6)
    assert TrackerDisagreement.objects.count() == 2
    determine_severity(issue=issue(), severity="4", by=manager, at=at(days=7))
    assert disagreements_of(issue(), actor=MAKER) == []


def test_a_person_of_the_dcc_who_sends_a_trackers_file_determines(house, sit, send, manager):
    send(ROW)
    determine_severity(issue=issue(), severity="2", by=manager, at=at(days=3))
    assert send(ROW, day=4, by=manager).changed == 1
    assert issue().severity == "3"
    assert SeverityDetermination.objects.latest("pk").mirrored_from == ""


def test_a_wrong_row_is_named_with_its_field_and_nothing_of_any_row_is_stored(house, sit, send):
    before = kept()
    rows = (
        ROW,
        ROW._replace(external_id="J-2", severity="9", row=2),
        ROW._replace(external_id="J-3", provider="gamma", row=3),
        ROW._replace(external_id="J-4", state="Blocked", row=4),
        ROW._replace(external_id="J-1", row=5),
    )
    with pytest.raises(InvalidInput) as turned:
        send(*rows)
    assert [(error.row, error.field) for error in turned.value.errors] == [
        (2, "severity"), (3, "provider"), (4, "state"), (5, "external_id")
    ]  # fmt: skip
    assert kept() == before


def test_a_trackers_own_words_mean_what_was_said_of_them(house, sit, send, manager):
    for kind, theirs, ours in (
        ("state", "Blocked", "IN_FIX"),
        ("severity", "Major", "2"),
        ("provider", "Alpha Networks", "alpha"),
        ("cause", "Vendor", "DCC_SYSTEM"),
        ("priority", "P9", ""),
    ):
        set_tracker_term(source="jira", kind=kind, theirs=theirs, ours=ours, by=manager, at=at(days=1))
    row = ROW._replace(state="BLOCKED", severity="major", provider="alpha networks", cause="vendor", priority="P9")
    send(row)
    assert (issue().state, issue().severity, issue().provider, issue().priority) == ("IN_FIX", "2", house.alpha, "")
    assert send(row, day=3).unchanged == 1


def test_a_meaning_is_set_anew_by_another_and_the_first_stays_readable(house, sit, send, manager):
    set_tracker_term(source="jira", kind="state", theirs="Done", ours="FIXED", by=manager, at=at(days=1))
    events = AuditEvent.objects.count()
    set_tracker_term(source="jira", kind="state", theirs="done", ours="FIXED", by=manager, at=at(days=1))
    assert (TrackerTerm.objects.count(), AuditEvent.objects.count()) == (1, events)
    set_tracker_term(source="jira", kind="state", theirs="Done", ours="RETEST", by=manager, at=at(days=2))
    assert [term.ours for term in terms_held("jira")] == ["RETEST"]
    assert TrackerTerm.objects.count() == 2
    assert AuditEvent.objects.filter(action="set_tracker_term").latest("pk").detail["before"] == "FIXED"


@pytest.mark.parametrize(
    ("kind", "theirs", "ours", "field"),
    [
        ("colour", "red", "2", "kind"),
        ("state", "Done", "OVER", "ours"),
        ("cause", "x", "WEATHER", "ours"),
        ("provider", "x", "nobody", "ours"),
        ("state", " ", "FIXED", "theirs"),
        ("state", "x" * 121, "FIXED", "theirs"),
    ],
)
def test_a_meaning_that_is_none_is_turned_away(house, manager, kind, theirs, ours, field):
    with pytest.raises(InvalidInput) as turned:
        set_tracker_term(source="jira", kind=kind, theirs=theirs, ours=ours, by=manager)
    assert [error.field for error in turned.value.errors] == [field]


@pytest.mark.parametrize("role", ["test_tooling", "registrar", "provider_tester", "participant", "tag_chair"])
def test_who_does_not_determine_says_not_what_words_mean(house, role):
    with pytest.raises(ActionDenied):
        set_tracker_term(source="jira", kind="state", theirs="Done", ours="CLOSED", by=house.actor(role))
