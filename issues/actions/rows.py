"""What one determination or move adds to an issue's history: checked, built, not yet stored.

One issue and five thousand of a tracker's mirror go through the same checks here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from issues import policies
from issues.models import (
    NOT_DCC_CAUSES,
    Attribution,
    Cause,
    IssueState,
    IssueStateChange,
    SeverityDetermination,
    TestingIssue,
)
from issues.queries.editions import severity_problem
from issues.queries.history import History
from svtad.governance.models import Decision
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind

PRIORITY_LIMIT = 20
#: Whose determination of a severity is final, by which clause.
_FINAL = {"TAG": ("SVTAD 14.2", "TAG"), "SOS": ("SVTAD 13.24", "the Secretary of State")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Who records, when, and when what is recorded happened and took effect."""

    by: Actor
    at: dt.datetime
    occurred_at: dt.datetime
    effective_at: dt.datetime
    mirrored_from: str = ""
    """The tracker that says so, where no person of the DCC does."""


def severity_row(
    *,
    issue: TestingIssue,
    history: History,
    severity: str,
    priority: str | None,
    reasons: str,
    stamp: Stamp,
) -> SeverityDetermination | None:
    """Return the DCC's determination to add, or None where it is what holds already.

    Raises Refused for a closed issue or one whose severity is final, InvalidInput for a severity that
    the governing edition does not have.
    """
    held = history.severity
    kept = history.priority if priority is None else plain_line(priority)
    errors = []
    problem = severity_problem(issue.scope, severity)
    if problem:
        errors.append(FieldError(None, "severity", problem))
    if len(kept) > PRIORITY_LIMIT:
        errors.append(FieldError(None, "priority", f"At most {PRIORITY_LIMIT} characters."))
    if errors:
        raise InvalidInput(errors)
    if held is not None and held.severity == severity and history.priority == kept:
        return None
    policies.check_is_open(issue, what="determining its severity")
    if held is not None and held.severity != severity and held.body in _FINAL:
        clause, who = _FINAL[held.body]
        raise Refused(
            clause, f"The severity of {issue.reference} is {held.severity} as {who} determined: that is final."
        )
    return _severity(issue, severity, kept, reasons, stamp)


def decided_severity_row(
    *, issue: TestingIssue, history: History, severity: str, decision: Decision, stamp: Stamp
) -> SeverityDetermination:
    """Return the determination that a body's decision is, also where it confirms what held. The priority stays.

    Raises InvalidInput for a severity that the governing edition does not have.
    """
    problem = severity_problem(issue.scope, severity)
    if problem:
        raise InvalidInput.one("severity", problem)
    row = _severity(issue, severity, history.priority, decision.rationale, stamp)
    row.body, row.decision = decision.body, decision
    return row


def _severity(issue: TestingIssue, severity: str, priority: str, reasons: str, stamp: Stamp) -> SeverityDetermination:
    return SeverityDetermination(
        issue=issue,
        severity=severity,
        priority=priority,
        reasons=reasons,
        occurred_at=stamp.occurred_at,
        effective_at=stamp.effective_at,
        recorded_at=stamp.at,
        recorded_by=stamp.by.label,
        mirrored_from=stamp.mirrored_from,
    )


def attribution_row(
    *,
    issue: TestingIssue,
    history: History,
    cause: str,
    provider: Organisation | None,
    reasons: str,
    stamp: Stamp,
    taking_part: Collection[int],
) -> Attribution | None:
    """Return the attribution to add, or None where it is what holds already.

    An issue leaves the count as not caused by the DCC, and loses a cause once determined, only with
    reasons (13.19 as we read it: the DCC could otherwise empty the count alone). `provider` is a DCC
    Service Provider of `taking_part` (the primary keys of those that take or took part in the issue's
    phase); the DCC itself only with the cause DCC, which needs none.
    """
    held = history.attribution
    errors = []
    if cause not in Cause.values:
        known = ", ".join(value for value in Cause.values if value)
        errors.append(FieldError(None, "cause", f"“{cause[:20]}” is no cause: it is one of {known}."))
    elif not reasons and cause in NOT_DCC_CAUSES:
        text = "Give the reasons: the issue leaves the count by this, and TAB and TAG see why."
        errors.append(FieldError(None, "reasons", text))
    elif not reasons and not cause and held is not None and held.cause:
        errors.append(FieldError(None, "reasons", "Say why the cause is no longer determined."))
    problem = _provider_problem(issue, cause, provider, taking_part)
    if problem:
        errors.append(FieldError(None, "provider", problem))
    if errors:
        raise InvalidInput(errors)
    provider_pk = provider.pk if provider else None
    holds = (held.cause, held.provider_pk) if held else ("", None)
    if holds == (cause, provider_pk) and (held is None or reasons in ("", held.reasons)):
        return None
    policies.check_is_open(issue, what="attributing it")
    return Attribution(
        issue=issue,
        cause=cause,
        provider=provider,
        reasons=reasons,
        occurred_at=stamp.occurred_at,
        effective_at=stamp.effective_at,
        recorded_at=stamp.at,
        recorded_by=stamp.by.label,
        mirrored_from=stamp.mirrored_from,
    )


def _provider_problem(
    issue: TestingIssue, cause: str, provider: Organisation | None, taking_part: Collection[int]
) -> str:
    if provider is None:
        return ""
    if provider.kind == OrganisationKind.DCC:
        return "" if cause == Cause.DCC else "What has arisen from the DCC's own systems has the cause “DCC”."
    if cause == Cause.DCC:
        return f"What has arisen from the DCC itself is not {provider}'s."
    return "" if provider.pk in taking_part else f"{provider} takes no part in {issue.scope}."


def state_row(*, issue: TestingIssue, history: History, to_state: str, reasons: str, stamp: Stamp) -> IssueStateChange:
    """Return the move to add. Raises Refused for an unlisted one, InvalidInput without reasons or at a wrong time."""
    policies.check_transition(issue, to_state)
    if to_state == IssueState.REJECTED and not reasons:
        text = "Give the reasons: a rejected issue leaves the count, and TAB and TAG see why."
        raise InvalidInput.one("reasons", text)
    last = history.state
    if last is not None and stamp.occurred_at < last.occurred_at:
        when = f"{last.occurred_at:%Y-%m-%d %H:%M %Z}"
        raise InvalidInput.one("occurred_at", f"This is before its last move, to {last.to_state}, at {when}.")
    return IssueStateChange(
        issue=issue,
        from_state=issue.state,
        to_state=to_state,
        reasons=reasons,
        occurred_at=stamp.occurred_at,
        recorded_at=stamp.at,
        recorded_by=stamp.by.label,
        mirrored_from=stamp.mirrored_from,
    )
