"""The life of a Testing Issue: what may follow what, who may do it, and what it leaves behind."""

from __future__ import annotations

import itertools

import pytest
from django.db import DatabaseError, connection, transaction

from issues.actions import attribute, change_state, determine_issue, determine_severity, edit_issue, raise_issue
from issues.models import Attribution, IssueState, IssueStateChange, SeverityDetermination, TestingIssue
from issues.policies import TRANSITIONS, path_between
from svtad.audit.models import AuditEvent
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError
from svtad.parties.policies import allowed
from testphases.actions import create_scope, end_participation
from testphases.models import FactsChanged
from tests.factories import DAY, MAKER, at, make_dmc, make_document, make_issue, make_organisation

LISTED = {(state, to) for state, following in TRANSITIONS.items() if state for to in following}
#: Rules.md, section 4, written out a second time.
EXPECTED = {
    ("RAISED", "DETERMINED"), ("DETERMINED", "IN_FIX"), ("IN_FIX", "FIXED"), ("FIXED", "RETEST"),
    ("RETEST", "CLOSED"), ("RETEST", "IN_FIX"), ("RAISED", "REJECTED"), ("DETERMINED", "REJECTED"),
    ("IN_FIX", "REJECTED"), ("CLOSED", "IN_FIX"), ("REJECTED", "IN_FIX"),
}  # fmt: skip


def errors_of(raised) -> dict[str, str]:
    return {error.field: error.message for error in raised.value.errors}


# --- raising ------------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "9.2", "14.1")
def test_a_raised_issue_is_open_numbered_in_its_phase_and_audited(house, sit):
    issue = raise_issue(
        scope=sit, title="Alert lost", raised_by=house.alpha, by=house.actor("provider_tester"), at=at(days=1)
    )
    assert issue.reference == "MOC-SIT-ALPHA-0001"
    assert (issue.state, issue.severity, issue.cause, issue.provider) == ("RAISED", "", "", None)
    event = AuditEvent.objects.get(action="raise_issue")
    assert (event.subject_id, event.scope_id, event.recorded_at) == (issue.public_id, sit.public_id, at(days=1))
    first = IssueStateChange.objects.get(issue=issue)
    assert (first.from_state, first.to_state) == ("", "RAISED")


def test_each_organisation_has_numbers_of_its_own(house, sit):
    sct = house.scope("SCT", "MOC")
    raisers = (house.dcc, house.alpha, house.supplier, house.dcc, house.supplier)
    references = [make_issue(sit, raised_by=who).reference for who in raisers]
    assert references == [
        "MOC-SIT-0001", "MOC-SIT-ALPHA-0001", "MOC-SIT-SUPPLIER-0001", "MOC-SIT-0002", "MOC-SIT-SUPPLIER-0002"
    ]  # fmt: skip
    assert make_issue(sct, raised_by=house.dcc).reference == "MOC-SCT-0001"


def test_a_reference_that_the_dcc_gave_itself_is_never_given_again(house, sit):
    raise_issue(scope=sit, title="x", raised_by=house.dcc, reference="MOC-SIT-0002", by=MAKER, at=DAY)
    assert [make_issue(sit, raised_by=house.dcc).reference for _ in range(2)] == ["MOC-SIT-0001", "MOC-SIT-0003"]


def test_a_long_reference_still_fits(house, sit):
    longest = make_organisation("TESTING_PARTICIPANT", "participant-with-a-code1")
    reference = make_issue(house.scope("INTERFACE", "MOC"), raised_by=longest).reference
    assert len(reference) <= 64


