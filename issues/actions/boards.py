"""Asking boards about Testing Issues: exclusions, severity disputes, whether an SCT issue counts.

Each opens a matter; what the boards answer comes back through `issues.handlers`.
"""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues import policies
from issues.actions.recording import audit, locked, tell_scopes
from issues.actions.wording import checked_reasons
from issues.models import CountingQuestion, ExclusionProposal, SeverityDispute, TestingIssue
from issues.queries.editions import edition_of, phase_kind_of, severity_problem
from issues.queries.reach import may_count_in, scopes_that_may_ask
from svtad.governance import actions as governance_actions
from svtad.governance.models import Decision, Matter
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation, OrganisationKind
from svtad.rulebook.edition import PhaseKind
from testphases.models import TestScope


@transaction.atomic
def propose_exclusion(
    *, issue: TestingIssue, scope: TestScope, rationale: str, by: Actor, at: dt.datetime | None = None
) -> ExclusionProposal:
    """Propose that an open issue should not count in `scope` (13.20); TAB, TAG and the Panel can see it.

    It counts until TAG agrees. Only in the phases that 13.20 names, with a rationale, for an issue that
    may count there, and one proposal at a time. After TAG rejected one another may be made (the text
    is silent); after the Secretary of State dismissed one none may: that decision is final (13.21).

    Raises ActionDenied, Refused and InvalidInput by field.
    """
    clause = "SVTAD 13.20"
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_propose_exclusion(by, fresh)
    kind = phase_kind_of(scope)
    if kind is None or not kind.exclusions:
        raise Refused(clause, f"An issue can be excluded in SIT and Interface Testing only, not in {scope}.")
    if not may_count_in(raised_in=fresh.scope, scope=scope):
        raise Refused(clause, f"{fresh.reference} was raised in {fresh.scope} and does not count in {scope}.")
    policies.check_is_open(fresh, what="proposing to exclude it", clause=clause)
    rationale = checked_reasons(reasons=rationale)
    if not rationale:
        raise InvalidInput.one("rationale", "State why the issue should not count (13.20).")
    policies.check_not_excluded(fresh, scope)
    matter = _open(
        "EXCLUSION",
        scope=scope,
        title=f"Exclude {fresh.reference} from the count of {scope}",
        rationale=rationale,
        audience=audience_of(*GOVERNANCE),
        by=by,
        at=at,
    )
    made = ExclusionProposal.objects.create(
        issue=fresh, scope=scope, matter=matter, rationale=rationale, recorded_at=at
    )
    detail = {"scope": scope.public_id}
    _audit(fresh, "propose_exclusion", matter, by=by, at=at, clause=clause, detail=detail)
    tell_scopes(raised_in=[fresh.scope, scope], at=at)
    return made


