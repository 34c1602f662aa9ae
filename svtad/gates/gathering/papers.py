"""Facts that hang on paper: evidence, certificates, Work Off Plans, and what entry asks for."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import Any

from svtad.gates.gathering.entry import asked_of_boards, entry_facts
from svtad.gates.gathering.files import Files
from svtad.gates.gathering.related import Related
from svtad.gates.gathering.rulings import Rulings
from svtad.gates.models import (
    ApprovalToProceed,
    CorrectionPlan,
    EvidenceItem,
    TestCompletionCertificate,
    WorkOffPlan,
    WorkOffPlanItem,
    WorkOffPlanItemChange,
)
from svtad.gates.queries.evidence import reviewed_states, standing_evidence
from svtad.rulebook.deadlines import work_off_due
from svtad.rulebook.edition import Edition, PhaseKind
from svtad.rulebook.facts import (
    CertificateFact,
    EntryFacts,
    EvidenceFact,
    PrecursorPhase,
    Statement,
    WorkOffItemFact,
    WorkOffPlanFact,
)
from svtad.rulebook.vocabulary import (
    CertificateState,
    EvidenceKind,
    EvidenceState,
    WorkOffItemState,
    WorkOffPlanState,
)
from testphases.models import ScopeParticipation


@dataclass(frozen=True)
class Papers:
    """Paper facts of one scope. `providers` are the public ids of the organisations named in them."""

    evidence: tuple[EvidenceFact, ...]
    certificates: tuple[CertificateFact, ...]
    work_off_plans: tuple[WorkOffPlanFact, ...]
    precursors: tuple[PrecursorPhase, ...] | None
    entry: EntryFacts
    providers: frozenset[str]


@dataclass(frozen=True)
class Timescale:
    """What the dates of 15.1 are counted with."""

    edition: Edition
    non_working_days: tuple[dt.date, ...]
    count_trigger_day: bool

    def due(self, severity: str, start: dt.date | None) -> dt.date | None:
        """Return the date of 15.1 for a severity; None where it sets none or the clock has no start."""
        if start is None:
            return None
        return work_off_due(
            severity,
            clock_start=start,
            days=self.edition.work_off_days,
            non_working_days=frozenset(self.non_working_days),
            count_trigger_day=self.count_trigger_day,
        )


def paper_facts(
    related: Related, *, kind: PhaseKind, timescale: Timescale, moment: dt.datetime, files: Files
) -> Papers:
    """Gather everything on paper about a scope and its precursors, as recorded by `moment`."""
    scope = related.scope
    items = standing_evidence(scope, moment)
    certificates = list(
        TestCompletionCertificate.objects.filter(scope_id__in=related.papers_of, recorded_at__lte=moment)
        .select_related("provider", "matter")
        .order_by("pk")
    )
    plans = list(
        WorkOffPlan.objects.filter(scope_id__in=related.papers_of, recorded_at__lte=moment)
        .select_related("provider", "matter", "file")
        .order_by("pk")
    )
    corrections = list(CorrectionPlan.objects.filter(plan__in=plans, recorded_at__lte=moment))
    approval = ApprovalToProceed.objects.filter(scope=scope, recorded_at__lte=moment).select_related("matter").first()
    asked = asked_of_boards(related, kind=kind, edition=timescale.edition, moment=moment)
    rulings = Rulings(
        [
            *(item.matter_id for item in items if item.matter_id is not None),
            *(certificate.matter_id for certificate in certificates),
            *(plan.matter_id for plan in plans),
            *(each.matter_id for each in corrections),
            *([approval.matter_id] if approval else []),
            *(matter.pk for matter in asked),
        ],
        moment,
    )
    reviews = reviewed_states(items, moment)
    evidence = tuple(_evidence(item, reviews.get(item.pk), rulings, files) for item in items)
    certificates_of = _certificates_by_scope(certificates, rulings)
    plans_of = _plans_by_scope(
        plans,
        certificates_of,
        corrected=corrected_days(corrections, rulings),
        own_scope=scope.pk,
        rulings=rulings,
        files=files,
        timescale=timescale,
        moment=moment,
    )
    return Papers(
        evidence=evidence,
        certificates=certificates_of[scope.pk],
        work_off_plans=plans_of[scope.pk],
        precursors=_precursors(related, certificates_of, plans_of, moment),
        entry=entry_facts(
            related,
            items,
            evidence,
            approval=approval,
            asked=asked,
            kind=kind,
            edition=timescale.edition,
            rulings=rulings,
            moment=moment,
        ),
        providers=frozenset(
            provider.public_id
            for provider in (
                *(row.provider for row in certificates),
                *(row.provider for row in plans),
                *(row.provider for row in items),
            )
            if provider is not None
        ),
    )


# --- evidence -------------------------------------------------------------------------------------


def _evidence(item: EvidenceItem, review: str | None, rulings: Rulings, files: Files) -> EvidenceFact:
    decided = item.matter is not None and rulings.knows(item.matter.pk)
    state = rulings.state(item.matter.pk) if item.matter is not None and decided else review or item.state
    return EvidenceFact(
        id=item.public_id,
        kind=EvidenceKind(item.kind),
        state=EvidenceState(state),
        title=item.file.name,
        provider=item.provider.public_id if item.provider else None,
        sha256=item.file.sha256,
        intact=files.intact(item.file),
        matter=item.matter.reference if item.matter is not None and decided else None,
        statements=_statements(item),
    )


def _statements(item: EvidenceItem) -> tuple[Statement, ...]:
    if item.kind != EvidenceKind.SIT_AUDIT_REPORT:
        return ()
    return tuple(
        Statement(clause=clause, confirmed=answer)
        for clause, answer in sorted(item.statements.items())
        if isinstance(answer, bool)
    )


# --- certificates and Work Off Plans ---------------------------------------------------------------


def _certificates_by_scope(
    certificates: list[TestCompletionCertificate], rulings: Rulings
) -> defaultdict[int, tuple[CertificateFact, ...]]:
    found: defaultdict[int, tuple[CertificateFact, ...]] = defaultdict(tuple)
    for row in certificates:
        fact = CertificateFact(
            id=row.public_id,
            provider=row.provider.public_id,
            state=CertificateState(rulings.state(row.matter_id)),
            # The first issue: a re-issue does not start the clock of 15.1 again (text silent).
            issued_on=rulings.first_day(row.matter_id, "ISSUE"),
            reference=row.number,
            matter=row.matter.reference,
        )
        found[row.scope_id] = (*found[row.scope_id], fact)
    return found


def corrected_days(corrections: list[CorrectionPlan], rulings: Rulings) -> dict[int, dict[str, dt.date]]:
    """Return, by the primary key of the Work Off Plan, the day that TAB approved for an issue, by its reference (15.2).

    Those of the correction plan that was approved last hold for the issues that it names. A rejected one sets none.
    """
    approved: list[tuple[dt.datetime, CorrectionPlan]] = []
    for each in corrections:
        decided = [rulings.last(each.matter_id, outcome) for outcome in ("APPROVE", "APPROVE_AND_REVOKE")]
        found = [decision.decided_at for decision in decided if decision is not None]
        if found and rulings.state(each.matter_id) == "APPROVED":
            approved.append((max(found), each))
    days: dict[int, dict[str, dt.date]] = {}
    for _, each in sorted(approved, key=lambda pair: (pair[0], pair[1].pk)):
        presented = rulings.last(each.matter_id, "PRESENT")
        due = presented.data.get("due") if presented else None
        for reference, day in (due or {}).items():
            days.setdefault(each.plan_id, {})[reference] = dt.date.fromisoformat(day)
    return days


def _plans_by_scope(
    plans: list[WorkOffPlan],
    certificates_of: defaultdict[int, tuple[CertificateFact, ...]],
    *,
    corrected: dict[int, dict[str, dt.date]],
    own_scope: int,
    rulings: Rulings,
    files: Files,
    timescale: Timescale,
    moment: dt.datetime,
) -> defaultdict[int, tuple[WorkOffPlanFact, ...]]:
    """Return the plans by scope.

    Only those of earlier phases are given the dates that 15.1 counts from a certificate: the rulebook gives them
    to this phase's own, and a step that comes before certificates must not see one in a date.
    """
    items: defaultdict[int, list[WorkOffPlanItem]] = defaultdict(list)
    rows = WorkOffPlanItem.objects.filter(plan__in=plans, recorded_at__lte=moment).select_related("issue")
    for item in rows.order_by("pk"):
        items[item.plan_id].append(item)
    changes = WorkOffPlanItemChange.objects.filter(item__plan__in=plans, recorded_at__lte=moment)
    states = dict(changes.order_by("pk").values_list("item_id", "state"))
    found: defaultdict[int, tuple[WorkOffPlanFact, ...]] = defaultdict(tuple)
    for plan in plans:
        set_by_tab = rulings.last(plan.matter_id, "APPROVE")
        data = set_by_tab.data if set_by_tab else {}
        clock_start = dt.date.fromisoformat(data["clock_start"]) if data.get("clock_start") else None
        provider = plan.provider.public_id if plan.provider else None
        certificate = next((row for row in certificates_of[plan.scope_id] if row.provider == provider), None)
        start = None
        if plan.scope_id != own_scope:
            start = (certificate.issued_on if certificate else None) or clock_start
        fact = WorkOffPlanFact(
            id=plan.public_id,
            state=WorkOffPlanState(rulings.state(plan.matter_id)),
            reference=plan.matter.reference,
            provider=provider,
            sha256=plan.file.sha256,
            intact=files.intact(plan.file),
            matter=plan.matter.reference,
            clock_start=clock_start,
            items=tuple(
                replace(
                    _item(item, states.get(item.pk), provider=provider, start=start, data=data, timescale=timescale),
                    corrected=corrected.get(plan.pk, {}).get(item.issue.reference),
                )
                for item in items[plan.pk]
            ),
        )
        found[plan.scope_id] = (*found[plan.scope_id], fact)
    return found


def _item(
    item: WorkOffPlanItem,
    state: str | None,
    *,
    provider: str | None,
    start: dt.date | None,
    data: dict[str, Any],
    timescale: Timescale,
) -> WorkOffItemFact:
    """Give an item its date: the one that TAB set, else that of 15.1 by the severity it was planned with."""
    set_by_tab = (data.get("due") or {}).get(item.issue.reference)
    due = dt.date.fromisoformat(set_by_tab) if set_by_tab else timescale.due(item.severity, start)
    return WorkOffItemFact(
        issue=item.issue.public_id,
        reference=item.issue.reference,
        state=WorkOffItemState(state or WorkOffItemState.OPEN),
        severity=item.severity or None,
        provider=provider,
        due=due,
    )


def _precursors(
    related: Related,
    certificates_of: defaultdict[int, tuple[CertificateFact, ...]],
    plans_of: defaultdict[int, tuple[WorkOffPlanFact, ...]],
    moment: dt.datetime,
) -> tuple[PrecursorPhase, ...] | None:
    if related.precursors is None:
        return None
    taking_part: defaultdict[int, list[str]] = defaultdict(list)
    held = ScopeParticipation.objects.held_at(moment).filter(scope__in=related.precursors)
    for scope_pk, provider, kind in held.values_list("scope_id", "organisation__public_id", "organisation__kind"):
        if kind != "DCC":
            taking_part[scope_pk].append(provider)
    return tuple(
        PrecursorPhase(
            scope=scope.public_id,
            title=scope.name,
            phase_kind=scope.kind,
            release=scope.release.code,
            providers=tuple(sorted(taking_part[scope.pk])),
            certificates=tuple(sorted(certificates_of[scope.pk], key=lambda row: row.provider)),
            work_off_plans=tuple(sorted(plans_of[scope.pk], key=lambda row: row.id)),
        )
        for scope in related.precursors
    )
