"""The rulebook alone: judge 40 DMCs × 5 providers × 500 issues, with 10 and with 40 pending disputes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial

from bench import Ratio, median
from svtad.rulebook.bank_holidays import ENGLAND_AND_WALES
from svtad.rulebook.facts import (
    CertificateFact,
    DisputeFact,
    DmcFact,
    EvidenceFact,
    ExecutionEvidence,
    Facts,
    IssueFact,
    IssueLogFact,
    ProviderFact,
    TestCount,
    WorkOffItemFact,
    WorkOffPlanFact,
    facts_sha256,
)
from svtad.rulebook.judge import judge
from svtad.rulebook.vocabulary import (
    Cause,
    CertificateState,
    EvidenceKind,
    EvidenceState,
    IssueState,
    Step,
    TestKind,
    WorkOffPlanState,
)

DMCS, PROVIDERS, ISSUES = 40, 5, 500
SHA = "0" * 64
ROUNDS = 15


def facts_with(disputes: int) -> Facts:
    """A SIT of that size, within its thresholds but for what the disputes may do; deterministic."""
    providers = tuple(ProviderFact(id=f"p{number}", name=f"Provider {number}") for number in range(PROVIDERS))
    kinds = (("3", 15), ("4", 28), ("5", 57))
    severities = [severity for severity, count in kinds for _ in range(count)]
    issues = tuple(
        IssueFact(
            id=f"i{number:04}",
            reference=f"TI-{number:04}",
            title=f"Testing Issue {number}",
            raised_release="MOC",
            raised_phase_kind="SIT",
            severity=severities[number // PROVIDERS % len(severities)],
            provider=f"p{number % PROVIDERS}",
            cause=Cause.DCC_SYSTEM,
            state=IssueState.DETERMINED,
        )
        for number in range(ISSUES)
    )
    fours = [issue for issue in issues if issue.severity == "4"]
    items = tuple(WorkOffItemFact(issue=row.id, reference=row.reference, severity=row.severity) for row in issues)
    reports = tuple(
        EvidenceFact(
            id=f"r{row.id}",
            kind=EvidenceKind.PROVIDER_REPORT,
            state=EvidenceState.ACCEPTED,
            provider=row.id,
            sha256=SHA,
        )
        for row in providers
    )
    assurance = EvidenceFact(
        id="assurance", kind=EvidenceKind.ASSURANCE_REPORT, state=EvidenceState.APPROVED, sha256=SHA, matter="m"
    )
    at = datetime(2019, 10, 1, 12, tzinfo=UTC)
    return Facts(
        document="SVTAD",
        version="1.23",
        programme="bench",
        release="MOC",
        phase_kind="SIT",
        scope="bench",
        as_at=at,
        providers=providers,
        dmcs=tuple(DmcFact(id=f"d{number:02}", name=f"DMC {number}") for number in range(DMCS)),
        test_counts=tuple(
            TestCount(
                dmc=f"d{dmc:02}",
                functional_group="All",
                kind=kind,
                provider=provider.id,
                planned=20,
                executed=20,
                passed=19 if kind is TestKind.FUNCTIONAL else 20,
                failed=1 if kind is TestKind.FUNCTIONAL else 0,
                exit_executed=20 if kind is TestKind.REGRESSION else 0,
                exit_passed=20 if kind is TestKind.REGRESSION else 0,
            )
            for dmc in range(DMCS)
            for provider in providers
            for kind in TestKind
        ),
        stage_exit_versions="5.2",
        issues=issues,
        disputes=tuple(
            DisputeFact(issue=row.id, participant_severity="3" if number % 2 else "5", matter=f"m{number}")
            for number, row in enumerate(fours[:disputes])
        ),
        execution_evidence=ExecutionEvidence(executed=40_000, with_evidence=40_000),
        issue_log=IssueLogFact(id="log", sha256=SHA, generated_at=at, issues=ISSUES),
        issues_raised=ISSUES,
        evidence=(*reports, assurance),
        certificates=tuple(
            CertificateFact(id=f"c{row.id}", provider=row.id, state=CertificateState.ISSUED, issued_on=date(2019, 9, 2))
            for row in providers
        ),
        work_off_plans=(WorkOffPlanFact(id="wop", state=WorkOffPlanState.TAB_APPROVED, sha256=SHA, items=items),),
        precursors=(),
        non_working_days=ENGLAND_AND_WALES,
    )


def milliseconds(work: Callable[[], object]) -> float:
    """The median of some rounds, in processor time: a judgement is shorter than what a busy machine takes away."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append((time.process_time() - started) * 1000)
    return median(times)


def run() -> list[Ratio]:
    """Measure a judgement against its 20 ms, against hashing the same facts, and 40 disputes against 10."""
    ten, forty = (milliseconds(partial(judge, facts_with(disputes), step=Step.COMPLETION)) for disputes in (10, 40))
    hashing = milliseconds(partial(facts_sha256, facts_with(10)))
    size = f"{DMCS} DMCs × {PROVIDERS} providers × {ISSUES} issues"
    return [
        Ratio(f"judge {size}, to 20 ms", ten, 20.0, 1.0, unit="ms"),
        Ratio("40 pending disputes, to 10", forty, ten, 2.0, unit="ms"),
        Ratio("judge, to hashing the facts it judges", ten, hashing, None, unit="ms"),
    ]