def test_the_same_external_id_with_the_same_content_changes_nothing(house, sit):
    given = {
        "scope": sit, "title": "Alert lost", "description": "Twice\nin three", "raised_by": house.dcc,
        "source": "jira", "external_id": "J-1", "by": MAKER, "dmc": make_dmc(), "occurred_at": DAY,
    }  # fmt: skip
    first = raise_issue(**given, at=at(hours=1))
    before = (AuditEvent.objects.count(), FactsChanged.objects.count(), TestingIssue.history.count())
    again = raise_issue(**given, at=at(hours=2))
    assert again.pk == first.pk
    assert (AuditEvent.objects.count(), FactsChanged.objects.count(), TestingIssue.history.count()) == before


def test_the_same_external_id_with_other_content_rewords_the_issue_and_keeps_the_words_before(house, sit):
    given = {"scope": sit, "raised_by": house.dcc, "source": "jira", "external_id": "J-1", "by": MAKER}
    first = raise_issue(title="Alert lost", **given, at=at(hours=1))
    raise_issue(title="Alert lost for good", **given, at=at(hours=2))
    assert TestingIssue.objects.get().title == "Alert lost for good"
    words = first.history.order_by("history_date").values_list("title", "history_date", "history_type")
    assert list(words) == [("Alert lost", at(hours=1), "+"), ("Alert lost for good", at(hours=2), "~")]


@pytest.mark.parametrize(
    ("change", "field"),
    [("scope", "external_id"), ("raised_by", "raised_by"), ("occurred_at", "occurred_at")],
)
def test_an_issue_sent_again_moves_to_no_other_phase_raiser_or_day(house, sit, change, field):
    given = {
        "scope": sit, "title": "Alert lost", "raised_by": house.dcc, "source": "jira", "external_id": "J-1",
        "by": MAKER, "occurred_at": DAY, "at": at(days=1),
    }  # fmt: skip
    raise_issue(**given)
    other = {"scope": house.scope("SCT", "MOC"), "raised_by": house.alpha, "occurred_at": at(hours=3)}
    with pytest.raises(InvalidInput) as raised:
        raise_issue(**{**given, change: other[change]})
    assert list(errors_of(raised)) == [field]
    assert TestingIssue.objects.count() == 1


def test_two_organisations_with_the_same_external_id_do_not_meet(house, sit):
    sct = house.scope("SCT", "MOC")
    given = {"scope": sct, "source": "jira", "external_id": "J-1"}
    mine = raise_issue(title="Mine", raised_by=house.supplier, by=house.actor("participant"), at=at(days=1), **given)
    theirs = raise_issue(
        title="Theirs",
        raised_by=house.other_supplier,
        by=house.actor("participant", house.other_supplier),
        at=at(days=1),
        **given,
    )
    assert mine.pk != theirs.pk
    mine.refresh_from_db()
    assert (mine.title, mine.source, theirs.source) == ("Mine", "supplier:jira", "other_supplier:jira")


def test_every_wrong_field_is_named_at_once(house, sit):
    with pytest.raises(InvalidInput) as raised:
        raise_issue(
            scope=sit, title=" ", functional_group="x" * 121, environment="x" * 81, raised_by=house.dcc, by=MAKER
        )
    assert set(errors_of(raised)) == {"title", "functional_group", "environment"}
    with pytest.raises(InvalidInput) as raised:
        raise_issue(scope=sit, title="x", raised_by=house.dcc, occurred_at=at(days=2), by=MAKER, at=at(days=1))
    assert "later than" in errors_of(raised)["occurred_at"]


def test_what_is_too_long_is_named(house, sit):
    issue = make_issue(sit, raised_by=house.alpha)
    with pytest.raises(InvalidInput) as raised:
        change_state(issue=issue, to_state="REJECTED", reasons="x" * 20_001, by=MAKER, at=at(days=1))
    assert list(errors_of(raised)) == ["reasons"]
    with pytest.raises(InvalidInput) as raised:
        edit_issue(issue=issue, title="x" * 301, description="x" * 100_001, by=MAKER, at=at(days=1))
    assert set(errors_of(raised)) == {"title", "description"}
    tester = house.actor("provider_tester")
    for source, external_id, wrong in (("s" * 55, "J-1", "source"), ("jira", "e" * 121, "external_id")):
        with pytest.raises(InvalidInput) as raised:
            raise_issue(
                scope=sit, title="x", raised_by=house.alpha, source=source, external_id=external_id, by=tester,
                at=at(days=1),
            )  # fmt: skip
        assert list(errors_of(raised)) == [wrong]


