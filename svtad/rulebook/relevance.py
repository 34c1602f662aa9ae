"""What a step looks at: the facts without its own and later outputs, and without what only others need.

A step judges what comes before it. So that issuing one certificate does not make the next provider's assessment
stale, what a step ignores is left out of its facts, and with that out of their hash.
"""

from __future__ import annotations

from dataclasses import replace

from svtad.rulebook.edition import Edition
from svtad.rulebook.facts import EnteredCriterionFact, Facts, IssueFact, PrecursorPhase
from svtad.rulebook.vocabulary import Cause, CriterionGate, EvidenceKind, Step

_REPORTS = (EvidenceKind.PROVIDER_REPORT, EvidenceKind.ASSURANCE_REPORT)

EVIDENCE_AT: dict[Step, tuple[EvidenceKind, ...]] = {
    Step.ENTRY: (
        EvidenceKind.TEST_PLAN,
        EvidenceKind.TEST_SPECIFICATION,
        EvidenceKind.TTM,
        EvidenceKind.READINESS,
    ),
    Step.REPORTS: (),
    Step.CERTIFICATES: _REPORTS,
    Step.COMPLETION: _REPORTS,
    Step.PANEL: (
        *_REPORTS,
        EvidenceKind.TTM,
        EvidenceKind.TEST_HEATMAP,
        EvidenceKind.COMPLETION_REPORT,
        EvidenceKind.SIT_AUDIT_REPORT,
    ),
}
"""The kinds of evidence that each step looks at."""


def relevant_facts(facts: Facts, *, edition: Edition, step: Step, provider: str | None = None) -> Facts:
    """The facts that a judgement at a step rests on; doing it twice changes nothing.

    With a ``provider``, issues, plans, reports and certificates of other providers are left out (our choice); what is
    attributed to nobody stays, because it may be its.
    """
    parameters = tuple(
        row
        for row in facts.parameters
        if facts.phase_kind in (edition.parameter(row.key).phase_kinds or (facts.phase_kind,))
    )
    evidence = tuple(
        row
        for row in facts.evidence
        if row.kind in EVIDENCE_AT[step] and (provider is None or row.provider in (None, provider))
    )
    if step is Step.ENTRY:
        return _at_entry(replace(facts, parameters=parameters, evidence=evidence))
    certificates = facts.certificates if step in (Step.COMPLETION, Step.PANEL) else ()
    kept = replace(
        facts,
        parameters=parameters,
        evidence=evidence,
        certificates=certificates,
        entry=None,
        entered_criteria=_of_gate(facts, CriterionGate.EXIT),
    )
    return kept if provider is None else _of_provider(kept, provider)


def _at_entry(facts: Facts) -> Facts:
    """Only who takes part, what comes before, what entry asks for, and its evidence."""
    return Facts(
        document=facts.document,
        version=facts.version,
        programme=facts.programme,
        release=facts.release,
        phase_kind=facts.phase_kind,
        scope=facts.scope,
        as_at=facts.as_at,
        title=facts.title,
        providers=facts.providers,
        evidence=facts.evidence,
        precursors=None
        if facts.precursors is None
        else tuple(replace(phase, work_off_plans=()) for phase in facts.precursors),
        entry=facts.entry,
        criteria_version=facts.criteria_version,
        entered_criteria=_of_gate(facts, CriterionGate.ENTRY),
        parameters=facts.parameters,
    )


def _of_gate(facts: Facts, gate: CriterionGate) -> tuple[EnteredCriterionFact, ...]:
    return tuple(row for row in facts.entered_criteria if row.gate is gate)


def _of_provider(facts: Facts, provider: str) -> Facts:
    issues = tuple(issue for issue in facts.issues if _may_be_of(issue, provider))
    considered = tuple(issue for issue in facts.considered_issues if _may_be_of(issue, provider))
    kept = {issue.id for issue in (*issues, *considered)}
    return replace(
        facts,
        issues=issues,
        considered_issues=considered,
        exclusions=tuple(row for row in facts.exclusions if row.issue in kept),
        disputes=tuple(row for row in facts.disputes if row.issue in kept),
        count_decisions=tuple(row for row in facts.count_decisions if row.issue in kept),
        certificates=tuple(row for row in facts.certificates if row.provider == provider),
        work_off_plans=tuple(row for row in facts.work_off_plans if row.provider in (None, provider)),
        precursors=None
        if facts.precursors is None
        else tuple(_precursor_of(phase, provider) for phase in facts.precursors),
    )


def _may_be_of(issue: IssueFact, provider: str) -> bool:
    """Whether an issue is the provider's, or attributed to nobody in particular."""
    if issue.cause is Cause.DCC and issue.provider is None:
        return False
    return issue.provider in (None, provider)


def _precursor_of(phase: PrecursorPhase, provider: str) -> PrecursorPhase:
    plans = tuple(
        replace(plan, items=tuple(item for item in plan.items if item.provider in (None, provider)))
        for plan in phase.work_off_plans
        if plan.provider in (None, provider)
    )
    certificates = tuple(row for row in phase.certificates if row.provider == provider)
    return replace(phase, certificates=certificates, work_off_plans=plans)
