"""Facts of the plan and its runs: counts, what did not pass, evidence of executions."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from svtad.gates.queries.deselections import Standing, standing_of
from svtad.governance.models import Matter
from svtad.governance.queries import states_at
from svtad.rulebook.facts import DmcFact, EvidenceGap, ExecutionEvidence, PlannedTestRow, TestCount
from svtad.rulebook.vocabulary import DescopeState, TestKind, TestRowStatus
from testphases.models import DescopeItem, TestScope
from testphases.queries import PlanCounts, plan_counts
from testphases.queries.counts import EvidenceGapRow, PlanCell, TestRow


@dataclass(frozen=True)
class Testing:
    """What the plan of a scope came to, as the rulebook's facts."""

    counts: tuple[TestCount, ...]
    rows: tuple[PlannedTestRow, ...]
    dmcs: tuple[DmcFact, ...]
    evidence: ExecutionEvidence
    exit_versions: str | None
    last_execution_at: dt.datetime | None
    watermark: str
    providers: frozenset[str]


def testing_facts(scope: TestScope, *, as_at: dt.datetime | None, moment: dt.datetime) -> Testing:
    """Gather them as recorded by `as_at`, or, where that is None, from the kept latest results."""
    held = plan_counts(scope, as_at)
    descopes = _descopes(scope, moment)
    return Testing(
        counts=tuple(_count(cell) for cell in held.cells),
        rows=tuple(_row(row, descopes.get(row.id)) for row in held.rows),
        dmcs=_dmcs(held, standing_of(scope, moment=moment)),
        evidence=ExecutionEvidence(
            executed=held.evidence.executed,
            with_evidence=held.evidence.with_evidence,
            no_file_needed=held.evidence.no_file_needed,
            missing=held.evidence.missing,
            hash_failed=held.evidence.hash_failed,
            gaps=tuple(_gap(gap) for gap in held.evidence.gaps),
        ),
        exit_versions=held.exit_versions,
        last_execution_at=held.last_execution_at,
        watermark=held.watermark,
        providers=frozenset(cell.provider_id for cell in held.cells if cell.provider_id),
    )


def _count(cell: PlanCell) -> TestCount:
    return TestCount(
        dmc=cell.dmc_id,
        functional_group=cell.functional_group or None,
        kind=TestKind(cell.kind),
        provider=cell.provider_id,
        planned=cell.planned,
        descoped=cell.descoped,
        executed=cell.executed,
        passed=cell.passed,
        failed=cell.failed,
        not_run=cell.not_run,
        assured_passed=cell.assured_passed,
        exit_executed=cell.exit_executed,
        exit_passed=cell.exit_passed,
    )


def _dmcs(held: PlanCounts, standing: dict[int, Standing]) -> tuple[DmcFact, ...]:
    named = {cell.dmc_id: cell.dmc for cell in held.cells if cell.dmc_id}
    stands = {each.deselection.dmc.public_id: each for each in standing.values()}
    return tuple(_dmc(dmc, name, stands.get(dmc)) for dmc, name in sorted(named.items()))


def _dmc(public_id: str, name: str, standing: Standing | None) -> DmcFact:
    if standing is None:
        return DmcFact(id=public_id, name=name)
    return DmcFact(
        id=public_id,
        name=name,
        state=standing.state,
        referral_open=standing.referral_open,
        sos_says_stop=standing.sos_says_stop,
        # Before the DCC has decided, which DMC it is about is not for all who read facts (13.5).
        decision=standing.deselection.matter.reference if standing.is_decided else None,
    )


@dataclass(frozen=True)
class _Descope:
    """How far the request to de-scope a test has come, and under which matter."""

    state: DescopeState
    matter: str


def _descopes(scope: TestScope, moment: dt.datetime) -> dict[str, _Descope]:
    """Return the requests by planned test's public id; of several, the last."""
    items = list(
        DescopeItem.objects.filter(request__scope=scope, request__recorded_at__lte=moment)
        .order_by("request_id")
        .values_list("planned_test__public_id", "request__matter_id", "request__matter__reference")
    )
    states = states_at(Matter.objects.filter(pk__in={matter for _, matter, _ in items}), moment)
    return {
        test: _Descope(state=DescopeState(states[matter]), matter=reference)
        for test, matter, reference in items
        if matter in states
    }


def _row(row: TestRow, descope: _Descope | None) -> PlannedTestRow:
    return PlannedTestRow(
        id=row.id,
        reference=row.reference,
        kind=TestKind(row.kind),
        status=TestRowStatus(row.status),
        title=row.title,
        dmc=row.dmc_id,
        functional_group=row.functional_group or None,
        provider=row.provider_id,
        versions=row.versions,
        descope=descope.state if descope else None,
        descope_matter=descope.matter if descope else None,
        ran_and_failed=row.ran_and_failed,
    )


def _gap(gap: EvidenceGapRow) -> EvidenceGap:
    reference = f"{gap.reference} on {gap.dmc}" if gap.dmc else gap.reference
    text = "its stored file is gone or no longer matches" if gap.hash_failed else "has no evidence"
    return EvidenceGap(id=gap.id, reference=reference, text=text)
