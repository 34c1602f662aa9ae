"""Several people and tools at one issue at the same moment: nothing doubled, and whoever comes second is told."""

from __future__ import annotations

import pytest

from issues.actions import (
    BulkEdit,
    bulk_edit,
    change_state,
    determine_severity,
    dispute_severity,
    link_issues,
    mirror_issues,
    preview_bulk_edit,
    propose_exclusion,
    raise_issue,
)
from issues.actions.mirror_rows import IssueRow, IssuesResult
from issues.models import ExclusionProposal, IssueLink, IssueStateChange, SeverityDispute, TestingIssue
from issues.queries import issues_at
from svtad.lib.errors import Refused
from tests.at_once import at_once
from tests.factories import MAKER, make_house, make_issue

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("postgres_only", "transactional_db")]
PEOPLE = 6


@pytest.fixture
def house(transactional_db):
    return make_house()


def test_one_issue_sent_by_all_at_once_is_raised_once(house, sit):
    outcomes = at_once(
        PEOPLE,
        lambda number: raise_issue(
            scope=sit, title="Alert lost", raised_by=house.dcc, source="jira", external_id="J-1", by=MAKER
        ),
    )
    issue = TestingIssue.objects.get()
    assert [outcome.pk if isinstance(outcome, TestingIssue) else outcome for outcome in outcomes] == [issue.pk] * PEOPLE
    assert (issue.state_changes.count(), issue.history.count()) == (1, 1)


def test_issues_raised_at_once_have_each_a_number(house, sit):
    at_once(PEOPLE, lambda number: raise_issue(scope=sit, title=f"{number}", raised_by=house.dcc, by=MAKER))
    references = TestingIssue.objects.order_by("reference").values_list("reference", flat=True)
    assert list(references) == [f"MOC-SIT-{number:04d}" for number in range(1, PEOPLE + 1)]


def test_one_of_several_who_saw_the_same_state_moves_the_issue(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="RETEST")
    outcomes = at_once(
        PEOPLE,
        lambda number: change_state(
            issue=TestingIssue.objects.get(pk=issue.pk),
            to_state=("CLOSED", "IN_FIX")[number % 2],
            expected_state="RETEST",
            by=MAKER,
        ),
    )
    won = [outcome for outcome in outcomes if isinstance(outcome, IssueStateChange)]
    told = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert (len(won), len(told)) == (1, PEOPLE - 1), outcomes
    assert TestingIssue.objects.get().state == won[0].to_state


def test_the_current_columns_are_the_history_after_many_determine_at_once(house, sit):
    issue = make_issue(sit, raised_by=house.dcc)
    at_once(
        PEOPLE,
        lambda number: determine_severity(
            issue=TestingIssue.objects.get(pk=issue.pk), severity=str(1 + number % 5), by=MAKER
        ),
    )
    [row] = issues_at([sit.pk], None)
    assert TestingIssue.objects.get().severity == row.severity != ""


@pytest.mark.clause("SVTAD 1.23", "13.20", "14.2")
def test_one_proposal_and_one_dispute_however_many_ask_at_once(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha)

    def ask(number: int) -> object:
        mine = TestingIssue.objects.get(pk=issue.pk)
        if number % 2:
            return propose_exclusion(issue=mine, scope=sit, rationale="x", by=MAKER)
        return dispute_severity(issue=mine, participant_severity="4", reasons="x", raised_by=house.supplier, by=MAKER)

    outcomes = at_once(PEOPLE, ask)
    assert (ExclusionProposal.objects.count(), SeverityDispute.objects.count()) == (1, 1), outcomes
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == PEOPLE - 2


def test_one_file_mirrored_by_all_at_once_comes_in_once(house, sit):
    rows = [
        IssueRow(external_id=f"J-{number}", title="x", raised_by="dcc", severity="3", cause="DCC", state="IN_FIX")
        for number in range(20)
    ]
    outcomes = at_once(PEOPLE, lambda number: mirror_issues(scope=sit, rows=rows, source="jira", by=MAKER))
    results = sorted(outcome.created if isinstance(outcome, IssuesResult) else -1 for outcome in outcomes)
    assert results == [0] * (PEOPLE - 1) + [20], outcomes
    assert (TestingIssue.objects.count(), IssueStateChange.objects.count()) == (20, 60)


def test_of_several_who_confirm_previews_of_the_same_issues_one_changes_them_and_the_others_are_told(house, sit):
    issues = [
        make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, state="IN_FIX") for _ in range(8)
    ]
    ids = [issue.public_id for issue in issues]
    edits = [BulkEdit(reason=f"As {number} saw it.", severity=str(1 + number % 5)) for number in (0, 1, 3, 4)]
    previews = [preview_bulk_edit(issues=ids, edit=edit, by=MAKER).fingerprint for edit in edits]

    def confirm(number: int) -> object:
        mine = ids if number % 2 else ids[::-1]
        return bulk_edit(issues=mine, edit=edits[number], preview=previews[number], by=MAKER)

    outcomes = at_once(4, confirm)
    told = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert len(told) == 3, outcomes
    assert len(set(TestingIssue.objects.values_list("severity", flat=True))) == 1


def test_no_circle_of_duplicates_closes_however_many_link_at_once(house, sit):
    issues = [make_issue(sit, raised_by=house.dcc) for _ in range(4)]

    def tie(number: int) -> object:
        pair = [TestingIssue.objects.get(pk=issues[(number + step) % 4].pk) for step in (0, 1)]
        return link_issues(issue=pair[0], other=pair[1], kind="DUPLICATE_OF", by=MAKER)

    outcomes = at_once(4, tie)
    assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 1, outcomes
    assert IssueLink.objects.count() == 3
