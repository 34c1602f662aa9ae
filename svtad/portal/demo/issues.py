"""The demonstration's Testing Issues, mirrored from a tracker's file; disputes, exclusions and what came of them."""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections.abc import Iterator

from issues.actions import ask_counting, dispute_severity, propose_exclusion
from issues.models import Cause, IssueState, TestingIssue
from svtad.governance.actions import record_view
from svtad.portal.demo.cast import Cast
from svtad.portal.demo.papers import decide
from svtad.portal.demo.phases import Phases
from svtad.portal.demo.testing import GROUPS, take_in
from testphases.models import TestScope

#: Open issues of MOC SIT by provider and severity. Brack has 12 + 2 carried over at severity 3; two of its
#: severity 4 are disputed as 3: singly 15 and met, together 16 and not met, so 14.5 blocks the decision.
OPEN = {
    "arden": {"3": 6, "4": 9, "5": 12},
    "brack": {"3": 12, "4": 8, "5": 10},
    "corve": {"3": 16, "4": 12, "5": 20},
}
CARRIED = 2
DISPUTED = 2
CLOSED = 6

_WHAT = (
    "Service Response arrives after the time allowed",
    "Alert carries the wrong Device identifier",
    "Read returns the previous day's register",
    "Retry after a time-out is counted twice",
    "Tariff switching table is applied one hour late",
    "Debt recovery rate is rounded down",
    "Profile data has a gap at midnight",
    "Firmware version is reported with leading zeros lost",
    "Error code is not the one in the specification",
    "Audit record lacks the originator",
    "Second request is refused while the first is queued",
    "Time stamp is in local time, not UTC",
)
_OPEN_STATES = (IssueState.DETERMINED, IssueState.IN_FIX, IssueState.FIXED, IssueState.RETEST)
_COLUMNS = (
    *("external_id", "title", "description", "raised_by", "raised_at", "severity", "priority", "provider"),
    *("cause", "reasons", "state", "functional_group", "environment"),
)