@transaction.atomic
def dispute_severity(
    *,
    issue: TestingIssue,
    participant_severity: str,
    reasons: str,
    raised_by: Organisation,
    by: Actor,
    raised_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> SeverityDispute:
    """Put a Testing Participant's disagreement with the DCC's severity before TAG (14.2).

    The severity level only, not in PIT, one open dispute per issue, with another severity than the
    DCC's. Until TAG has decided and notified, the DCC's severity stands (14.4), unless the matter could
    change whether Exit Criteria are met: then nothing is decided (14.5). What TAG determined once is
    final and cannot be disputed again.

    Raises ActionDenied, Refused and InvalidInput by field.
    """
    clause = "SVTAD 14.2"
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_dispute(by, fresh, raised_by=raised_by)
    if fresh.scope.kind in policies.PHASES_OUTSIDE_H14:
        raise Refused("SVTAD 14.1", f"A severity cannot be disputed in {fresh.scope.kind}: 14.2 does not reach it.")
    policies.check_is_open(fresh, what="disputing its severity", clause=clause)
    if not fresh.severity:
        raise Refused(clause, f"The DCC has not determined the severity of {fresh.reference} yet.")
    policies.check_not_disputed(fresh)
    reasons = checked_reasons(reasons=reasons)
    errors = []
    if not reasons:
        errors.append(FieldError(None, "reasons", "State why the severity is wrong."))
    problem = severity_problem(fresh.scope, participant_severity)
    if problem:
        errors.append(FieldError(None, "participant_severity", problem))
    elif participant_severity == fresh.severity:
        errors.append(FieldError(None, "participant_severity", "This is the severity that the DCC determined."))
    if errors:
        raise InvalidInput(errors)
    matter = _open(
        "SEVERITY_DISPUTE",
        scope=fresh.scope,
        title=f"Severity of {fresh.reference}: DCC {fresh.severity}, {raised_by} {participant_severity}",
        rationale=reasons,
        data={"participant_severity": participant_severity},
        audience=audience_of(*GOVERNANCE, org_key(raised_by)),
        by=by,
        at=at,
        opened_at=raised_at,
        raised_by=raised_by,
    )
    made = SeverityDispute.objects.create(
        issue=fresh,
        matter=matter,
        dcc_severity=fresh.severity,
        participant_severity=participant_severity,
        raised_by=raised_by,
        reasons=reasons,
        recorded_at=at,
    )
    detail = {"participant_severity": participant_severity, "raised_by": raised_by.code}
    _audit(fresh, "dispute_severity", matter, by=by, at=at, clause=clause, detail=detail)
    tell_scopes(raised_in=[fresh.scope], at=at)
    return made


@transaction.atomic
def withdraw_dispute(
    *, dispute: SeverityDispute, by: Actor, reasons: str = "", at: dt.datetime | None = None
) -> Decision:
    """Withdraw a dispute: whoever raised it, or the registrar for them. Refused once TAG has decided."""
    at = at or clock.now()
    return governance_actions.record_decision(
        matter=dispute.matter,
        body="PARTICIPANT",
        outcome="WITHDRAW",
        decided_at=at,
        rationale=checked_reasons(reasons=reasons),
        by=by,
        at=at,
    )


@transaction.atomic
def ask_counting(
    *, issue: TestingIssue, scope: TestScope, by: Actor, rationale: str = "", at: dt.datetime | None = None
) -> CountingQuestion:
    """Ask TAG whether an open issue counts.

    One of SCT in SIT of the same release (13.22), or one that is presented for the exit of Interface Testing (13.23).
    Asked before, the same question is returned. Until it is decided the threshold cannot be evaluated. Raises
    ActionDenied and Refused.
    """
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_ask_counting(by, fresh)
    kind = phase_kind_of(scope)
    presented = kind is not None and kind.presented
    clause = "SVTAD 13.23" if presented else "SVTAD 13.22"
    limb = _presented_under(fresh, scope) if presented else _check_of_sct(fresh, scope, kind)
    asked = CountingQuestion.objects.filter(issue=fresh, scope=scope).select_related("matter")
    known: CountingQuestion | None = asked.first()
    if known is not None:
        return known
    policies.check_is_open(fresh, what="asking whether it counts", clause=clause)
    matter = _open(
        "INTERFACE_COUNT" if presented else "SCT_COUNT",
        scope=scope,
        title=f"Whether {fresh.reference} counts in {scope}",
        rationale=checked_reasons(reasons=rationale),
        data={"presented_under": limb} if presented else None,
        audience=audience_of(*GOVERNANCE),
        by=by,
        at=at,
    )
    made = CountingQuestion.objects.create(issue=fresh, scope=scope, matter=matter, recorded_at=at)
    _audit(fresh, "ask_counting", matter, by=by, at=at, clause=clause, detail={"scope": scope.public_id})
    tell_scopes(raised_in=[fresh.scope, scope], at=at)
    return made


def _check_of_sct(issue: TestingIssue, scope: TestScope, kind: PhaseKind | None) -> str:
    """Refuse to ask of any but an SCT issue in SIT of the same release (13.22). No limb is named."""
    clause = "SVTAD 13.22"
    if kind is None or issue.scope.kind not in kind.considered_kinds:
        raise Refused(clause, f"Only whether an SCT issue counts in SIT is asked, not {issue.reference} in {scope}.")
    if issue.scope.release_id != scope.release_id:
        raise Refused(clause, f"{issue.reference} was raised in another release than {scope}.")
    return ""


def _presented_under(issue: TestingIssue, scope: TestScope) -> str:
    """Return the limb of 13.23 under which an issue is presented. Raises Refused where none reaches it.

    One of severity 4 or 5 is presented once the Party that raised it completed Eligibility Testing (b); one whose
    severity is disputed is presented before that, because it may turn out to be of 1 to 3.
    """
    clause = "SVTAD 13.23"
    if not scopes_that_may_ask(issue.scope).filter(pk=scope.pk).exists():
        raise Refused(clause, f"{issue.reference} was raised in {issue.scope}, of a later release than {scope}.")
    if not issue.severity:
        raise Refused(clause, f"{issue.reference} has no severity yet: determine it first.")
    held = edition_of(scope)
    grave = held is not None and issue.severity in held.presented_always
    if issue.scope.kind == scope.kind:
        if not grave:
            policies.check_raiser_is_eligible(issue)
        return "13.23(a)" if grave else "13.23(b)"
    if not grave:
        raise Refused("SVTAD 13.23(c)", f"{issue.reference} is of severity {issue.severity}: (c) reaches 1 to 3 alone.")
    return "13.23(c)"


def _audit(
    issue: TestingIssue,
    action: str,
    matter: Matter,
    *,
    by: Actor,
    at: dt.datetime,
    clause: str,
    detail: dict[str, str],
) -> None:
    """Write the action's audit event for those who may see the matter: not all who may see the issue may."""
    about = {"matter": matter.reference, **detail}
    audit(issue=issue, action=action, by=by, at=at, clause=clause, detail=about, audience=matter.audience)


def _open(
    procedure: str,
    *,
    scope: TestScope,
    title: str,
    rationale: str,
    audience: Audience,
    by: Actor,
    at: dt.datetime,
    data: dict[str, str] | None = None,
    opened_at: dt.datetime | None = None,
    raised_by: Organisation | None = None,
) -> Matter:
    """Open a matter under the document version that governs the scope; `raised_by` is a Testing Participant."""
    version = scope.governed_by
    return governance_actions.open_matter(
        procedure=procedure,
        document=version.document.code,
        version=version.version,
        title=title,
        rationale=rationale,
        data=data,
        scope_id=scope.public_id,
        audience=audience,
        by=by,
        at=at,
        opened_at=opened_at,
        proposer="PARTICIPANT" if raised_by else "DCC",
        raised_by=raised_by.code if raised_by and raised_by.kind != OrganisationKind.DCC else "",
        is_synthetic=scope.is_synthetic,
    )
