"""Facts of entry: readiness, the approval to proceed, what boards were asked (5.7, 12.3), and what 7.3 asks."""

from __future__ import annotations

import datetime as dt

from svtad.gates.gathering.related import Related
from svtad.gates.gathering.releases import repeat_at, states_of
from svtad.gates.gathering.rulings import Rulings
from svtad.gates.models import ApprovalToProceed, CriterionAnswer, EvidenceItem
from svtad.governance.models import Matter
from svtad.governing.models import VersionStanding
from svtad.governing.queries import criteria_at, version_in_force, version_to_come
from svtad.rulebook.calendar import london_date
from svtad.rulebook.edition import Edition, PhaseKind
from svtad.rulebook.facts import (
    ApproachDocumentFact,
    ApprovalToProceedFact,
    EnteredCriterionFact,
    EntryFacts,
    EvidenceFact,
    OverlapApproval,
    ReadinessItem,
    RunningPhase,
)
from svtad.rulebook.vocabulary import ApprovalState, CriterionGate, DocumentState, EvidenceKind, EvidenceState
from testphases.models import TestScope
from testphases.models.scopes import ScopeState

#: A phase in one of these has not started, or is over: nothing overlaps it (5.7).
_NOT_RUNNING = (ScopeState.PLANNED, ScopeState.ENTRY_ASSESSED, ScopeState.COMPLETE)


def asked_of_boards(related: Related, *, kind: PhaseKind, edition: Edition, moment: dt.datetime) -> list[Matter]:
    """Return the matters of overlap (5.7) and of the approach document (12.3), the last of each last.

    An overlap concerns two phases of the release and may have been opened on either.
    """
    scope = related.scope
    of_overlap = [scope.public_id]
    if scope.kind in edition.overlap:
        of_overlap += [other.public_id for other in related.beside if other.kind in edition.overlap]
    matters = list(
        Matter.objects.filter(procedure="OVERLAP", scope_id__in=of_overlap, recorded_at__lte=moment).order_by("pk")
    )
    if kind.entry_document is not None:
        documents = Matter.objects.filter(procedure="TAD_APPROVAL", scope_id=scope.public_id, recorded_at__lte=moment)
        matters += list(documents.order_by("pk"))
    return matters


def entry_facts(
    related: Related,
    items: list[EvidenceItem],
    evidence: tuple[EvidenceFact, ...],
    *,
    approval: ApprovalToProceed | None,
    asked: list[Matter],
    kind: PhaseKind,
    edition: Edition,
    rulings: Rulings,
    moment: dt.datetime,
) -> EntryFacts:
    """Put together what only entry asks."""
    scope = related.scope
    overlaps = [matter for matter in asked if matter.procedure == "OVERLAP"]
    documents = [matter for matter in asked if matter.procedure == "TAD_APPROVAL"]
    repeated = kind.key == edition.repeated_kind and scope.release.code != edition.releases[0]
    return EntryFacts(
        readiness=_readiness(items, evidence),
        overlap=_overlap(overlaps, rulings),
        approval_to_proceed=ApprovalToProceedFact(
            id=approval.public_id,
            state=ApprovalState(rulings.state(approval.matter_id)),
            reference=approval.matter.reference,
            matter=approval.matter.reference,
        )
        if approval
        else None,
        approach_document=_approach_document(documents, kind, rulings, moment),
        running=_running(related, edition, moment),
        repeat=repeat_at(scope.release, moment) if repeated else None,
    )


def _readiness(items: list[EvidenceItem], evidence: tuple[EvidenceFact, ...]) -> tuple[ReadinessItem, ...]:
    """Return what the standing readiness statement confirms; one returned, or whose file is gone, confirms nothing."""
    standing = {row.id for row in evidence if row.is_stored and row.state is not EvidenceState.RETURNED}
    found = [item for item in items if item.kind == EvidenceKind.READINESS and item.public_id in standing]
    return tuple(
        ReadinessItem(
            item=resource,
            in_place=bool(answers.get("in_place")),
            secure=bool(answers.get("secure")),
            ready=bool(answers.get("ready")),
        )
        for item in found[-1:]
        for resource, answers in sorted(item.statements.items())
        if isinstance(answers, dict)
    )


