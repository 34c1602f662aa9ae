"""Issues as they stood at a moment: from append-only rows, equal to the current columns at every present."""

from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from issues.actions import (
    attribute,
    change_state,
    determine_severity,
    dispute_severity,
    edit_issue,
    mirror_issues,
    raise_issue,
)
from issues.actions.mirror_rows import IssueRow
from issues.models import Cause, IssueState, TestingIssue
from issues.queries import issues_at, issues_raised_at, last_issue_change_at, last_issue_raised_at
from svtad.lib.errors import InvalidInput, Refused
from tests.factories import MAKER, at, decide, make_issue


def only(scope, moment):
    [row] = issues_at([scope.pk], moment)
    return row


def test_an_issue_is_not_there_before_it_was_recorded(house, sit):
    raise_issue(scope=sit, title="x", raised_by=house.dcc, occurred_at=at(days=1), by=MAKER, at=at(days=3))
    assert issues_at([sit.pk], at(days=2)) == []
    assert only(sit, at(days=3)).occurred_at == at(days=1)
    assert (issues_raised_at(sit, at(days=2)), issues_raised_at(sit, at(days=3))) == (0, 1)


@pytest.mark.clause("SVTAD 1.23", "13.18")
def test_each_change_is_seen_from_when_it_was_recorded(house, sit):
    issue = make_issue(sit, raised_by=house.supplier, moment=at(days=1))
    determine_severity(issue=issue, severity="3", priority="high", by=MAKER, at=at(days=2))
    attribute(issue=issue, cause="DCC_SYSTEM", provider=house.alpha, by=MAKER, at=at(days=3))
    change_state(issue=issue, to_state="DETERMINED", by=MAKER, at=at(days=4))
    attribute(issue=issue, cause="DEVICE", provider=None, reasons="Meter", by=MAKER, at=at(days=5))
    change_state(issue=issue, to_state="REJECTED", reasons="Not ours", by=MAKER, at=at(days=6))

    def seen(day: float):
        row = only(sit, at(days=day))
        return row.state, row.severity, row.priority, row.cause, row.provider_name, row.left, row.left_reasons

    assert seen(1) == ("RAISED", "", "", "", "", "", "")
    assert seen(2.5) == ("RAISED", "3", "high", "", "", "", "")
    assert seen(3) == ("RAISED", "3", "high", "DCC_SYSTEM", "ALPHA Ltd", "", "")
    assert seen(4) == ("DETERMINED", "3", "high", "DCC_SYSTEM", "ALPHA Ltd", "", "")
    assert seen(5) == ("DETERMINED", "3", "high", "DEVICE", "", "NOT_DCC_CAUSED", "Meter")
    assert seen(6) == ("REJECTED", "3", "high", "DEVICE", "", "REJECTED", "Not ours")
    assert only(sit, None) == only(sit, at(days=6))
    last = only(sit, None)
    assert (last.phase_kind, last.release, last.raised_by_name) == ("SIT", "MOC", "SUPPLIER Ltd")
    assert last.left_determination == issue.state_changes.latest("id").public_id
    assert only(sit, at(days=5)).left_determination == issue.attributions.latest("id").public_id
    assert only(sit, at(days=4)).left_determination is None


def test_the_dcc_is_told_from_its_providers(house, sit):
    make_issue(sit, raised_by=house.dcc, severity="3", cause="DCC", provider=house.dcc)
    assert only(sit, None).provider_is_dcc
    make_issue(house.scope("SCT"), raised_by=house.dcc, severity="3", provider=house.alpha)
    assert not only(house.scope("SCT"), None).provider_is_dcc


def test_what_is_recorded_late_was_not_known_before_but_holds_from_its_day(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="3", moment=at(days=1))
    determine_severity(issue=issue, severity="5", effective_at=at(days=4), by=MAKER, at=at(days=6))
    determine_severity(issue=issue, severity="4", effective_at=at(days=3), by=MAKER, at=at(days=7))
    assert only(sit, at(days=5)).severity == "3"
    assert only(sit, at(days=6)).severity == "5"
    # Recorded last, but in effect before the other: that one still holds.
    assert only(sit, at(days=8)).severity == "5"
    assert TestingIssue.objects.get().severity == "5"