def test_an_issue_is_no_way_to_find_out_which_dmcs_there_are(house, sit):
    dmc = make_dmc("D-SECRET")
    sct = house.scope("SCT")
    who = house.actor("participant")
    with pytest.raises(InvalidInput, match="no such DMC"):
        raise_issue(scope=sct, title="x", raised_by=house.supplier, dmc=dmc, by=who, at=at(days=1))
    issue = raise_issue(scope=sct, title="x", raised_by=house.supplier, by=who, at=at(days=1))
    with pytest.raises(InvalidInput, match="no such DMC"):
        edit_issue(issue=issue, dmc=dmc, by=who, at=at(days=1))


def test_control_characters_never_reach_the_database(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, title="Alert\x00 \u202elost\r\nnow", description="a\x00b\r\nc\x07 ")
    assert (issue.title, issue.description) == ("Alert lost now", "ab\nc")


# --- the machine --------------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "14.1", "13.18")
def test_the_listed_moves_are_those_of_the_rules():
    assert LISTED == EXPECTED


@pytest.mark.clause("SVTAD 1.23", "14.1")
@pytest.mark.parametrize("state", IssueState.values)
def test_a_listed_move_is_made_and_any_other_refused(house, sit, state):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state=state, reasons="Why")
    moved = set()
    for to_state in IssueState.values:
        attempt = transaction.savepoint()
        fresh = TestingIssue.objects.get()
        done, reason = allowed(change_state, issue=fresh, to_state=to_state, reasons="Why", by=MAKER, at=at(days=1))
        if done:
            moved.add((state, to_state))
            assert TestingIssue.objects.get().state == fresh.state == to_state
        else:
            assert issue.reference in reason
            assert TestingIssue.objects.get().state == state
            assert IssueStateChange.objects.filter(recorded_at=at(days=1)).count() == 0
        transaction.savepoint_rollback(attempt)
    assert moved == {pair for pair in EXPECTED if pair[0] == state}


