"""Short ways to write facts down in a test: a SIT in which everything is met, and what to change about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from svtad.rulebook.bank_holidays import ENGLAND_AND_WALES
from svtad.rulebook.facts import (
    ApprovalToProceedFact,
    CertificateFact,
    CountDecisionFact,
    DisputeFact,
    DmcFact,
    EntryFacts,
    EvidenceFact,
    ExclusionFact,
    ExecutionEvidence,
    Facts,
    IssueFact,
    IssueLogFact,
    LeftCount,
    ParameterFact,
    PlannedTestRow,
    PrecursorPhase,
    ProviderFact,
    ReadinessItem,
    Statement,
    TestCount,
    WorkOffItemFact,
    WorkOffPlanFact,
)
from svtad.rulebook.vocabulary import (
    ApprovalState,
    Cause,
    CertificateState,
    CountState,
    EvidenceKind,
    EvidenceState,
    ExclusionState,
    IssueState,
    TestKind,
    TestRowStatus,
    WorkOffItemState,
    WorkOffPlanState,
)

AS_AT = datetime(2019, 10, 1, 12, tzinfo=UTC)
SHA = "a" * 64
A, B, C = "prov-a", "prov-b", "prov-c"
PROVIDERS = (
    ProviderFact(id=A, name="Provider A"),
    ProviderFact(id=B, name="Provider B"),
    ProviderFact(id=C, name="Provider C"),
)


def cell(
    dmc: str | None,
    passed: int,
    planned: int,
    *,
    executed: int | None = None,
    descoped: int = 0,
    assured: int = 0,
    kind: TestKind = TestKind.FUNCTIONAL,
    group: str = "Core",
    on_exit: tuple[int, int] | None = None,
) -> TestCount:
    """`passed` of `planned` tests; all that are not de-scoped executed unless said otherwise."""
    ran = planned - descoped if executed is None else executed
    regression = kind is TestKind.REGRESSION
    exit_executed, exit_passed = on_exit or ((ran, passed) if regression else (0, 0))
    return TestCount(
        dmc=dmc,
        functional_group=group,
        kind=kind,
        provider=None,
        planned=planned,
        descoped=descoped,
        executed=ran,
        passed=passed,
        failed=ran - passed,
        not_run=planned - descoped - ran,
        assured_passed=assured,
        exit_executed=exit_executed,
        exit_passed=exit_passed,
    )


def regression(passed: int, planned: int, **more: Any) -> TestCount:
    """A cell of regression tests on DMC A, run on the stage exit versions unless `on_exit` says otherwise."""
    return cell("dmc-a", passed, planned, kind=TestKind.REGRESSION, **more)


def row(
    id: str,
    status: TestRowStatus,
    *,
    dmc: str | None = "dmc-a",
    kind: TestKind = TestKind.FUNCTIONAL,
    **more: Any,
) -> PlannedTestRow:
    """A listed planned test."""
    return PlannedTestRow(id=id, reference=id.upper(), kind=kind, status=status, dmc=dmc, **more)


def issue(
    id: str,
    severity: str | None = "3",
    provider: str | None = A,
    *,
    release: str = "MOC",
    kind: str = "SIT",
    cause: Cause = Cause.DCC_SYSTEM,
    state: IssueState = IssueState.DETERMINED,
    left: LeftCount | None = None,
    eligible: bool | None = None,
) -> IssueFact:
    """An open issue of MOC SIT at provider A, unless said otherwise."""
    return IssueFact(
        id=id,
        reference=id.upper(),
        title=f"Issue {id}",
        raised_release=release,
        raised_phase_kind=kind,
        severity=severity,
        provider=provider,
        cause=cause,
        state=state,
        left=left,
        eligibility_complete=eligible,
    )


def issues(
    count: int, severity: str = "3", provider: str = A, *, prefix: str = "i", **more: Any
) -> tuple[IssueFact, ...]:
    """`count` issues alike, with their own ids."""
    return tuple(
        issue(f"{prefix}{severity}-{provider}-{number:03}", severity, provider, **more) for number in range(count)
    )


def exclusion(of: str, state: ExclusionState) -> ExclusionFact:
    """An exclusion proposal and its matter."""
    return ExclusionFact(issue=of, state=state, matter=f"matter-{of}")


def dispute(of: str, claimed: str, **more: Any) -> DisputeFact:
    """A pending dispute: the participant holds `claimed` right."""
    return DisputeFact(issue=of, participant_severity=claimed, matter=f"dispute-{of}-{claimed}", **more)


def decision(of: str, state: CountState) -> CountDecisionFact:
    """Whether an issue from elsewhere counts."""
    return CountDecisionFact(issue=of, state=state, matter=f"count-{of}")


def parameter(key: str, value: str | None) -> ParameterFact:
    """A value that an administrator set."""
    return ParameterFact(key=key, value=value, source="a decision", approver="the TAB", effective_from=date(2019, 5, 1))


def evidence(kind: EvidenceKind, state: EvidenceState, provider: str | None = None, **more: Any) -> EvidenceFact:
    """An attached, hashed piece of evidence."""
    values: dict[str, Any] = {
        "id": f"{kind.lower()}-{provider or 'phase'}",
        "title": kind.replace("_", " ").capitalize(),
        "sha256": SHA,
        **more,
    }
    return EvidenceFact(kind=kind, state=state, provider=provider, **values)


def certificate(provider: str, state: CertificateState = CertificateState.ISSUED, **more: Any) -> CertificateFact:
    """A Test Completion Certificate."""
    values: dict[str, Any] = {"id": f"tcc-{provider}", "reference": f"TCC-{provider}", **more}
    return CertificateFact(provider=provider, state=state, **values)


def plan(
    *of: IssueFact, id: str = "wop", state: WorkOffPlanState = WorkOffPlanState.TAB_APPROVED, **more: Any
) -> WorkOffPlanFact:
    """A Work Off Plan that holds these issues."""
    values: dict[str, Any] = {"sha256": SHA, "reference": id.upper(), **more}
    items = tuple(item(one) for one in of)
    return WorkOffPlanFact(id=id, state=state, items=items, **values)


def item(of: IssueFact, state: WorkOffItemState = WorkOffItemState.OPEN, **more: Any) -> WorkOffItemFact:
    """An item of a Work Off Plan."""
    return WorkOffItemFact(
        issue=of.id, reference=of.reference, state=state, severity=of.severity, provider=of.provider, **more
    )


def precursor(*items: WorkOffItemFact, kind: str = "PIT", **more: Any) -> PrecursorPhase:
    """A PIT of the same release, all of whose providers hold a certificate."""
    values: dict[str, Any] = {
        "scope": f"{kind.lower()}-scope",
        "title": f"{kind} of MOC",
        "release": "MOC",
        "providers": (A, B, C),
        "certificates": tuple(certificate(provider) for provider in (A, B, C)),
        "work_off_plans": (
            WorkOffPlanFact(id=f"{kind}-wop", state=WorkOffPlanState.TAB_APPROVED, items=items, sha256=SHA),
        ),
        **more,
    }
    return PrecursorPhase(phase_kind=kind, **values)


def reports(*providers: str) -> tuple[EvidenceFact, ...]:
    """A 9.4 report of each provider and one approved assurance report for the phase."""
    return (
        *(evidence(EvidenceKind.PROVIDER_REPORT, EvidenceState.SUBMITTED, provider) for provider in providers),
        evidence(EvidenceKind.ASSURANCE_REPORT, EvidenceState.APPROVED, matter="tab-1"),
    )


def audited(**confirmed: bool) -> tuple[EvidenceFact, ...]:
    """TTM, heatmap and a final SIT Audit Report that confirms 19.4(a) and (b) unless said otherwise."""
    answers = {"19.4(a)": confirmed.get("a", True), "19.4(b)": confirmed.get("b", True)}
    return (
        evidence(EvidenceKind.TTM, EvidenceState.ACCEPTED),
        evidence(EvidenceKind.TEST_HEATMAP, EvidenceState.ACCEPTED),
        evidence(
            EvidenceKind.SIT_AUDIT_REPORT,
            EvidenceState.FINAL,
            statements=tuple(Statement(clause=clause, confirmed=holds) for clause, holds in answers.items()),
        ),
    )


def sit(**changes: Any) -> Facts:
    """MOC SIT of three providers in which every criterion is met at every step; `changes` replace fields."""
    values: dict[str, Any] = {
        "document": "SVTAD",
        "version": "1.23",
        "programme": "SMETS1",
        "release": "MOC",
        "phase_kind": "SIT",
        "scope": "moc-sit",
        "title": "SIT of MOC",
        "as_at": AS_AT,
        "watermark": "run-1",
        "providers": PROVIDERS,
        "dmcs": (DmcFact(id="dmc-a", name="DMC A"), DmcFact(id="dmc-b", name="DMC B")),
        "test_counts": (cell("dmc-a", 100, 100), cell("dmc-b", 18, 20), regression(150, 150)),
        "stage_exit_versions": "5.2",
        "execution_evidence": ExecutionEvidence(executed=270, with_evidence=270),
        "issue_log": IssueLogFact(id="log", sha256=SHA, generated_at=datetime(2019, 9, 30, 17, tzinfo=UTC), issues=12),
        "issues_raised": 12,
        "last_issue_raised_at": datetime(2019, 9, 30, 9, tzinfo=UTC),
        "last_execution_at": datetime(2019, 9, 30, 16, tzinfo=UTC),
        "evidence": (*reports(A, B, C), *audited()),
        "certificates": tuple(certificate(provider, issued_on=date(2019, 9, 30)) for provider in (A, B, C)),
        "precursors": (precursor(),),
        "non_working_days": ENGLAND_AND_WALES,
        **changes,
    }
    return Facts(**values)


def pit(**changes: Any) -> Facts:
    """MOC PIT of provider A with its two parameters set, every criterion met."""
    values: dict[str, Any] = {
        "phase_kind": "PIT",
        "scope": "moc-pit-a",
        "title": "PIT of MOC, Provider A",
        "providers": (PROVIDERS[0],),
        "test_counts": (cell(None, 95, 100), regression(10, 10, group="Regression")),
        "evidence": reports(A),
        "certificates": (certificate(A),),
        "precursors": (),
        "parameters": (
            parameter("pit.minimum_pass_rate", "95%"),
            parameter("pit.regression_pass_rate", "100%"),
        ),
        **changes,
    }
    return sit(**values)


def entry_of(facts: Facts, **changes: Any) -> Facts:
    """Make a phase one whose entry criteria are met; `changes` replace fields of its entry facts."""
    ready = EntryFacts(
        readiness=tuple(
            ReadinessItem(item=name, in_place=True, secure=True, ready=True)
            for name in ("laboratories", "devices", "tools", "stubs", "environments", "data")
        ),
        approval_to_proceed=ApprovalToProceedFact(id="atp", state=ApprovalState.ISSUED, reference="ATP-1"),
    )
    signed = tuple(
        evidence(EvidenceKind.TEST_PLAN, EvidenceState.SIGNED_OFF, provider.id)
        for provider in facts.providers
        if provider.owes_evidence
    )
    papers = (
        *signed,
        evidence(EvidenceKind.TEST_SPECIFICATION, EvidenceState.ISSUED),
        evidence(EvidenceKind.TTM, EvidenceState.ACCEPTED),
    )
    return replace(facts, evidence=papers, entry=replace(ready, **changes))


def with_plan(facts: Facts) -> Facts:
    """Put every open issue in one approved Work Off Plan, so that only what a test is about is judged."""
    return replace(facts, work_off_plans=(plan(*(one for one in facts.issues if one.state.is_open)),))