@pytest.mark.clause("SVTAD 1.23", "14.4")
def test_tags_severity_holds_from_its_notification_once_recorded(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="4", priority="low", provider=house.alpha)
    dispute = dispute_severity(
        issue=issue, participant_severity="3", reasons="Worse", raised_by=house.supplier, by=MAKER, at=at(days=1)
    )
    # Decided on day 2, notified on day 3, recorded on day 4.
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=2), notified=at(days=3), recorded=at(days=4), severity="3")
    assert only(sit, at(days=3.5)).severity == "4"
    row = only(sit, at(days=4))
    assert (row.severity, row.priority) == ("3", "low")
    assert row.severity_row is not None
    assert (row.severity_row.body, row.severity_row.effective_at) == ("TAG", at(days=3))


@pytest.mark.clause("SVTAD 1.23", "14.2")
def test_tags_severity_is_final_whatever_the_dcc_recorded_in_between(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, severity="4", provider=house.alpha)
    dispute = dispute_severity(
        issue=issue, participant_severity="3", reasons="Worse", raised_by=house.supplier, by=MAKER, at=at(days=1)
    )
    # The DCC thinks again on day 3, not knowing that TAG notified on day 2.
    determine_severity(issue=issue, severity="5", by=MAKER, at=at(days=3))
    decide(dispute.matter, "TAG", "DECIDE", moment=at(days=2), recorded=at(days=4), severity="3")
    assert only(sit, at(days=3)).severity == "5"
    assert only(sit, at(days=4)).severity == "3"
    with pytest.raises(Refused) as refused:
        determine_severity(issue=issue, severity="4", by=MAKER, at=at(days=5))
    assert refused.value.clause == "SVTAD 14.2"
    # Its priority is no severity: that stays the DCC's.
    determine_severity(issue=issue, severity="3", priority="high", by=MAKER, at=at(days=6))
    row = only(sit, None)
    assert (row.severity, row.priority) == ("3", "high")


def test_a_title_reworded_later_reads_as_it_did_then(house, sit):
    issue = make_issue(sit, raised_by=house.dcc, title="First", moment=at(days=1))
    make_issue(sit, raised_by=house.dcc, title="Never changed", moment=at(days=1))
    edit_issue(issue=issue, title="Second", by=MAKER, at=at(days=2))
    edit_issue(issue=issue, title="Third", by=MAKER, at=at(days=3))
    titles = [[row.title for row in issues_at([sit.pk], at(days=day))] for day in (1, 2, 2.5, 3)]
    assert titles == [[first, "Never changed"] for first in ("First", "Second", "Second", "Third")]


def test_the_last_change_and_the_last_raising_are_as_of_a_moment(house, sit):
    assert last_issue_change_at(sit, None) is None
    issue = make_issue(sit, raised_by=house.dcc, severity="3", provider=house.alpha, moment=at(days=1))
    assert last_issue_raised_at(sit, None) == last_issue_change_at(sit, None) == at(days=1)
    change_state(issue=issue, to_state="DETERMINED", by=MAKER, at=at(days=2))
    edit_issue(issue=issue, title="Reworded", by=MAKER, at=at(days=3))
    assert last_issue_raised_at(sit, None) == at(days=1)
    assert [last_issue_change_at(sit, at(days=day)) for day in (1, 2.5, 4)] == [at(days=1), at(days=2), at(days=3)]


# --- the present, at every present ----------------------------------------------------------------------

_steps = st.lists(
    st.tuples(
        st.sampled_from(["severity", "attribute", "state", "dispute", "tag", "edit"]),
        st.integers(0, 10**6),
        st.integers(0, 48),
    ),
    max_size=14,
)