def test_an_unknown_state_is_refused_not_a_fault(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    with pytest.raises(Refused):
        change_state(issue=issue, to_state="NONSENSE", by=MAKER, at=at(days=1))


@pytest.mark.parametrize(("given", "missing"), [
    ({}, "a severity and a cause"),
    ({"severity": "3"}, "a cause"),
    ({"severity": "3", "cause": "DCC_SYSTEM"}, "a DCC Service Provider"),
])  # fmt: skip
def test_an_issue_is_determined_only_with_severity_cause_and_provider(house, sit, given, missing):
    issue = make_issue(sit, raised_by=house.dcc, **given)
    with pytest.raises(Refused) as refused:
        change_state(issue=issue, to_state="DETERMINED", by=MAKER, at=at(days=1))
    assert refused.value.reason.endswith(f"lacks {missing}.")


@pytest.mark.parametrize(("cause", "reasons"), [("DCC", ""), ("DEVICE", "Firmware"), ("PARTICIPANT", "Its script")])
def test_what_no_provider_answers_for_is_determined_without_one(house, sit, cause, reasons):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", cause=cause, reasons=reasons)
    change_state(issue=issue, to_state="DETERMINED", by=MAKER, at=at(days=1))
    assert issue.state == "DETERMINED"


def test_determining_in_one_go_determines_a_raised_issue_and_leaves_a_later_state(house, sit):
    issue = make_issue(sit, raised_by=house.alpha)
    who = house.actor("test_manager")
    determine_issue(
        issue=issue, severity="2", priority="high", cause="DCC_SYSTEM", provider=house.beta, by=who, at=at(days=1)
    )
    assert (issue.state, issue.severity, issue.priority, issue.provider) == ("DETERMINED", "2", "high", house.beta)
    change_state(issue=issue, to_state="IN_FIX", by=who, at=at(days=2))
    determine_issue(issue=issue, severity="3", cause="DCC_SYSTEM", provider=house.alpha, by=who, at=at(days=3))
    assert (issue.state, issue.severity, issue.priority, issue.provider) == ("IN_FIX", "3", "high", house.alpha)


def test_determining_in_one_go_is_all_or_nothing(house, sit):
    issue = make_issue(sit, raised_by=house.alpha)
    with pytest.raises(InvalidInput):
        determine_issue(issue=issue, severity="2", cause="DEVICE", provider=None, by=MAKER, at=at(days=1))
    issue.refresh_from_db()
    assert (issue.severity, SeverityDetermination.objects.count()) == ("", 0)


@pytest.mark.clause("SVTAD 1.23", "13.19")
@pytest.mark.parametrize("state", ["RAISED", "DETERMINED", "IN_FIX"])
def test_a_rejection_needs_reasons(house, sit, state):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state=state)
    for nothing in ("", "  \n "):
        with pytest.raises(InvalidInput) as raised:
            change_state(issue=issue, to_state="REJECTED", reasons=nothing, by=MAKER, at=at(days=1))
        assert "reasons" in errors_of(raised)
    change_state(issue=issue, to_state="REJECTED", reasons="Not an issue", by=MAKER, at=at(days=1))
    assert issue.state == "REJECTED"


def test_a_person_who_saw_an_older_state_is_told(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="IN_FIX")
    change_state(issue=issue, to_state="FIXED", by=MAKER, at=at(days=1))
    with pytest.raises(Refused, match="meanwhile"):
        change_state(issue=issue, to_state="RETEST", expected_state="IN_FIX", by=MAKER, at=at(days=1))


def test_a_move_does_not_happen_before_the_last_one_nor_after_its_recording(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="IN_FIX", moment=at(days=5))
    for wrong in (at(days=4), at(days=7)):
        with pytest.raises(InvalidInput) as raised:
            change_state(issue=issue, to_state="FIXED", occurred_at=wrong, by=MAKER, at=at(days=6))
        assert "occurred_at" in errors_of(raised)
    change_state(issue=issue, to_state="FIXED", occurred_at=at(days=5), by=MAKER, at=at(days=6))


def test_a_way_between_two_states_uses_listed_moves_only_and_never_a_rejection():
    for state, target in itertools.product(IssueState.values, repeat=2):
        path = path_between(state, target)
        if path is None:
            continue
        assert path[-1] == target
        assert set(itertools.pairwise((state, *path))) <= LISTED
        assert "REJECTED" not in path[:-1]
    assert path_between("RAISED", "CLOSED") == ("DETERMINED", "IN_FIX", "FIXED", "RETEST", "CLOSED")
    assert path_between("CLOSED", "FIXED") == ("IN_FIX", "FIXED")
    assert path_between("FIXED", "REJECTED") is None
    assert path_between("IN_FIX", "RAISED") is None
    assert path_between("IN_FIX", "DETERMINED") is None


# --- determinations -----------------------------------------------------------------------------------


@pytest.mark.clause("SVTAD 1.23", "T13.2")
@pytest.mark.parametrize("severity", ["0", "6", "high", "", "33333"])
def test_a_severity_that_the_edition_does_not_have_is_refused_by_name(house, sit, severity):
    issue = make_issue(sit, raised_by=house.dcc)
    with pytest.raises(InvalidInput) as raised:
        determine_severity(issue=issue, severity=severity, by=MAKER, at=at(days=1))
    assert "1, 2, 3, 4, 5" in errors_of(raised)["severity"]