def _overlap(matters: list[Matter], rulings: Rulings) -> OverlapApproval | None:
    """Return the overlap that was agreed, else the last one that was put before TAG and the Panel."""
    found = [
        OverlapApproval(
            tag_reviewed_on=rulings.first_day(matter.pk, "REVIEW"),
            panel_agreed_on=rulings.first_day(matter.pk, "AGREE"),
            panel_refused_on=rulings.first_day(matter.pk, "REFUSE"),
            matter=matter.reference,
        )
        for matter in matters
    ]
    agreed = [row for row in found if row.panel_agreed_on is not None]
    return (agreed or found)[-1] if found else None


def _running(related: Related, edition: Edition, moment: dt.datetime) -> tuple[RunningPhase, ...]:
    """Return the phases of the release that this one may not overlap without agreement, and that had started."""
    scope = related.scope
    if scope.kind not in edition.overlap:
        return ()
    others = [row for row in related.beside if row.kind in edition.overlap and row.kind != scope.kind]
    states = states_of(others, moment)
    return tuple(
        RunningPhase(scope=row.public_id, title=row.name, phase_kind=row.kind)
        for row in others
        if row.pk in states and states[row.pk].to_state not in _NOT_RUNNING
    )


def _approach_document(
    matters: list[Matter], kind: PhaseKind, rulings: Rulings, moment: dt.datetime
) -> ApproachDocumentFact | None:
    """Return the version of the document that the phase waits for: in effect, else to come, else before a body.

    What is entered under Documents comes first; a decision of the Secretary of State on a matter opened for the phase
    approves it as well.
    """
    if kind.entry_document is None:
        return None
    held = version_in_force(kind.entry_document, moment)
    if held is not None:
        return _entered(held, DocumentState.EFFECTIVE)
    decided = [matter for matter in matters if rulings.last(matter.pk, "APPROVE") is not None]
    coming = version_to_come(kind.entry_document, moment)
    if coming is not None and not decided:
        return _entered(coming, DocumentState.APPROVED)
    if not matters:
        return None
    matter = (decided or matters)[-1]
    approved = rulings.last(matter.pk, "APPROVE")
    return ApproachDocumentFact(
        document=kind.entry_document,
        version=str(approved.data.get("version", "")) if approved else "",
        state=DocumentState(rulings.state(matter.pk)),
        effective_on=london_date(approved.effective_at) if approved else None,
        matter=matter.reference,
    )


def _entered(held: VersionStanding, state: DocumentState) -> ApproachDocumentFact:
    return ApproachDocumentFact(
        document=held.version.document.code,
        version=held.version.version,
        state=state,
        effective_on=held.effective_from,
        matter=held.matter.reference if held.matter else None,
    )


def entered_criteria(
    scope: TestScope, *, kind: PhaseKind, moment: dt.datetime
) -> tuple[str, tuple[EnteredCriterionFact, ...]]:
    """Return (the version in effect of the document that holds the phase's other criteria, those entered of it).

    Each with the last answer that was recorded for the scope by `moment`. "" where no version is in effect.
    """
    if kind.criteria_document is None:
        return "", ()
    held = version_in_force(kind.criteria_document, moment)
    if held is None:
        return "", ()
    rows = list(criteria_at(held.version, moment).filter(phase_kind=scope.kind))
    answers = CriterionAnswer.objects.filter(scope=scope, criterion__in=rows, recorded_at__lte=moment)
    last = {row.criterion_id: row for row in answers.select_related("evidence__file").order_by("pk")}
    facts = []
    for row in rows:
        answer = last.get(row.pk)
        facts.append(
            EnteredCriterionFact(
                id=row.public_id,
                gate=CriterionGate(row.gate),
                clause=row.clause,
                text=row.text,
                met=answer.met if answer else None,
                reasons=answer.reasons if answer else "",
                evidence=answer.evidence.public_id if answer and answer.evidence else "",
            )
        )
    return held.version.version, tuple(facts)