class Tracker:
    """A tracker that writes its issues as the CSV that the issues importer takes."""

    def __init__(self, *, prefix: str, at: dt.datetime) -> None:
        self.prefix = prefix
        self.at = at
        self.rows: list[dict[str, str]] = []
        self._numbers = itertools.count(1)

    def add(self, *, severity: str = "", provider: str = "", **more: str) -> str:
        """Add one issue and return its id."""
        number = next(self._numbers)
        group, _ = GROUPS[number % len(GROUPS)]
        what = _WHAT[(number * 5) % len(_WHAT)]
        external_id = f"{self.prefix}-{number}"
        self.rows.append(
            {
                "external_id": external_id,
                "title": f"{group}: {what[0].lower()}{what[1:]}",
                "description": "Synthetic: found while the demonstration's tests ran.",
                "raised_by": "dcc",
                "raised_at": f"{self.at - dt.timedelta(hours=number):%Y-%m-%d %H:%M}",
                "severity": severity,
                "priority": "Medium" if severity else "",
                "provider": provider,
                "cause": Cause.DCC_SYSTEM if provider else "",
                "state": IssueState.DETERMINED,
                "functional_group": group,
                "environment": "SIT-A",
                **more,
            }
        )
        return external_id

    def content(self) -> bytes:
        """Return the file."""
        out = io.StringIO()
        writer = csv.DictWriter(out, _COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue().encode()

    def send(self, *, cast: Cast, scope: TestScope) -> None:
        """Send the file in for a phase."""
        take_in(
            scope=scope,
            importer="issues_csv",
            content=self.content(),
            name=f"{self.prefix.lower()}-issues.csv",
            by=cast.actor("manager", self.at),
            at=self.at,
        )


def enter_carried(*, cast: Cast, phases: Phases, at: dt.datetime) -> None:
    """Raise the IOC SIT issues that stay open and carry over into MOC SIT (13.18)."""
    tracker = Tracker(prefix="IOC", at=at)
    for _ in range(CARRIED):
        tracker.add(severity="3", provider="brack", state=IssueState.IN_FIX)
    tracker.send(cast=cast, scope=phases.scopes["IOC SIT"])


def enter_issues(*, cast: Cast, phases: Phases, at: dt.datetime) -> None:
    """Raise MOC's issues, and what is asked and decided about them, in the days after `at`."""
    scope = phases.scopes["MOC SIT"]
    tracker = Tracker(prefix="MOC", at=at)
    raised = dict(_add_open(tracker))
    for number in range(CLOSED):
        provider = ("arden", "brack", "corve")[number % 3]
        tracker.add(severity="345"[number % 3], provider=provider, state=IssueState.CLOSED)
    _add_left(tracker)
    tracker.send(cast=cast, scope=scope)
    day = dt.timedelta(days=1)
    _dispute(cast, _found(raised["brack", "4"][:DISPUTED]), at + day)
    _exclude(cast, scope, _found(raised["corve", "3"][:1])[0], at + 2 * day)
    _ask_about_capacity_testing(cast, phases, at + 3 * day)


def _add_open(tracker: Tracker) -> Iterator[tuple[tuple[str, str], list[str]]]:
    for provider, by_severity in OPEN.items():
        for severity, count in by_severity.items():
            ids = []
            for number in range(count):
                disputed = (provider, severity) == ("brack", "4") and number < DISPUTED
                ids.append(
                    tracker.add(
                        severity=severity,
                        provider=provider,
                        raised_by="dunmere" if disputed else "dcc",
                        state=_OPEN_STATES[number % len(_OPEN_STATES)],
                    )
                )
            yield (provider, severity), ids


def _add_left(tracker: Tracker) -> None:
    """One issue that is a Device's, one that was no issue: both leave the count by reasons on record (13.19)."""
    tracker.add(
        severity="3",
        cause=Cause.DEVICE,
        raised_by="dunmere",
        reasons="The meter's own log shows that it dropped the message; reproduced without the DCC.",
    )
    tracker.add(
        raised_by="eskdale",
        state=IssueState.REJECTED,
        reasons="Raised twice: the same event as the issue before it.",
    )


def _found(external_ids: list[str]) -> list[TestingIssue]:
    issues = {issue.external_id: issue for issue in TestingIssue.objects.filter(external_id__in=external_ids)}
    return [issues[external_id] for external_id in external_ids]


def _dispute(cast: Cast, issues: list[TestingIssue], at: dt.datetime) -> None:
    """Dunmere holds two severity 4 issues to be severity 3 (14.2); TAG has not decided."""
    for issue in issues:
        dispute_severity(
            issue=issue,
            participant_severity="3",
            reasons="Prepayment customers could not top up while it lasted.",
            raised_by=cast.organisations["dunmere"],
            by=cast.actor("dunmere", at),
            at=at,
        )


def _exclude(cast: Cast, scope: TestScope, issue: TestingIssue, at: dt.datetime) -> None:
    """TAG agreed to leave one of Corve's sixteen severity 3 issues out of the count (13.20)."""
    proposal = propose_exclusion(
        issue=issue,
        scope=scope,
        rationale="Only arises with a firmware version that no meter in service has.",
        by=cast.actor("manager", at),
        at=at,
    )
    decide(cast, proposal.matter, body="TAG", outcome="AGREE", rationale="Agreed at the meeting.", at=at)


def _ask_about_capacity_testing(cast: Cast, phases: Phases, at: dt.datetime) -> None:
    """One SCT issue is open; TAG's view, recorded by the DCC, is that it does not count in SIT (13.22)."""
    tracker = Tracker(prefix="SCT", at=at)
    external_id = tracker.add(severity="4", provider="arden")
    tracker.send(cast=cast, scope=phases.scopes["MOC SCT"])
    question = ask_counting(
        issue=_found([external_id])[0], scope=phases.scopes["MOC SIT"], by=cast.actor("manager", at), at=at
    )
    record_view(
        request=question.matter.view_requests.get(),
        text="A matter of capacity only: TAG would not count it in SIT.",
        given_by="TAG, at its meeting",
        by=cast.actor("registrar", at),
        at=at,
    )
    decide(
        cast,
        question.matter,
        body="DCC",
        outcome="NOT_COUNT",
        data={"tag_view": "TAG sees a matter of capacity only, and would not count it in SIT."},
        at=at,
    )