def test_no_severity_is_taken_under_a_document_of_which_no_edition_is_held(house):
    scope = create_scope(release=house.releases["FOC"], kind="SIT", governed_by=make_document("1.5"), by=MAKER, at=DAY)
    issue = make_issue(scope, raised_by=house.dcc)
    with pytest.raises(InvalidInput) as raised:
        determine_severity(issue=issue, severity="3", by=MAKER, at=at(days=1))
    assert "No edition" in errors_of(raised)["severity"]


def test_what_holds_already_is_not_determined_again(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", priority="low", provider=house.alpha)
    before = AuditEvent.objects.count()
    assert determine_severity(issue=issue, severity="3", by=MAKER, at=at(days=1)) is None
    assert attribute(issue=issue, cause="DCC_SYSTEM", provider=house.alpha, by=MAKER, at=at(days=1)) is None
    assert AuditEvent.objects.count() == before
    row = determine_severity(issue=issue, severity="3", priority="high", by=MAKER, at=at(days=1))
    assert row is not None
    assert (issue.severity, issue.priority) == ("3", "high")


@pytest.mark.clause("SVTAD 1.23", "13.19")
@pytest.mark.parametrize("cause", ["DEVICE", "PARTICIPANT", "OTHER"])
def test_an_issue_leaves_the_count_as_not_dcc_caused_only_with_reasons(house, sit, cause):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha)
    with pytest.raises(InvalidInput) as raised:
        attribute(issue=issue, cause=cause, provider=None, reasons=" ", by=MAKER, at=at(days=1))
    assert "TAB and TAG" in errors_of(raised)["reasons"]
    attribute(issue=issue, cause=cause, provider=None, reasons="The meter resets", by=MAKER, at=at(days=1))
    assert issue.cause == cause


def test_taking_a_cause_back_needs_reasons_too(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha)
    with pytest.raises(InvalidInput):
        attribute(issue=issue, cause="", provider=None, by=MAKER, at=at(days=1))
    attribute(issue=issue, cause="", provider=None, reasons="Analysis was wrong", by=MAKER, at=at(days=1))
    assert (issue.cause, issue.provider) == ("", None)