def _do(house, issue: TestingIssue, kind: str, draw: int, back: int, moment: dt.datetime) -> None:
    """Do one thing to the issue at `moment`, dated `back` hours before; what is refused is not done."""
    earlier = moment - dt.timedelta(hours=back)
    if kind == "severity":
        effective = max(earlier, issue.occurred_at)
        priority = [None, "high", "low"][draw % 3]
        severity = str(1 + draw % 5)
        determine_severity(
            issue=issue, severity=severity, priority=priority, effective_at=effective, by=MAKER, at=moment
        )
    elif kind == "attribute":
        cause = Cause.values[draw % len(Cause.values)]
        provider = [None, house.alpha, house.beta, house.dcc][draw % 4]
        attribute(
            issue=issue, cause=cause, provider=provider, reasons="Because", effective_at=earlier, by=MAKER, at=moment
        )
    elif kind == "state":
        to_state = IssueState.values[draw % len(IssueState.values)]
        change_state(issue=issue, to_state=to_state, reasons="Because", occurred_at=earlier, by=MAKER, at=moment)
    elif kind == "dispute":
        dispute_severity(
            issue=issue,
            participant_severity=str(1 + draw % 5),
            reasons="Because",
            raised_by=house.supplier,
            by=MAKER,
            at=moment,
        )
    elif kind == "tag":
        dispute = issue.disputes.order_by("id").last()
        if dispute is None:
            raise Refused("", "nothing to decide")
        decide(dispute.matter, "TAG", "DECIDE", moment=earlier, recorded=moment, severity=str(1 + draw % 5))
    else:
        edit_issue(issue=issue, title=f"Title {draw % 3}", by=MAKER, at=moment)


def read_every_present_back(house, sit, steps) -> None:
    """Take the steps on a new issue; after each the columns are the history, and each moment reads back later."""
    issue = raise_issue(scope=sit, title="Title", raised_by=house.supplier, by=MAKER, at=at())
    presents = []
    for number, (kind, draw, back) in enumerate(steps, start=1):
        moment = at(hours=50 * number)
        with contextlib.suppress(Refused, InvalidInput):
            _do(house, issue, kind, draw, back, moment)
        if kind == "tag":  # went to the issue by its matter
            issue.refresh_from_db()
        stored = _columns(TestingIssue.objects.get(pk=issue.pk))
        assert _columns(issue) == stored
        presents.append((moment, stored))
    for moment, stored in presents:
        [row] = [row for row in issues_at([sit.pk], moment) if row.pk == issue.pk]
        assert (row.state, row.severity, row.priority, row.cause, row.provider_pk, row.title) == stored


_hypothesis: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@pytest.mark.clause("SVTAD 1.23", "13.18", "13.19", "14.4")
@settings(max_examples=20, **_hypothesis)
@given(steps=_steps)
def test_the_current_columns_are_the_history_and_every_past_present_is_read_back(house, sit, steps):
    read_every_present_back(house, sit, steps)


@pytest.mark.soak
@settings(max_examples=200, **_hypothesis)
@given(steps=_steps)
def test_of_many_issues_every_past_present_is_read_back(house, sit, steps):
    read_every_present_back(house, sit, steps)


def _columns(issue: TestingIssue) -> tuple[object, ...]:
    return issue.state, issue.severity, issue.priority, issue.cause, issue.provider_id, issue.title


# --- size ------------------------------------------------------------------------------------------------


def _queries_of(scope, moment) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        issues_at([scope.pk], moment)
    return len(seen)


@pytest.mark.parametrize("many", [250, pytest.param(5_000, marks=pytest.mark.soak)])
def test_queries_do_not_grow_with_issues(house, sit, many):
    def mirror(numbers: range, moment: dt.datetime) -> None:
        rows = [
            IssueRow(
                external_id=f"J-{number}", title=f"Issue {number}", raised_by="dcc", severity=str(1 + number % 5),
                cause="DCC_SYSTEM", provider="alpha" if number % 2 else "beta",
                state="CLOSED" if number % 3 else "IN_FIX",
            )
            for number in numbers
        ]  # fmt: skip
        mirror_issues(scope=sit, rows=rows, source="jira", by=MAKER, at=moment)

    mirror(range(3), at(days=1))
    few, few_past = _queries_of(sit, None), _queries_of(sit, at(days=1))
    mirror(range(many), at(days=2))
    assert len(issues_at([sit.pk], None)) == many
    assert (_queries_of(sit, None), _queries_of(sit, at(days=1))) == (few, few_past)
    assert few_past <= 6
    assert len(issues_at([sit.pk], at(days=1))) == 3
