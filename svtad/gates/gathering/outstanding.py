"""Facts of Testing Issues: open or left by a determination, and what boards were asked about them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from issues.models import CountingQuestion, TestingIssue
from issues.queries import (
    IssueAt,
    counting_at,
    disputes_at,
    exclusions_at,
    issue_log_at,
    issue_rows,
    issues_at,
    issues_raised_at,
    last_issue_raised_at,
)
from svtad.gates.gathering.files import Files
from svtad.gates.gathering.related import Related
from svtad.rulebook.edition import PhaseKind
from svtad.rulebook.facts import (
    CountDecisionFact,
    DisputeFact,
    ExclusionFact,
    IssueFact,
    IssueLogFact,
    LeftCount,
)
from svtad.rulebook.vocabulary import Cause, IssueState, LeftReason
from testphases.models import TestScope
from testphases.queries.eligibility import completed_by


@dataclass(frozen=True)
class Outstanding:
    """What is known of Testing Issues, as the rulebook's facts. `providers` are public ids."""

    issues: tuple[IssueFact, ...]
    considered: tuple[IssueFact, ...]
    exclusions: tuple[ExclusionFact, ...]
    disputes: tuple[DisputeFact, ...]
    count_decisions: tuple[CountDecisionFact, ...]
    raised: int
    last_raised_at: dt.datetime | None
    log: IssueLogFact | None
    providers: frozenset[str]


def outstanding_facts(related: Related, *, kind: PhaseKind, as_at: dt.datetime | None, files: Files) -> Outstanding:
    """Gather the issues of the phase in this and earlier releases, and those from elsewhere that may count.

    A closed issue is not listed; one that was rejected, or is not DCC-caused, is, with the determination.
    """
    own_pks = [scope.pk for scope in related.equivalent]
    issues = [issue for issue in issues_at(own_pks, as_at) if issue.is_open or issue.left]
    own = {issue.pk for issue in issues}
    considered = [issue for issue in _considered(related, kind=kind, as_at=as_at) if issue.is_open or issue.left]
    considered = [issue for issue in considered if issue.pk not in own]
    listed = own | {issue.pk for issue in considered}
    everywhere = {issue.scope_pk for issue in (*issues, *considered)}
    completed = completed_by({issue.raised_by_pk for issue in issues}, as_at) if kind.presented else None
    return Outstanding(
        issues=tuple(_fact(issue, completed) for issue in issues),
        considered=tuple(_fact(issue, None) for issue in considered),
        exclusions=tuple(
            ExclusionFact(issue=row.issue_public_id, state=row.state, matter=row.matter_reference)
            for row in exclusions_at(related.scope, as_at)
            if row.issue_pk in listed
        ),
        disputes=tuple(
            DisputeFact(
                issue=row.issue_public_id,
                participant_severity=row.participant_severity,
                state=row.state,
                matter=row.matter_reference,
            )
            for row in disputes_at(everywhere, as_at)
            if row.issue_pk in listed
        ),
        count_decisions=tuple(
            CountDecisionFact(issue=row.issue_public_id, state=row.state, matter=row.matter_reference)
            for row in counting_at(related.scope, as_at)
            if row.issue_pk in listed
        ),
        raised=issues_raised_at(related.scope, as_at),
        last_raised_at=last_issue_raised_at(related.scope, as_at),
        log=_log(related.scope, as_at=as_at, files=files),
        providers=frozenset(issue.provider_public_id for issue in (*issues, *considered) if issue.provider_public_id),
    )


def _considered(related: Related, *, kind: PhaseKind, as_at: dt.datetime | None) -> list[IssueAt]:
    """Return the issues from elsewhere that a decision may count, as they stood then.

    Where the clause names the phase they come from (13.22: SCT), all of it; else those that were put before TAG
    for this scope (13.23(c)).
    """
    if kind.considered_clause is None:
        return []
    if kind.considered_kinds:
        return issues_at([scope.pk for scope in related.considered], as_at)
    asked = CountingQuestion.objects.filter(scope=related.scope)
    if as_at is not None:
        asked = asked.filter(recorded_at__lte=as_at)
    return issue_rows(TestingIssue.objects.filter(pk__in=asked.values("issue_id")), as_at)


def _fact(issue: IssueAt, completed: frozenset[int] | None) -> IssueFact:
    """Return the issue as a fact; `completed`: who completed Eligibility Testing, None where that is not asked."""
    return IssueFact(
        id=issue.public_id,
        reference=issue.reference,
        title=issue.title,
        raised_release=issue.release,
        raised_phase_kind=issue.phase_kind,
        severity=issue.severity or None,
        provider=issue.provider_public_id,
        cause=cause_of(issue),
        state=IssueState(issue.state),
        left=LeftCount(
            reason=LeftReason(issue.left), determination=issue.left_determination, reasons=issue.left_reasons
        )
        if issue.left
        else None,
        eligibility_complete=None if completed is None else issue.raised_by_pk in completed,
    )


def cause_of(issue: IssueAt) -> Cause:
    """Say in the rulebook's words what caused an issue: the DCC itself is a cause of its own (13.19)."""
    if not issue.cause:
        return Cause.UNSET
    if issue.provider_is_dcc and issue.cause == Cause.DCC_SYSTEM:
        return Cause.DCC
    return Cause(issue.cause)


def _log(scope: TestScope, *, as_at: dt.datetime | None, files: Files) -> IssueLogFact | None:
    log = issue_log_at(scope, as_at)
    if log is None:
        return None
    return IssueLogFact(
        id=log.public_id,
        sha256=log.file.sha256,
        generated_at=log.covers_to,
        issues=log.issue_count,
        intact=files.intact(log.file),
    )