@pytest.mark.clause("SVTAD 1.23", "13.19")
def test_only_a_provider_that_takes_part_answers_for_an_issue(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    for stranger in (house.gamma, house.supplier, house.dcc):
        with pytest.raises(InvalidInput) as raised:
            attribute(issue=issue, cause="DCC_SYSTEM", provider=stranger, by=MAKER, at=at(days=1))
        assert "provider" in errors_of(raised)
    with pytest.raises(InvalidInput):
        attribute(issue=issue, cause="DCC", provider=house.alpha, by=MAKER, at=at(days=1))
    attribute(issue=issue, cause="DCC", provider=house.dcc, by=MAKER, at=at(days=1))
    attribute(issue=issue, cause="DCC", provider=None, by=MAKER, at=at(days=2))
    assert (issue.cause, issue.provider) == ("DCC", None)


def test_a_provider_that_left_the_phase_still_answers_for_its_issues(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    end_participation(scope=sit, organisation=house.beta, reason="Contract ended", by=MAKER, at=at(days=1))
    attribute(issue=issue, cause="DCC_SYSTEM", provider=house.beta, by=MAKER, at=at(days=2))
    assert issue.provider == house.beta


def test_an_unknown_cause_is_named(house, sit):
    with pytest.raises(InvalidInput) as raised:
        attribute(issue=make_issue(sit, raised_by=house.dcc), cause="METEOR", provider=None, by=MAKER, at=at(days=1))
    assert "DCC_SYSTEM" in errors_of(raised)["cause"]


@pytest.mark.parametrize("state", ["CLOSED", "REJECTED"])
def test_a_closed_issue_is_not_determined_anew_until_it_is_reopened(house, sit, state):
    issue = make_issue(
        sit, raised_by=house.dcc, severity="3", provider=house.alpha, state=state, reasons="Why", moment=DAY
    )
    with pytest.raises(Refused, match="reopened"):
        determine_severity(issue=issue, severity="4", by=MAKER, at=at(days=1))
    with pytest.raises(Refused, match="reopened"):
        attribute(issue=issue, cause="DCC_SYSTEM", provider=house.beta, by=MAKER, at=at(days=1))
    change_state(issue=issue, to_state="IN_FIX", by=MAKER, at=at(days=1))
    determine_severity(issue=issue, severity="4", by=MAKER, at=at(days=1))
    attribute(issue=issue, cause="DCC_SYSTEM", provider=house.beta, by=MAKER, at=at(days=1))
    assert (issue.severity, issue.provider) == ("4", house.beta)


def test_nothing_takes_effect_later_than_it_is_recorded(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    with pytest.raises(InvalidInput) as raised:
        determine_severity(issue=issue, severity="3", effective_at=at(days=2), by=MAKER, at=at(days=1))
    assert list(errors_of(raised)) == ["effective_at"]
    with pytest.raises(InvalidInput):
        determine_severity(issue=issue, severity="3", occurred_at=at(days=2), by=MAKER, at=at(days=1))
    with pytest.raises(InvalidInput, match="time zone"):
        determine_severity(issue=issue, severity="3", occurred_at=DAY.replace(tzinfo=None), by=MAKER, at=at(days=1))


# --- wording ------------------------------------------------------------------------------------------


def test_an_edit_keeps_who_when_and_what_stood_before(house, sit):
    issue = make_issue(sit, raised_by=house.alpha, title="Alert lost", description="Once")
    who = house.actor("provider_tester")
    dmc = make_dmc("D-1")
    edit_issue(issue=issue, title="Alert lost twice", dmc=dmc, by=who, at=at(days=1))
    assert (issue.title, issue.description, issue.dmc) == ("Alert lost twice", "Once", dmc)
    last = issue.history.latest()
    assert (last.title, last.history_user.pk, last.history_date) == ("Alert lost twice", who.person_pk, at(days=1))
    assert who.label in last.history_change_reason
    edit_issue(issue=issue, dmc=None, by=who, at=at(days=2))
    assert TestingIssue.objects.get().dmc is None


def test_an_edit_that_changes_nothing_stores_nothing(house, sit):
    issue = make_issue(sit, raised_by=house.alpha, title="Alert lost")
    before = (AuditEvent.objects.count(), TestingIssue.history.count(), FactsChanged.objects.count())
    edit_issue(issue=issue, title=" Alert  lost ", description="", by=MAKER, at=at(days=1))
    assert (AuditEvent.objects.count(), TestingIssue.history.count(), FactsChanged.objects.count()) == before


def test_a_determination_leaves_no_row_in_the_wording_history(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="CLOSED")
    assert issue.history.count() == 1


# --- what is only ever added --------------------------------------------------------------------------


@pytest.mark.parametrize("model", [SeverityDetermination, Attribution, IssueStateChange])
def test_what_was_determined_is_never_changed_or_deleted(house, sit, model):
    make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="IN_FIX")
    row = model.objects.first()
    with pytest.raises(AppendOnlyError):
        row.save()
    with pytest.raises(AppendOnlyError):
        row.delete()
    for statement in (f"UPDATE {model._meta.db_table} SET reasons = 'x'", f"DELETE FROM {model._meta.db_table}"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_denied_act_leaves_nothing(house, sit):
    issue = make_issue(sit, raised_by=house.supplier, title="Alert lost")
    who = house.actor("participant", house.other_supplier)
    with pytest.raises(ActionDenied):
        edit_issue(issue=issue, title="Mine now", by=who, at=at(days=1))
    assert TestingIssue.objects.get().title == "Alert lost"
    assert AuditEvent.objects.filter(action="edit_issue").count() == 0
