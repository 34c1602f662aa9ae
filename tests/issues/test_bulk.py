"""Changing many issues at once: previewed row by row, confirmed all or none, stale previews refused."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from issues.actions import (
    BulkEdit,
    attribute,
    bulk_edit,
    change_state,
    determine_severity,
    dispute_severity,
    edit_issue,
    preview_bulk_edit,
    propose_exclusion,
)
from issues.models import Attribution, Cause, IssueState, IssueStateChange, SeverityDetermination, TestingIssue
from issues.queries import histories
from issues.queries.history import History, Standing
from svtad.audit.models import AuditEvent
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases.models import FactsChanged
from tests.factories import MAKER, at, decide, heard, make_dmc, make_issue

CLAUSE = "SVTAD 1.23"
NOW = at(days=2)
KEPT = (SeverityDetermination, Attribution, IssueStateChange, AuditEvent)


@pytest.fixture
def manager(house):
    return house.actor("test_manager")


def ids(*issues) -> list[str]:
    return [issue.public_id for issue in issues]


def confirm(issues, edit, by, moment=NOW):
    plan = preview_bulk_edit(issues=issues, edit=edit, by=by, at=moment)
    return bulk_edit(issues=issues, edit=edit, preview=plan.fingerprint, by=by, at=moment)


def kept() -> list[int]:
    return [model.objects.count() for model in KEPT]


@pytest.fixture
def three(house, sit):
    return [
        make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX"),
        make_issue(sit, raised_by=house.supplier, severity="4", provider=house.beta, state="IN_FIX"),
        make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="CLOSED"),
    ]


@pytest.mark.clause(CLAUSE, "14.1", "13.19")
def test_a_preview_shows_each_row_before_and_after_and_what_is_refused_and_stores_nothing(house, sit, three, manager):
    before = kept()
    edit = BulkEdit(reason="Graded too mildly.", severity="3")
    plan = preview_bulk_edit(issues=ids(*three), edit=edit, by=manager, at=NOW)
    assert [
        (row.issue.pk, [(each.field, each.before, each.after) for each in row.changes], bool(row.refused))
        for row in sorted(plan.rows, key=lambda row: row.issue.pk)
    ] == [(three[0].pk, [], False), (three[1].pk, [("severity", "4", "3")], False), (three[2].pk, [], False)]
    assert [len(plan.ready), len(plan.unchanged), len(plan.refused)] == [1, 2, 0]
    other = preview_bulk_edit(issues=ids(*three), edit=BulkEdit(reason="x", severity="5"), by=manager, at=NOW)
    [refused] = other.refused
    assert refused.issue == three[2]
    assert "closed" in refused.refused[0]
    assert kept() == before
    assert TestingIssue.objects.get(pk=three[1].pk).severity == "4"


@pytest.mark.clause(CLAUSE, "13.18", "13.19")
def test_a_preview_says_what_becomes_of_each_cell_of_the_counts(house, sit, three, manager):
    plan = preview_bulk_edit(issues=ids(*three), edit=BulkEdit(reason="x", severity="3"), by=manager, at=NOW)
    assert [(cell.provider, cell.severity, cell.before, cell.after, cell.limit) for cell in plan.cells] == [
        ("BETA Ltd", "3", 0, 1, 15),
        ("BETA Ltd", "4", 1, 0, 30),
    ]
    away = BulkEdit(reason="It is the meter.", cause="DEVICE")
    plan = preview_bulk_edit(issues=ids(*three[:2]), edit=away, by=manager, at=NOW)
    assert [(cell.provider, cell.severity, cell.before, cell.after) for cell in plan.cells] == [
        ("ALPHA Ltd", "3", 1, 0),
        ("BETA Ltd", "4", 1, 0),
    ]


@pytest.mark.clause(CLAUSE, "13.20")
def test_what_tag_excluded_stands_in_no_cell_and_is_noted(house, sit, three, manager):
    made = propose_exclusion(issue=three[0], scope=sit, rationale="One device.", by=MAKER, at=at(hours=1))
    heard(made.matter, moment=at(hours=2))
    decide(made.matter, "TAG", "AGREE", moment=at(hours=3))
    dispute_severity(
        issue=three[1], participant_severity="2", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(hours=4)
    )
    plan = preview_bulk_edit(issues=ids(*three[:2]), edit=BulkEdit(reason="x", severity="5"), by=manager, at=NOW)
    assert {(cell.provider, cell.severity, cell.before, cell.after) for cell in plan.cells} == {
        ("BETA Ltd", "4", 1, 0),
        ("BETA Ltd", "5", 0, 1),
    }
    notes = {row.issue.pk: row.notes for row in plan.rows}
    assert "13.20" in notes[three[0].pk][0]
    assert "14.2" in notes[three[1].pk][0]


@pytest.mark.clause(CLAUSE, "14.1", "9.2")
def test_what_is_confirmed_is_stored_with_the_reason_and_an_event_a_row(house, sit, three, manager):
    edit = BulkEdit(reason="The meter's clock drifts.", severity="5", cause="DEVICE", environment="UIT-2")
    before = AuditEvent.objects.count()
    plan = confirm(ids(*three), edit, manager)
    assert len(plan.ready) == 2
    for issue in three[:2]:
        issue.refresh_from_db()
        assert (issue.severity, issue.cause, issue.environment) == ("5", "DEVICE", "UIT-2")
        assert issue.attributions.last().reasons == issue.severities.last().reasons == "The meter's clock drifts."
        assert issue.history.count() == 2
    events = AuditEvent.objects.filter(action="bulk_edit_issue")
    assert AuditEvent.objects.count() == before + 2
    assert {event.subject_id for event in events} == set(ids(*three[:2]))
    assert all(event.detail["reason"] == edit.reason and event.actor_label == manager.label for event in events)
    assert events.get(subject_id=three[0].public_id).detail["changed"]["severity"] == ["3", "5"]
    assert FactsChanged.objects.filter(scope=sit).exists()


def test_an_event_of_a_row_is_for_who_may_see_its_issue(house, sit, three, manager):
    confirm(ids(*three), BulkEdit(reason="x", environment="UIT-2"), manager)
    keys = {
        event.subject_id: set(issue_keys(event.audience_id))
        for event in AuditEvent.objects.filter(action="bulk_edit_issue")
    }
    alpha, beta = f"org:{house.alpha.public_id}", f"org:{house.beta.public_id}"
    assert alpha in keys[three[0].public_id]
    assert beta not in keys[three[0].public_id]
    assert beta in keys[three[1].public_id]
    assert alpha not in keys[three[1].public_id]


def issue_keys(audience_id: int) -> list[str]:
    from svtad.parties.models import Audience

    return Audience.objects.get(pk=audience_id).text.split(",")


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda three, house: determine_severity(issue=three[0], severity="2", by=MAKER, at=at(days=1)),
        lambda three, house: change_state(issue=three[1], to_state="FIXED", by=MAKER, at=at(days=1)),
        lambda three, house: edit_issue(issue=three[1], environment="UIT-9", by=MAKER, at=at(days=1)),
        lambda three, house: make_issue(three[0].scope, raised_by=house.dcc, severity="5", provider=house.beta),
    ],
    ids=["severity", "state", "environment", "count"],
)
def test_a_preview_that_is_out_of_date_is_refused_and_nothing_is_changed(house, sit, three, manager, meanwhile):
    edit = BulkEdit(reason="x", severity="5", environment="UIT-1", to_state="FIXED")
    plan = preview_bulk_edit(issues=ids(*three), edit=edit, by=manager, at=NOW)
    meanwhile(three, house)
    before = kept()
    with pytest.raises(Refused, match="out of date"):
        bulk_edit(issues=ids(*three), edit=edit, preview=plan.fingerprint, by=manager, at=NOW)
    assert kept() == before


def test_a_preview_holds_for_what_was_asked_and_for_who_asked(house, sit, three, manager):
    edit = BulkEdit(reason="x", severity="5")
    plan = preview_bulk_edit(issues=ids(*three), edit=edit, by=manager, at=NOW)
    for issues, other, by in (
        (ids(*three), BulkEdit(reason="x", severity="4"), manager),
        (ids(*three), BulkEdit(reason="y", severity="5"), manager),
        (ids(*three[:1]), edit, manager),
        (ids(*three), edit, MAKER),
    ):
        with pytest.raises(Refused, match="out of date"):
            bulk_edit(issues=issues, edit=other, preview=plan.fingerprint, by=by, at=NOW)


@pytest.mark.clause(CLAUSE, "14.1", "13.19")
def test_each_row_is_refused_for_its_own_reason(house, sit, three, manager):
    raised = make_issue(sit, raised_by=house.supplier)
    gamma = BulkEdit(reason="x", provider=house.gamma)
    plan = preview_bulk_edit(issues=ids(*three, raised), edit=gamma, by=manager, at=NOW)
    reasons = {row.issue.pk: row.refused for row in plan.rows}
    assert "takes no part" in reasons[three[0].pk][0]
    assert "has none yet" in reasons[raised.pk][0]
    assert not plan.ready
    assert not plan.cells
    with pytest.raises(InvalidInput, match="None of these"):
        bulk_edit(issues=ids(*three, raised), edit=gamma, preview=plan.fingerprint, by=manager, at=NOW)


@pytest.mark.clause(CLAUSE, "14.2")
def test_what_tag_determined_is_not_changed_by_many_either(house, sit, three, manager):
    made = dispute_severity(
        issue=three[0], participant_severity="2", reasons="Worse.", raised_by=house.supplier, by=MAKER, at=at(hours=1)
    )
    decide(made.matter, "TAG", "DECIDE", moment=at(hours=2), severity="2")
    plan = confirm(ids(*three[:2]), BulkEdit(reason="x", severity="5"), manager)
    [refused] = plan.refused
    assert refused.issue == three[0]
    assert "final" in refused.refused[0]
    assert [TestingIssue.objects.get(pk=each.pk).severity for each in three[:2]] == ["2", "5"]


@pytest.mark.clause(CLAUSE, "14.1")
def test_a_move_is_one_that_the_life_lists_and_may_rest_on_what_is_determined_with_it(house, sit, three, manager):
    raised = make_issue(sit, raised_by=house.supplier)
    edit = BulkEdit(
        reason="As found.", severity="4", cause="DCC_SYSTEM", provider=house.beta, to_state=IssueState.DETERMINED
    )
    plan = confirm(ids(raised, three[0]), edit, manager)
    assert [row.issue for row in plan.ready] == [raised]
    raised.refresh_from_db()
    assert (raised.state, raised.severity, raised.provider) == ("DETERMINED", "4", house.beta)
    assert "may go to" in plan.refused[0].refused[0]


@pytest.mark.clause(CLAUSE, "13.19")
def test_rejecting_many_keeps_the_reason_with_each(house, sit, three, manager):
    confirm(ids(*three[:2]), BulkEdit(reason="Not issues at all.", to_state="REJECTED"), manager)
    moves = IssueStateChange.objects.filter(to_state="REJECTED")
    assert [move.reasons for move in moves] == ["Not issues at all."] * 2


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (BulkEdit(reason=" ", severity="3"), "reason"),
        (BulkEdit(reason="x"), "issues"),
        (BulkEdit(reason="x", to_state="NOWHERE"), "state"),
    ],
)
def test_an_edit_that_says_nothing_or_not_why_is_turned_away(house, sit, three, manager, edit, field):
    with pytest.raises(InvalidInput) as turned:
        preview_bulk_edit(issues=ids(*three), edit=edit, by=manager, at=NOW)
    assert [error.field for error in turned.value.errors] == [field]


@pytest.mark.parametrize("role", ["tag_chair", "registrar", "administrator", "sit_auditor"])
def test_who_changes_no_issue_changes_not_many(house, sit, three, role):
    with pytest.raises(ActionDenied):
        preview_bulk_edit(issues=ids(*three), edit=BulkEdit(reason="x", severity="3"), by=house.actor(role), at=NOW)


def test_permission_is_asked_row_by_row(house, sit, three, manager):
    supplier = house.actor("participant")
    plan = preview_bulk_edit(issues=ids(*three), edit=BulkEdit(reason="x", environment="UIT-1"), by=supplier, at=NOW)
    assert {row.issue.pk for row in plan.ready} == {three[0].pk, three[1].pk}
    assert plan.missing == ids(three[2])  # the DCC's: a Supplier Party does not learn that there is one
    plan = preview_bulk_edit(issues=ids(*three), edit=BulkEdit(reason="x", severity="5"), by=supplier, at=NOW)
    assert len(plan.refused) == 2
    assert "You may not determine" in plan.refused[0].refused[0]
    provider = house.actor("provider_tester")
    plan = preview_bulk_edit(issues=ids(*three), edit=BulkEdit(reason="x", environment="U"), by=provider, at=NOW)
    assert all("Only who raised" in row.refused[0] for row in plan.rows)
    assert plan.missing == ids(three[1])


def test_a_dmc_that_one_may_not_see_is_not_named(house, sit, three):
    dmc = make_dmc()
    edit = BulkEdit(reason="x", dmc=dmc)
    with pytest.raises(InvalidInput, match="no such DMC"):
        preview_bulk_edit(issues=ids(*three), edit=edit, by=house.actor("participant"), at=NOW)
    plan = confirm(ids(*three[:1]), edit, house.actor("test_manager"))
    assert [(each.field, each.after) for each in plan.ready[0].changes] == [("dmc", dmc.reference)]


def test_a_thousand_issues_cost_no_query_each(house, sit, manager):
    def queries(count: int) -> int:
        issues = [
            make_issue(sit, raised_by=house.supplier, severity="4", provider=house.beta, state="IN_FIX")
            for _ in range(count)
        ]
        edit = BulkEdit(reason="x", severity="5", cause="DEVICE", to_state="FIXED", environment=f"E{count}")
        with CaptureQueriesContext(connection) as captured:
            plan = confirm(ids(*issues), edit, manager)
        assert len(plan.ready) == count
        return len(captured)

    assert queries(40) <= queries(4) + 2


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_edit_leaves_the_current_columns_equal_to_the_rows_and_the_cells_as_said(house, sit, manager, data):
    from django.db import transaction

    from issues.queries.cells import cells_of, excluded_of

    with transaction.atomic():
        issues = [
            make_issue(
                sit,
                raised_by=house.supplier,
                severity=data.draw(st.sampled_from(("1", "3", "4"))),
                provider=data.draw(st.sampled_from((house.alpha, house.beta))),
                state=data.draw(st.sampled_from(("DETERMINED", "IN_FIX", "RETEST", "CLOSED"))),
            )
            for _ in range(4)
        ]
        if data.draw(st.booleans()) and issues[0].state != "CLOSED":
            attribute(issue=issues[0], cause="OTHER", provider=None, reasons="Else.", by=MAKER, at=at(days=1))
        edit = BulkEdit(
            reason="Drawn.",
            severity=data.draw(st.sampled_from(("", "2", "4"))),
            cause=data.draw(st.sampled_from(("", Cause.DCC_SYSTEM, Cause.DEVICE, Cause.DCC))),
            to_state=data.draw(st.sampled_from(("", "IN_FIX", "CLOSED", "REJECTED"))),
            environment="UIT",
        )
        before = cells_of([sit.pk], excluded=excluded_of([sit.pk]))
        plan = preview_bulk_edit(issues=ids(*issues), edit=edit, by=manager, at=NOW)
        if plan.ready:
            bulk_edit(issues=ids(*issues), edit=edit, preview=plan.fingerprint, by=manager, at=NOW)
        after = cells_of([sit.pk], excluded=excluded_of([sit.pk]))
        assert sum(after.values()) - sum(before.values()) == sum(cell.after - cell.before for cell in plan.cells)
        assert len({cell for cell in before | after if before[cell] != after[cell]}) == len(plan.cells)
        for issue in TestingIssue.objects.filter(pk__in=[each.pk for each in issues]):
            found = histories(TestingIssue.objects.filter(pk=issue.pk)).get(issue.pk) or History()
            assert Standing.of(found).columns == (
                issue.state,
                issue.severity,
                issue.priority,
                issue.cause,
                issue.provider_id,
            )
        transaction.set_rollback(True)
