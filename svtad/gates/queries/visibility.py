"""What of a judgement a person may see: a DCC Service Provider its own cells, a Supplier Party nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from svtad.gates.models import Assessment
from svtad.gates.queries.assessments import findings_of, short_findings_of
from svtad.parties.actors import Actor
from svtad.rulebook.codec import parse_json
from svtad.rulebook.facts import Facts
from svtad.rulebook.findings import Blocker, Finding, Missing
from svtad.rulebook.vocabulary import Verdict, combine

#: Kinds of blocker that concern the phase as a whole and name nobody.
_OF_THE_PHASE = frozenset({"readiness", "approval", "document", "issue_log"})

#: Missing facts of the phase as a whole, in sentences that name nobody.
_NAMES_NOBODY = frozenset({"stage_exit_versions", "precursors", "providers", "test_counts", "issues_raised"})


def own_cells_only(actor: Actor) -> frozenset[str] | None:
    """Return the public ids of the providers whose cells `actor` is held to, or None where it sees all."""
    if actor.sees_everything or actor.may("see_all_phases") or "DCC" in actor.organisation_kinds:
        return None
    return frozenset(key.removeprefix("org:") for key in actor.audience_keys if key.startswith("org:"))


def findings_for(actor: Actor, assessment: Assessment) -> tuple[Finding, ...]:
    """Return the findings of a judgement that `actor` may see, cut down to what is its own.

    Those who govern see them whole. A DCC Service Provider sees every criterion with its verdict, and of the cells,
    blockers, ledger, evidence and dates those that are its own; sentences that might name another are replaced.
    Where the criterion is judged by provider, the verdict shown is that of its own cells. Nobody else sees any.
    """
    if not Assessment.objects.visible_to(actor).filter(pk=assessment.pk).exists():
        return ()
    findings = findings_of(assessment)
    own = own_cells_only(actor)
    if own is None:
        return findings
    is_own = _ownership(Facts.from_json(parse_json(assessment.facts, path="facts")), own)
    cut = {finding.key: _cut_down(finding, own=own, is_own=is_own) for finding in findings}
    return tuple(_as_its_parent(finding, cut) for finding in cut.values())


def short_findings_for(
    actor: Actor, assessment: Assessment, *, most: int
) -> tuple[tuple[Finding, ...], dict[str, int]]:
    """Return what `findings_for` does, cut short for a page, and how much stands in the way in all by finding."""
    if own_cells_only(actor) is None and Assessment.objects.visible_to(actor).filter(pk=assessment.pk).exists():
        return short_findings_of(assessment, most=most)
    findings = findings_for(actor, assessment)
    return findings, {finding.key: len(finding.blockers) for finding in findings}


def _ownership(facts: Facts, own: frozenset[str]) -> Callable[[Blocker], bool]:
    """Return a test of whether a blocker concerns one of `own` (providers' public ids)."""
    issues = {row.id for row in (*facts.issues, *facts.considered_issues) if row.provider in own}
    plans = (*facts.work_off_plans, *(plan for phase in facts.precursors or () for plan in phase.work_off_plans))
    certificates = (*facts.certificates, *(row for phase in facts.precursors or () for row in phase.certificates))
    ids: dict[str, set[str]] = {
        "issue": issues,
        "work_off_item": issues | {item.issue for plan in plans for item in plan.items if item.provider in own},
        "dispute": {row.matter or row.issue for row in facts.disputes if row.issue in issues},
        "exclusion": {row.matter or row.issue for row in facts.exclusions if row.issue in issues},
        "count_decision": {row.matter or row.issue for row in facts.count_decisions if row.issue in issues},
        "test": {row.id for row in facts.test_rows if row.provider in own},
        "execution": {row.id for row in facts.test_rows if row.provider in own},
        "evidence": {row.id for row in facts.evidence if row.provider in own},
        "certificate": {row.id for row in certificates if row.provider in own},
        "work_off_plan": {plan.id for plan in plans if plan.provider in own},
        "provider": set(own),
        "phase": {phase.scope for phase in facts.precursors or () if set(phase.providers) <= own},
    }
    return lambda blocker: blocker.kind in _OF_THE_PHASE or blocker.id in ids.get(blocker.kind, ())


def _cut_down(finding: Finding, *, own: frozenset[str], is_own: Callable[[Blocker], bool]) -> Finding:
    thresholds = tuple(cell for cell in finding.thresholds if cell.provider in own)
    verdict = finding.verdict
    if finding.thresholds:
        # What is missing (an issue attributed to nobody) may concern any provider.
        verdict = combine([*(cell.verdict for cell in thresholds), *(Verdict.CANNOT_EVALUATE for _ in finding.missing)])
    blockers = tuple(blocker for blocker in finding.blockers if is_own(blocker))
    return replace(
        finding,
        verdict=verdict,
        summary=_summary(verdict, by_provider=bool(finding.thresholds), blockers=len(blockers)),
        numbers=(),
        thresholds=thresholds,
        dmcs=(),
        blockers=blockers,
        missing=tuple(_missing(row) for row in finding.missing),
        notes=(),
        ledger=tuple(line for line in finding.ledger if line.provider in own),
        evidence=tuple(line for line in finding.evidence if line.provider in own),
        dates=tuple(line for line in finding.dates if line.provider in own),
        awaiting=finding.awaiting and verdict is finding.verdict,
    )


def _as_its_parent(finding: Finding, cut: dict[str, Finding]) -> Finding:
    """Give a row that details one criterion that criterion's verdict, as this reader sees it."""
    if len(finding.parents) != 1 or finding.parents[0] not in cut:
        return finding
    parent = cut[finding.parents[0]]
    if not parent.thresholds:
        return finding
    return replace(finding, verdict=parent.verdict, summary=parent.summary, awaiting=parent.awaiting)


def _missing(row: Missing) -> Missing:
    """A missing parameter or document names nobody; a missing fact may name an issue of another."""
    return row if row.kind != "fact" or row.key in _NAMES_NOBODY else replace(row, text="A fact is missing.")


_WORDS: dict[Verdict, str] = {
    Verdict.MET: "Met",
    Verdict.NOT_MET: "Not met",
    Verdict.CANNOT_EVALUATE: "Cannot be evaluated",
    Verdict.BLOCKED: "Blocked by a pending severity dispute",
}


def _summary(verdict: Verdict, *, by_provider: bool, blockers: int) -> str:
    whose = "for your organisation" if by_provider else "for the phase"
    yours = f" {blockers} of what stands in the way is yours." if blockers else ""
    return f"{_WORDS[verdict]} {whose}.{yours}"
