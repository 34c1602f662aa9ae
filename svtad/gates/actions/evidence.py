"""Evidence that criteria hang on: attached as a hashed file, reviewed by the DCC, withdrawn with a reason."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from svtad.gates import policies
from svtad.gates.actions.recording import audit, tell
from svtad.gates.models import EvidenceItem, EvidenceReview, EvidenceWithdrawal
from svtad.gates.queries.evidence import evidence_state, is_withdrawn, standing_evidence
from svtad.gates.queries.phases import edition_for, phase_kind_for
from svtad.governance.actions import open_matter, record_decision
from svtad.governance.models import Matter, StoredFile
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState, Step
from testphases.models import ScopeParticipation, TestScope

#: Kinds of which every DCC Service Provider owes its own.
PER_PROVIDER = frozenset({EvidenceKind.TEST_PLAN, EvidenceKind.PROVIDER_REPORT})
#: Kinds that may be of one provider, or of the whole phase.
OF_EITHER = frozenset(
    {EvidenceKind.TEST_SPECIFICATION, EvidenceKind.ASSURANCE_REPORT, EvidenceKind.TEST_RESULT, EvidenceKind.OTHER}
)
#: In which state a kind may be attached, the usual one first. The DCC attaches a plan that it has signed off, or a
#: report that it has accepted, as such; a provider's own attachment waits for the DCC's review.
FIRST_STATES: dict[EvidenceKind, tuple[EvidenceState, ...]] = {
    EvidenceKind.TEST_PLAN: (EvidenceState.SUBMITTED, EvidenceState.SIGNED_OFF),
    EvidenceKind.PROVIDER_REPORT: (EvidenceState.SUBMITTED, EvidenceState.ACCEPTED),
    EvidenceKind.ASSURANCE_REPORT: (EvidenceState.DRAFT,),
    EvidenceKind.COMPLETION_REPORT: (EvidenceState.ISSUED,),
    EvidenceKind.SIT_AUDIT_REPORT: (EvidenceState.FINAL, EvidenceState.INTERIM),
}
_USUAL = (EvidenceState.SUBMITTED, EvidenceState.ACCEPTED)
#: What the DCC may answer to a kind that was submitted (12.5(a): signed off; 9.4: accepted or returned).
REVIEWS: dict[EvidenceKind, tuple[EvidenceState, ...]] = {
    EvidenceKind.TEST_PLAN: (EvidenceState.SIGNED_OFF, EvidenceState.RETURNED),
}
USUAL_REVIEWS = (EvidenceState.ACCEPTED, EvidenceState.RETURNED)

#: What clause 19.4 has the SIT Auditor answer; an interim opinion answers the first two (19.6).
AUDIT_ITEMS = tuple(f"19.4({letter})" for letter in "abcdef")
INTERIM_ITEMS = AUDIT_ITEMS[:2]
READINESS_ANSWERS = ("in_place", "secure", "ready")


@transaction.atomic
def attach_evidence(
    *,
    scope: TestScope,
    kind: str,
    file: StoredFile,
    by: Actor,
    provider: Organisation | None = None,
    state: str = "",
    statements: dict[str, Any] | None = None,
    note: str = "",
    occurred_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> EvidenceItem:
    """Attach a stored file to `scope` as evidence of a kind (a key of the rulebook's `EvidenceKind`).

    `provider` is needed for a test plan and a 9.4 report and takes part in the phase. `state` is how far it has
    come, by default the first that its kind allows. `statements`: for READINESS each of the edition's resources with
    `in_place`, `secure` and `ready` true or false (12.5(d)); for a SIT Audit Report the items of 19.4 true or false,
    all six unless it is interim. An assurance report opens its matter before TAB, as a draft (9.6).

    The newest of a kind (and provider) takes the place of those before it. The same file attached again while it
    stands is the same item. Raises ActionDenied, Refused, and InvalidInput naming every field that is wrong.
    """
    moment = at or clock.now()
    wanted = _checked_kind(scope, kind)
    policies.check_can_attach(by, scope, kind=wanted, provider=provider)
    first = _checked_state(wanted, state, by=by)
    given = dict(statements or {})
    errors = [*_provider_errors(scope, wanted, provider), *_statement_errors(scope, wanted, given, state=first)]
    if occurred_at is not None and occurred_at > moment:
        errors.append(FieldError(None, "occurred_at", "This is later than the moment it is recorded."))
    if errors:
        raise InvalidInput(errors)
    held = _same(scope, wanted, file=file, provider=provider, statements=given, at=moment)
    if held is not None:
        return held
    matter = None
    if wanted is EvidenceKind.ASSURANCE_REPORT:
        _check_reports_accepted(scope, provider, at=moment)
        matter = _open_assurance_matter(scope, provider, by=by, at=moment)
    item: EvidenceItem = EvidenceItem.objects.create(
        scope=scope,
        kind=wanted,
        provider=provider,
        file=file,
        state=first,
        statements=given,
        note=note.strip(),
        matter=matter,
        occurred_at=occurred_at or moment,
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=scope,
        action="attach_evidence",
        subject=item,
        audience=policies.evidence_audience(kind=wanted, provider=provider),
        by=by,
        at=moment,
        clause=policies.CLAUSE_OF[wanted],
        detail={
            "kind": wanted.value,
            "state": first.value,
            "provider": provider.code if provider else "",
            "sha256": file.sha256,
            "statements": given,
        },
    )
    tell(scope=scope, at=moment)
    return item


@transaction.atomic
def review_evidence(
    *, item: EvidenceItem, state: str, by: Actor, reasons: str = "", at: dt.datetime | None = None
) -> EvidenceReview:
    """Record the DCC's answer to a submitted piece of evidence: SIGNED_OFF or ACCEPTED, or RETURNED with reasons.

    Raises ActionDenied; Refused where it was answered or withdrawn already, or where a body decides on it;
    InvalidInput for an answer that its kind has not, or RETURNED without reasons.
    """
    moment = at or clock.now()
    policies.check_can_review(by, item)
    kind = EvidenceKind(item.kind)
    clause = policies.CLAUSE_OF[kind]
    EvidenceItem.objects.select_for_update().get(pk=item.pk)
    now_in = evidence_state(item)
    if item.matter_id is not None or now_in != EvidenceState.SUBMITTED or is_withdrawn(item):
        raise Refused(clause, f"This is {now_in.replace('_', ' ').lower()}: there is nothing to sign off or accept.")
    answers = REVIEWS.get(kind, USUAL_REVIEWS)
    if state not in answers:
        raise InvalidInput.one("state", f"{state[:20]!r} is not one of {', '.join(answers)}.")
    if state == EvidenceState.RETURNED and not reasons.strip():
        raise InvalidInput.one("reasons", "Say why it is returned.")
    review: EvidenceReview = EvidenceReview.objects.create(
        item=item, state=state, reasons=reasons.strip()[:400], recorded_at=moment, recorded_by=by.label
    )
    audit(
        scope=item.scope,
        action="review_evidence",
        subject=item,
        audience=policies.evidence_audience(kind=kind, provider=item.provider),
        by=by,
        at=moment,
        clause=clause,
        detail={"state": state, "reasons": review.reasons},
    )
    tell(scope=item.scope, at=moment)
    return review


@transaction.atomic
def withdraw_evidence(
    *, item: EvidenceItem, reason: str, by: Actor, at: dt.datetime | None = None
) -> EvidenceWithdrawal:
    """Withdraw a piece of evidence with a reason: from now on it proves nothing. It is never deleted.

    Raises ActionDenied; Refused where it is withdrawn already, or TAB has approved it (9.6: that decision stands);
    InvalidInput without a reason.
    """
    moment = at or clock.now()
    policies.check_can_withdraw(by, item)
    kind = EvidenceKind(item.kind)
    clause = policies.CLAUSE_OF[kind]
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why it is withdrawn.")
    EvidenceItem.objects.select_for_update().get(pk=item.pk)
    if is_withdrawn(item):
        raise Refused(clause, "It is withdrawn already.")
    if evidence_state(item) in (EvidenceState.APPROVED, EvidenceState.SHARED_WITH_TAG):
        raise Refused(clause, "TAB has approved this report; its decision stands.")
    withdrawal: EvidenceWithdrawal = EvidenceWithdrawal.objects.create(
        item=item, reason=reason.strip()[:400], recorded_at=moment, recorded_by=by.label
    )
    audit(
        scope=item.scope,
        action="withdraw_evidence",
        subject=item,
        audience=policies.evidence_audience(kind=kind, provider=item.provider),
        by=by,
        at=moment,
        clause=clause,
        detail={"reason": withdrawal.reason},
    )
    tell(scope=item.scope, at=moment)
    return withdrawal


@transaction.atomic
def present_assurance_report(
    *, item: EvidenceItem, by: Actor, decided_at: dt.datetime | None = None, at: dt.datetime | None = None
) -> Matter:
    """Present an assurance report to TAB (9.6): the DCC's step of its matter, with the report as its document.

    Raises ActionDenied, and Refused for anything but a draft that stands.
    """
    moment = at or clock.now()
    if item.matter is None:
        raise Refused("SVTAD 9.6", "Only an assurance report is presented to TAB.")
    if is_withdrawn(item):
        raise Refused("SVTAD 9.6", "It is withdrawn.")
    record_decision(
        matter=item.matter,
        body="DCC",
        outcome="PRESENT",
        decided_at=decided_at or moment,
        document=item.file,
        by=by,
        at=moment,
    )
    return item.matter


@transaction.atomic
def settle_assurance_report(*, matter: Matter, at: dt.datetime) -> None:
    """Have the phase judged anew by what became of its assurance report. Raises Refused for a matter without one."""
    item = EvidenceItem.objects.select_related("scope__release").filter(matter=matter).first()
    if item is None:
        raise Refused("SVTAD 9.6", "No assurance report is attached to this matter: attach it to its Test Phase.")
    tell(scope=item.scope, at=at)


# --- what can be attached ---------------------------------------------------------------------------


def _checked_kind(scope: TestScope, kind: str) -> EvidenceKind:
    if kind not in EvidenceKind._value2member_map_:
        raise InvalidInput.one("kind", f"{kind[:20]!r} is not one of {', '.join(EvidenceKind)}.")
    wanted = EvidenceKind(kind)
    clause = policies.CLAUSE_OF[wanted]
    if wanted is EvidenceKind.ISSUE_LOG:
        raise Refused(clause, "The Testing Issue log is produced from the Testing Issues themselves, not attached.")
    steps = _steps(scope)
    if wanted is EvidenceKind.COMPLETION_REPORT and scope.kind == "PIT":
        raise Refused("SVTAD 16.5", "There is no Completion Report of PIT.")
    if wanted is EvidenceKind.SIT_AUDIT_REPORT and Step.PANEL not in steps:
        raise Refused(clause, f"The SIT Auditor reports on SIT, not on {scope}.")
    return wanted


def _steps(scope: TestScope) -> tuple[Step, ...]:
    kind = phase_kind_for(scope)
    return kind.steps if kind else ()


def _checked_state(kind: EvidenceKind, state: str, *, by: Actor) -> EvidenceState:
    allowed = FIRST_STATES.get(kind, _USUAL)
    if not state:
        return allowed[0]
    if state not in allowed:
        raise InvalidInput.one("state", f"{state[:20]!r} is not one of {', '.join(allowed)}.")
    signs = state in (EvidenceState.SIGNED_OFF, EvidenceState.ACCEPTED)
    if signs and not by.may("attach_evidence"):
        raise ActionDenied(policies.CLAUSE_OF[kind], "Only the DCC signs off or accepts evidence.")
    return EvidenceState(state)


def _provider_errors(scope: TestScope, kind: EvidenceKind, provider: Organisation | None) -> list[FieldError]:
    if provider is None:
        needed = kind in PER_PROVIDER
        return [FieldError(None, "provider", "Say whose it is: each DCC Service Provider owes one.")] if needed else []
    if kind not in PER_PROVIDER | OF_EITHER:
        return [FieldError(None, "provider", "This is evidence of the whole phase, not of one provider.")]
    if provider.kind == OrganisationKind.DCC and kind in PER_PROVIDER:
        return [FieldError(None, "provider", "DCC Service Providers owe it, not the DCC.")]
    if not ScopeParticipation.objects.current().filter(scope=scope, organisation=provider).exists():
        return [FieldError(None, "provider", f"{provider} takes no part in {scope}.")]
    return []


def _statement_errors(
    scope: TestScope, kind: EvidenceKind, given: dict[str, Any], *, state: EvidenceState
) -> list[FieldError]:
    if kind is EvidenceKind.READINESS:
        return _readiness_errors(scope, given)
    if kind is EvidenceKind.SIT_AUDIT_REPORT:
        needed = INTERIM_ITEMS if state is EvidenceState.INTERIM else AUDIT_ITEMS
        missing = [clause for clause in needed if not isinstance(given.get(clause), bool)]
        unknown = [clause for clause in given if clause.startswith("19.4") and clause not in AUDIT_ITEMS]
        return [
            *(FieldError(None, clause, "Say whether the report confirms it: true or false.") for clause in missing),
            *(FieldError(None, clause, "Clause 19.4 has no such item.") for clause in unknown),
        ]
    return []


def _readiness_errors(scope: TestScope, given: dict[str, Any]) -> list[FieldError]:
    """12.5(d): each kind of resource, in all three respects, said either way; nothing taken for granted."""
    edition = edition_for(scope)
    resources = dict(edition.readiness) if edition else {}
    errors = [
        FieldError(None, name, "This is none of the resources of 12.5(d).") for name in given if name not in resources
    ]
    for key, title in resources.items():
        answers = given.get(key)
        held = answers if isinstance(answers, dict) else {}
        lacking = [answer for answer in READINESS_ANSWERS if not isinstance(held.get(answer), bool)]
        if lacking or set(held) - set(READINESS_ANSWERS):
            words = ", ".join(READINESS_ANSWERS).replace("_", " ")
            errors.append(FieldError(None, key, f"{title}: say of each of {words} whether it holds."))
    return errors


def _same(
    scope: TestScope,
    kind: EvidenceKind,
    *,
    file: StoredFile,
    provider: Organisation | None,
    statements: dict[str, Any],
    at: dt.datetime,
) -> EvidenceItem | None:
    """Return the standing item that this would only repeat: the same bytes, saying the same, not answered yet."""
    for item in standing_evidence(scope, at):
        alike = item.kind == kind and item.provider_id == (provider.pk if provider else None)
        unanswered = evidence_state(item) == item.state
        if alike and unanswered and item.file.sha256 == file.sha256 and item.statements == statements:
            return item
    return None


def _check_reports_accepted(scope: TestScope, provider: Organisation | None, *, at: dt.datetime) -> None:
    """9.5: the assurance report comes after the reports of 9.4, accepted by the DCC."""
    if Step.CERTIFICATES not in _steps(scope):
        return
    accepted = {
        item.provider_id
        for item in standing_evidence(scope, at)
        if item.kind == EvidenceKind.PROVIDER_REPORT and evidence_state(item) == EvidenceState.ACCEPTED
    }
    taking_part = ScopeParticipation.objects.current().filter(scope=scope).exclude(organisation__kind="DCC")
    if provider is not None:
        taking_part = taking_part.filter(organisation=provider)
    lacking = taking_part.exclude(organisation_id__in=accepted).values_list("organisation__name", flat=True)
    if lacking:
        names = ", ".join(sorted(lacking))
        raise Refused("SVTAD 9.5", f"The assurance report comes after accepted 9.4 reports; lacking: {names}.")


def _open_assurance_matter(scope: TestScope, provider: Organisation | None, *, by: Actor, at: dt.datetime) -> Matter:
    version = scope.governed_by
    whose = f" ({provider})" if provider else ""
    return open_matter(
        procedure="ASSURANCE_REPORT",
        document=version.document.code,
        version=version.version,
        title=f"DCC assurance report of {scope}{whose}",
        scope_id=scope.public_id,
        audience=policies.evidence_audience(kind=EvidenceKind.ASSURANCE_REPORT),
        is_synthetic=scope.is_synthetic,
        by=by,
        at=at,
    )
