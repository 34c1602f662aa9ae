"""The demonstration's Testing Issues, disputes, exclusions and what came of them."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator

from issues.actions import (
    ask_counting,
    change_state,
    determine_issue,
    dispute_severity,
    propose_exclusion,
    raise_issue,
)
from issues.models import Cause, IssueState, TestingIssue
from svtad.parties.models import Organisation
from svtad.portal.demo.cast import Cast
from svtad.portal.demo.papers import decide
from svtad.portal.demo.phases import Phases
from svtad.portal.demo.testing import GROUPS
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
_STATES = (IssueState.DETERMINED, IssueState.IN_FIX, IssueState.FIXED, IssueState.RETEST)


class Issues:
    """Raises and determines issues in a phase, one after another."""

    def __init__(self, *, cast: Cast, at: dt.datetime) -> None:
        self.cast = cast
        self.at = at
        self.manager = cast.actor("manager", at)
        self._words = self._wording()

    def _wording(self) -> Iterator[tuple[str, str]]:
        for number in itertools.count():
            group, _ = GROUPS[number % len(GROUPS)]
            yield f"{group}: {_WHAT[(number * 5) % len(_WHAT)][0].lower()}{_WHAT[(number * 5) % len(_WHAT)][1:]}", group

    def open_one(
        self, scope: TestScope, provider: Organisation, severity: str, *, raised_by: str = "dcc"
    ) -> TestingIssue:
        """Raise one issue for the organisation of that code, and determine it."""
        title, group = next(self._words)
        issue = raise_issue(
            scope=scope,
            title=title,
            description="Synthetic: found while the demonstration's tests ran.",
            raised_by=self.cast.organisations[raised_by],
            occurred_at=self.at,
            functional_group=group,
            environment="SIT-A",
            by=self.manager,
            at=self.at,
        )
        return determine_issue(
            issue=issue,
            severity=severity,
            priority="Medium",
            cause=Cause.DCC_SYSTEM,
            provider=provider,
            by=self.manager,
            at=self.at,
        )

    def move(self, issue: TestingIssue, *states: str, reasons: str = "") -> None:
        """Take an issue through states, one after another."""
        for state in states:
            change_state(issue=issue, to_state=state, reasons=reasons, by=self.manager, at=self.at)


def enter_carried(*, cast: Cast, phases: Phases, at: dt.datetime) -> None:
    """Raise the IOC SIT issues that stay open and carry over into MOC SIT (13.18)."""
    book = Issues(cast=cast, at=at)
    for _ in range(CARRIED):
        book.open_one(phases.scopes["IOC SIT"], cast.organisations["brack"], "3")


def enter_issues(*, cast: Cast, phases: Phases, at: dt.datetime) -> None:
    """Raise MOC's issues, and what is asked and decided about them, in the days after `at`."""
    scope = phases.scopes["MOC SIT"]
    book = Issues(cast=cast, at=at)
    raised: dict[tuple[str, str], list[TestingIssue]] = {}
    for code, by_severity in OPEN.items():
        for severity, count in by_severity.items():
            for number in range(count):
                raiser = "dunmere" if (code, severity) == ("brack", "4") and number < DISPUTED else "dcc"
                issue = book.open_one(scope, cast.organisations[code], severity, raised_by=raiser)
                book.move(issue, *_STATES[1 : 1 + number % len(_STATES)])
                raised.setdefault((code, severity), []).append(issue)
    _enter_closed(book, scope)
    _enter_left(book, scope)
    _dispute(cast, raised["brack", "4"][:DISPUTED], at + dt.timedelta(days=1))
    _exclude(cast, scope, raised["corve", "3"], at + dt.timedelta(days=2))
    _ask_about_capacity_testing(book, phases, at + dt.timedelta(days=3))


def _enter_closed(book: Issues, scope: TestScope) -> None:
    for number in range(CLOSED):
        issue = book.open_one(scope, book.cast.providers[number % 3], "345"[number % 3])
        book.move(issue, IssueState.IN_FIX, IssueState.FIXED, IssueState.RETEST, IssueState.CLOSED)


def _enter_left(book: Issues, scope: TestScope) -> None:
    """One issue that is a Device's, one that was no issue: both leave the count by reasons on record (13.19)."""
    for cause, reasons in (
        (Cause.DEVICE, "The meter's own log shows that it dropped the message; reproduced without the DCC."),
        ("", "Raised twice: the same event as the issue before it."),
    ):
        title, group = next(book._words)
        issue = raise_issue(
            scope=scope,
            title=title,
            description="Synthetic.",
            raised_by=book.cast.organisations["dunmere"],
            functional_group=group,
            by=book.manager,
            occurred_at=book.at,
            at=book.at,
        )
        if cause:
            determine_issue(
                issue=issue, severity="3", cause=cause, provider=None, reasons=reasons, by=book.manager, at=book.at
            )
        else:
            book.move(issue, IssueState.REJECTED, reasons=reasons)


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


def _exclude(cast: Cast, scope: TestScope, issues: list[TestingIssue], at: dt.datetime) -> None:
    """TAG agreed to leave one of Corve's sixteen severity 3 issues out of the count (13.20)."""
    proposal = propose_exclusion(
        issue=issues[0],
        scope=scope,
        rationale="Only arises with a firmware version that no meter in service has.",
        by=cast.actor("manager", at),
        at=at,
    )
    decide(cast, proposal.matter, body="TAG", outcome="AGREE", rationale="Agreed at the meeting.", at=at)


def _ask_about_capacity_testing(book: Issues, phases: Phases, at: dt.datetime) -> None:
    """One SCT issue is open; TAG's view, recorded by the DCC, is that it does not count in SIT (13.22)."""
    issue = book.open_one(phases.scopes["MOC SCT"], book.cast.organisations["arden"], "4")
    question = ask_counting(
        issue=issue, scope=phases.scopes["MOC SIT"], by=book.cast.actor("manager", at), at=at
    )
    decide(
        book.cast,
        question.matter,
        body="DCC",
        outcome="NOT_COUNT",
        data={"tag_view": "TAG sees a matter of capacity only, and would not count it in SIT."},
        at=at,
    )
