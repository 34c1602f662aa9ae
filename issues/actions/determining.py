"""What is determined about a Testing Issue, and its moves from state to state."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues import policies
from issues.actions.recording import audit, bring_up_to_date, happened, locked, tell_scopes
from issues.actions.rows import Stamp, attribution_row, decided_severity_row, severity_row, state_row
from issues.actions.wording import checked_reasons
from issues.models import Attribution, IssueState, IssueStateChange, SeverityDetermination, TestingIssue
from issues.queries.history import History, histories
from svtad.governance.models import Decision
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from testphases.models import ScopeParticipation


@transaction.atomic
def determine_severity(
    *,
    issue: TestingIssue,
    severity: str,
    by: Actor,
    priority: str | None = None,
    reasons: str = "",
    occurred_at: dt.datetime | None = None,
    effective_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> SeverityDetermination | None:
    """Determine an issue's severity and priority for the DCC (H14.39(a)); return the new row.

    `severity` is one of the strings of the edition that governs the issue's phase; `priority` None
    leaves it. What holds already is not determined again: nothing is stored, and None returned. A
    severity that TAG or the Secretary of State determined is final (14.2, 13.24).

    Raises ActionDenied, Refused (closed issue, final severity) and InvalidInput by field.
    """
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_determine(by, fresh)
    row = severity_row(
        issue=fresh,
        history=_history(fresh),
        severity=severity,
        priority=priority,
        reasons=checked_reasons(reasons=reasons),
        stamp=_stamp(by, at, occurred_at, effective_at),
    )
    if row is None:
        return None
    row.save()
    _settle(fresh, issue, at)
    detail = {"severity": row.severity, "priority": row.priority, "reasons": row.reasons}
    audit(issue=fresh, action="determine_severity", by=by, at=at, clause=policies.CLAUSE, detail=detail)
    return row


@transaction.atomic
def attribute(
    *,
    issue: TestingIssue,
    cause: str,
    provider: Organisation | None,
    by: Actor,
    reasons: str = "",
    occurred_at: dt.datetime | None = None,
    effective_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Attribution | None:
    """Determine what an issue has arisen from and who answers for it (13.19); return the new row.

    `cause` is of `Cause` ("" takes a determination back); `provider` a DCC Service Provider that takes
    part in the issue's phase, None for the DCC's own systems. Reasons are needed where the issue
    leaves the count by it. What holds already is not stored again: None is returned.

    Raises ActionDenied, Refused for a closed issue, and InvalidInput by field.
    """
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_determine(by, fresh)
    row = attribution_row(
        issue=fresh,
        history=_history(fresh),
        cause=cause,
        provider=provider,
        reasons=checked_reasons(reasons=reasons),
        stamp=_stamp(by, at, occurred_at, effective_at),
        taking_part=taking_part(scope_pk=fresh.scope_id),
    )
    if row is None:
        return None
    row.save()
    _settle(fresh, issue, at)
    detail = {"cause": row.cause, "provider": provider.code if provider else "", "reasons": row.reasons}
    audit(issue=fresh, action="attribute", by=by, at=at, clause="SVTAD 13.19", detail=detail)
    return row


@transaction.atomic
def determine_issue(
    *,
    issue: TestingIssue,
    severity: str,
    cause: str,
    provider: Organisation | None,
    by: Actor,
    priority: str | None = None,
    reasons: str = "",
    at: dt.datetime | None = None,
) -> TestingIssue:
    """Determine severity, priority, cause and provider in one go; a raised issue becomes determined by it.

    All or nothing. Raises like `determine_severity`, `attribute` and `change_state`.
    """
    at = at or clock.now()
    determine_severity(issue=issue, severity=severity, priority=priority, reasons=reasons, by=by, at=at)
    attribute(issue=issue, cause=cause, provider=provider, reasons=reasons, by=by, at=at)
    if issue.state == IssueState.RAISED:
        change_state(issue=issue, to_state=IssueState.DETERMINED, by=by, at=at)
    return issue


@transaction.atomic
def change_state(
    *,
    issue: TestingIssue,
    to_state: str,
    by: Actor,
    reasons: str = "",
    occurred_at: dt.datetime | None = None,
    expected_state: str | None = None,
    at: dt.datetime | None = None,
) -> IssueStateChange:
    """Move an issue to another state of its life; return the move.

    What `policies.TRANSITIONS` does not list is refused, as is DETERMINED while severity, cause or
    provider is missing. A rejection needs reasons. `expected_state` is the state the person saw: where
    somebody else moved the issue meanwhile, the move is refused.

    Raises ActionDenied, Refused and InvalidInput by field.
    """
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_change_state(by, fresh, to_state)
    if expected_state is not None and expected_state != fresh.state:
        now = IssueState(fresh.state).label
        raise Refused(policies.CLAUSE, f"Somebody moved {fresh.reference} meanwhile: it is “{now}” now.")
    row = state_row(
        issue=fresh,
        history=_history(fresh),
        to_state=to_state,
        reasons=checked_reasons(reasons=reasons),
        stamp=_stamp(by, at, occurred_at, None),
    )
    row.save()
    _settle(fresh, issue, at)
    detail = {"from": row.from_state, "to": row.to_state, "reasons": row.reasons}
    audit(issue=fresh, action="change_issue_state", by=by, at=at, clause=policies.CLAUSE, detail=detail)
    return row


@transaction.atomic
def apply_severity_decision(
    *, issue: TestingIssue, severity: str, decision: Decision, by: Actor, at: dt.datetime
) -> SeverityDetermination:
    """Write the severity that a body determined: in effect from when the decision is (14.4: when TAG notified).

    For the handler of the decision, which was checked when it was recorded: the decision is the
    permission. A closed issue is re-graded too, since the dispute is about what it was. Raises
    InvalidInput for a severity that the edition does not have, or an effect still to come.
    """
    if decision.effective_at > at:
        raise InvalidInput.one("notified_at", "Record the decision once it was notified: it holds from then (14.4).")
    fresh = locked(issue=issue)
    stamp = Stamp(by=by, at=at, occurred_at=decision.decided_at, effective_at=decision.effective_at)
    row = decided_severity_row(issue=fresh, history=_history(fresh), severity=severity, decision=decision, stamp=stamp)
    row.save()
    _settle(fresh, issue, at)
    return row


def taking_part(*, scope_pk: int) -> frozenset[int]:
    """Return the organisations (primary keys) that take or took part in a scope: what is theirs does not lapse."""
    parts = ScopeParticipation.objects.filter(scope_id=scope_pk)
    return frozenset(parts.values_list("organisation_id", flat=True))


def _history(issue: TestingIssue) -> History:
    return histories(TestingIssue.objects.filter(pk=issue.pk)).get(issue.pk) or History()


def _stamp(by: Actor, at: dt.datetime, occurred_at: dt.datetime | None, effective_at: dt.datetime | None) -> Stamp:
    occurred = happened(name="occurred_at", moment=occurred_at, at=at)
    effective = happened(name="effective_at", moment=effective_at or occurred_at, at=at)
    return Stamp(by=by, at=at, occurred_at=occurred, effective_at=effective)


def _settle(fresh: TestingIssue, given: TestingIssue, at: dt.datetime) -> None:
    bring_up_to_date(fresh=fresh, given=given)
    tell_scopes(raised_in=[fresh.scope], at=at)
