"""A realistic SIT, made up and labelled so: 6 DMCs, 8 functional groups, 4 providers, about 60 issues.

The facts are written down, judged by the rulebook, and stored as the gates app stores an assessment.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import random
from dataclasses import replace

from svtad.rulebook.facts import (
    CertificateFact,
    CountDecisionFact,
    DisputeFact,
    DmcFact,
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
    Statement,
    TestCount,
    WorkOffItemFact,
    WorkOffPlanFact,
)
from svtad.rulebook.vocabulary import (
    Cause,
    CertificateState,
    CountState,
    DescopeState,
    EvidenceKind,
    EvidenceState,
    ExclusionState,
    IssueState,
    LeftReason,
    TestKind,
    TestRowStatus,
    WorkOffItemState,
    WorkOffPlanState,
)

AS_AT = dt.datetime(2026, 6, 18, 14, 5, tzinfo=dt.UTC)

PROVIDERS = (
    ("prov-data", "Dataline Services"),
    ("prov-north", "Northern Comms"),
    ("prov-south", "Southern Comms"),
    ("prov-smso", "Meterbridge SMSO"),
)
DMCS = (
    ("dmc-1", "DMC-101 Arden CH, Bram ESME, Bram GSME"),
    ("dmc-2", "DMC-102 Arden CH, Bram ESME"),
    ("dmc-3", "DMC-103 Arden CH, Calder ESME, Calder GSME"),
    ("dmc-4", "DMC-201 Derwent CH, Esk ESME, Esk GSME"),
    ("dmc-5", "DMC-202 Derwent CH, Esk ESME, Foss GSME, Foss PPMID"),
    ("dmc-6", "DMC-301 Garnock CH, Humber ESME"),
)
GROUPS = (
    "Change of supplier",
    "Device management",
    "Firmware",
    "Inventory and commissioning",
    "Power outage and alerts",
    "Prepayment",
    "Readings and profile data",
    "Tariff and payment mode",
)
_TITLES = (
    "Acknowledgement of the service request is lost after a link change",
    "Alert carries the wrong device identifier",
    "Commissioning stalls when the Communications Hub restarts",
    "Daily read log is returned one hour early after the clock change",
    "Firmware activation reports success before the device has restarted",
    "Future-dated response is delivered twice",
    "Inventory shows the previous GSME after a replacement",
    "Meter balance is rounded to the nearest pound",
    "Non-disablement calendar is accepted with overlapping days",
    "Payment mode change is rejected without a response code",
    "Prepayment top-up is accepted on a disabled supply",
    "Profile data stops at the thirteenth month",
    "Response to a read request exceeds the target time under load",
    "Security credentials update leaves the old certificate in use",
    "Tariff label is truncated to ten characters",
)


def digest(text: str) -> str:
    """A SHA-256 that looks like one."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_counts() -> tuple[TestCount, ...]:
    """Every DMC × group planned, but one DMC without prepayment; two DMCs short of what they need."""
    made = random.Random(17)
    cells = []
    for index, (dmc, _) in enumerate(DMCS):
        for place, group in enumerate(GROUPS):
            if dmc == "dmc-6" and group == "Prepayment":
                continue
            planned = made.randint(18, 34)
            descoped = 2 if (dmc, place) == ("dmc-2", 3) else 0
            due = planned - descoped
            failed = made.choice((0, 0, 1, 1, 2)) + (6 if (dmc, place) in (("dmc-4", 2), ("dmc-4", 5)) else 0)
            not_run = 1 if (dmc, place) == ("dmc-4", 4) else 0
            passed = due - failed - not_run
            cells.append(
                TestCount(
                    dmc=dmc,
                    functional_group=group,
                    kind=TestKind.FUNCTIONAL,
                    provider=PROVIDERS[(index + place) % 4][0],
                    planned=planned,
                    descoped=descoped,
                    executed=due - not_run,
                    passed=passed,
                    failed=failed,
                    not_run=not_run,
                    assured_passed=max(0, passed - made.randint(0, 3)),
                )
            )
        cells.append(
            TestCount(
                dmc=dmc,
                functional_group="Regression set",
                kind=TestKind.REGRESSION,
                provider=PROVIDERS[index % 4][0],
                planned=35,
                executed=35,
                passed=35,
                assured_passed=30,
                exit_executed=35,
                exit_passed=35,
            )
        )
    cells.append(
        TestCount(
            dmc=None,
            functional_group="Self-service interface",
            kind=TestKind.FUNCTIONAL,
            provider="prov-data",
            planned=40,
            executed=40,
            passed=39,
            failed=1,
            assured_passed=39,
        )
    )
    return tuple(cells)


def test_rows(cells: tuple[TestCount, ...]) -> tuple[PlannedTestRow, ...]:
    """One row per planned test that did not simply pass, as many as the counts say."""
    rows = []
    for cell in cells:
        short = next((name.split()[0] for key, name in DMCS if key == cell.dmc), "NODMC")
        prefix = f"{short}-{GROUPS.index(cell.functional_group) + 1 if cell.functional_group in GROUPS else 'R'}"
        wanted = [
            (TestRowStatus.FAILED, cell.failed),
            (TestRowStatus.NOT_RUN, cell.not_run),
            (TestRowStatus.DESCOPED, cell.descoped),
        ]
        if cell.kind is TestKind.REGRESSION:
            wanted.append((TestRowStatus.WRONG_VERSION, cell.due - cell.exit_executed))
        number = 0
        for status, times in wanted:
            for _ in range(times):
                number += 1
                pending = status is TestRowStatus.NOT_RUN and number == cell.failed + 1
                rows.append(
                    PlannedTestRow(
                        id=f"test-{prefix}-{number}",
                        reference=f"SIT-{prefix}-{number:03d}",
                        kind=cell.kind,
                        status=status,
                        title=f"{cell.functional_group}: scenario {number}, installation as supplied",
                        dmc=cell.dmc,
                        functional_group=cell.functional_group,
                        provider=cell.provider,
                        versions="DSP 5.1, CH 4.2" if status is TestRowStatus.WRONG_VERSION else None,
                        descope=(
                            DescopeState.SOS_APPROVED
                            if status is TestRowStatus.DESCOPED
                            else DescopeState.AWAITING_SOS
                            if pending
                            else None
                        ),
                        descope_matter="M-0002" if status is TestRowStatus.DESCOPED else "M-0005" if pending else None,
                        ran_and_failed=status is TestRowStatus.DESCOPED and number == cell.failed + 1,
                    )
                )
    return tuple(rows)


def issues() -> tuple[IssueFact, ...]:
    """59 issues of SIT: one provider at its limit at severity 3 with a dispute that could carry it over."""
    spread = {
        "prov-data": {"3": 6, "4": 9, "5": 5},
        "prov-north": {"3": 15, "4": 3, "5": 1},
        "prov-south": {"2": 1, "3": 3, "4": 4},
        "prov-smso": {"4": 5, "5": 5},
    }
    made: list[IssueFact] = []
    for provider, by_severity in spread.items():
        for severity, times in by_severity.items():
            for _ in range(times):
                number = len(made) + 1
                carried = number % 9 == 0
                made.append(
                    IssueFact(
                        id=f"issue-{number:03d}",
                        reference=f"TI-{number:04d}",
                        title=_TITLES[number % len(_TITLES)],
                        raised_release="IOC" if carried else "MOC",
                        raised_phase_kind="SIT",
                        severity=severity,
                        provider=provider,
                        cause=Cause.DCC_SYSTEM,
                        state=(IssueState.DETERMINED, IssueState.IN_FIX, IssueState.FIXED, IssueState.RETEST)[
                            number % 4
                        ],
                    )
                )
    made.append(
        IssueFact(
            id="issue-rejected",
            reference="TI-0090",
            title="Read request times out when the meter is switched off",
            raised_release="MOC",
            raised_phase_kind="SIT",
            severity="4",
            provider="prov-north",
            cause=Cause.DCC_SYSTEM,
            state=IssueState.REJECTED,
            left=LeftCount(
                reason=LeftReason.REJECTED,
                determination="DET-17",
                reasons="Works as specified: the request is answered after supply returns.",
            ),
        )
    )
    made.append(
        IssueFact(
            id="issue-device",
            reference="TI-0091",
            title="In-home display shows yesterday's price until noon",
            raised_release="MOC",
            raised_phase_kind="SIT",
            severity="3",
            provider=None,
            cause=Cause.DEVICE,
            state=IssueState.IN_FIX,
            left=LeftCount(
                reason=LeftReason.NOT_DCC_CAUSED,
                determination="DET-18",
                reasons="The display's own cache; reproduced without the DCC Total System.",
            ),
        )
    )
    return tuple(made)


def sct_issues() -> tuple[IssueFact, ...]:
    """Two open issues of SCT that TAG was asked about (13.22)."""
    return tuple(
        IssueFact(
            id=f"issue-sct-{number}",
            reference=f"TI-020{number}",
            title=title,
            raised_release="MOC",
            raised_phase_kind="SCT",
            severity="3",
            provider="prov-data",
            cause=Cause.DCC_SYSTEM,
            state=IssueState.DETERMINED,
        )
        for number, title in (
            (1, "Throughput falls by a third while the weekly key update runs"),
            (2, "Queue of alerts is not drained within the hour after an outage"),
        )
    )


def evidence() -> tuple[EvidenceFact, ...]:
    """Reports of 9.4 from three of four providers, a 9.5 report before the TAB, and the SIT Audit Report."""
    rows = [
        EvidenceFact(
            id=f"evidence-94-{provider}",
            kind=EvidenceKind.PROVIDER_REPORT,
            state=EvidenceState.ACCEPTED,
            title=f"{name} SIT report",
            provider=provider,
            sha256=digest(f"report {provider}"),
        )
        for provider, name in PROVIDERS[:3]
    ]
    others = (
        ("95", EvidenceKind.ASSURANCE_REPORT, EvidenceState.PRESENTED, "SIT assurance report", ()),
        ("ttm", EvidenceKind.TTM, EvidenceState.SIGNED_OFF, "MOC traceability", ()),
        ("heatmap", EvidenceKind.TEST_HEATMAP, EvidenceState.FINAL, "MOC SIT heatmap", ()),
        (
            "audit",
            EvidenceKind.SIT_AUDIT_REPORT,
            EvidenceState.FINAL,
            "SIT audit of MOC",
            tuple(Statement(clause=f"19.4({letter})", confirmed=letter != "b") for letter in "abcdef"),
        ),
    )
    rows += [
        EvidenceFact(
            id=f"evidence-{key}", kind=kind, state=state, title=title, sha256=digest(key), statements=statements
        )
        for key, kind, state, title, statements in others
    ]
    return tuple(rows)


def facts() -> Facts:
    """The whole SIT: every verdict occurs among its criteria."""
    cells = test_counts()
    known = issues()
    considered = sct_issues()
    executed = sum(cell.executed for cell in cells)
    return Facts(
        document="SVTAD",
        version="1.23",
        programme="Smart metering demonstration programme",
        release="MOC",
        phase_kind="SIT",
        scope="scope-moc-sit",
        as_at=AS_AT,
        title="Systems Integration Testing",
        watermark="run-48213",
        providers=tuple(ProviderFact(id=key, name=name) for key, name in PROVIDERS),
        dmcs=tuple(DmcFact(id=key, name=name) for key, name in DMCS),
        test_counts=cells,
        test_rows=test_rows(cells),
        stage_exit_versions=None,
        issues=known,
        exclusions=(
            ExclusionFact(issue="issue-040", state=ExclusionState.TAG_AGREED, matter="M-0001"),
            ExclusionFact(issue="issue-021", state=ExclusionState.PROPOSED, matter="M-0003"),
        ),
        disputes=(DisputeFact(issue="issue-036", participant_severity="3", matter="M-0004"),),
        considered_issues=considered,
        count_decisions=(
            CountDecisionFact(issue="issue-sct-1", state=CountState.COUNT, matter="M-0006"),
            CountDecisionFact(issue="issue-sct-2", state=CountState.NOT_COUNT, matter="M-0007"),
        ),
        execution_evidence=ExecutionEvidence(
            executed=executed,
            with_evidence=executed - 40,
            no_file_needed=40,
        ),
        issue_log=IssueLogFact(
            id="log-1",
            sha256=digest("log"),
            generated_at=AS_AT - dt.timedelta(hours=4),
            issues=74,
        ),
        issues_raised=74,
        last_issue_raised_at=AS_AT - dt.timedelta(days=2),
        last_execution_at=AS_AT - dt.timedelta(days=1),
        evidence=evidence(),
        certificates=(
            CertificateFact(
                id="certificate-1",
                provider="prov-data",
                state=CertificateState.ISSUED,
                issued_on=dt.date(2026, 6, 12),
                reference="TCC-MOC-SIT-01",
            ),
        ),
        work_off_plans=tuple(
            WorkOffPlanFact(
                id=f"plan-{provider}",
                state=WorkOffPlanState.TAB_APPROVED,
                reference=f"WOP-000{place + 4}",
                provider=provider,
                sha256=digest(f"plan {provider}"),
                items=tuple(
                    WorkOffItemFact(
                        issue=issue.id, reference=issue.reference, severity=issue.severity, provider=issue.provider
                    )
                    for issue in (*known, *considered)
                    if issue.provider == provider or (issue.provider is None and provider == "prov-data")
                ),
            )
            for place, (provider, _) in enumerate(PROVIDERS)
        ),
        precursors=(
            PrecursorPhase(
                scope="scope-moc-pit",
                title="MOC PIT",
                phase_kind="PIT",
                release="MOC",
                providers=("prov-data",),
                work_off_plans=(
                    WorkOffPlanFact(
                        id="plan-0",
                        state=WorkOffPlanState.COMPLETE,
                        reference="WOP-0003",
                        provider="prov-data",
                        sha256=digest("plan 0"),
                        items=(
                            WorkOffItemFact(
                                issue="issue-pit",
                                reference="TI-0002",
                                state=WorkOffItemState.RERUN_PASSED,
                                severity="4",
                                provider="prov-data",
                            ),
                        ),
                    ),
                ),
            ),
        ),
        parameters=(
            ParameterFact(
                key="disputes.severities",
                value="between",
                source="Reading note 4",
                approver="Head of Test Assurance",
                effective_from=dt.date(2026, 1, 5),
            ),
        ),
        non_working_days=(dt.date(2026, 4, 3), dt.date(2026, 4, 6), dt.date(2026, 5, 4), dt.date(2026, 5, 25)),
    )


def many(base: Facts, *, open_issues: int, open_tests: int) -> Facts:
    """The same SIT with long lists: `open_issues` of SIT and `open_tests` that failed."""
    made = random.Random(5)
    listed = tuple(
        IssueFact(
            id=f"issue-n{number:05d}",
            reference=f"TI-{number:05d}",
            title=_TITLES[number % len(_TITLES)],
            raised_release="MOC",
            raised_phase_kind="SIT",
            severity=made.choice("345"),
            provider=made.choice(PROVIDERS)[0],
            cause=Cause.DCC_SYSTEM,
            state=IssueState.IN_FIX,
        )
        for number in range(open_issues)
    )
    cells = []
    rows = []
    keys = [(dmc, group) for dmc, _ in DMCS for group in GROUPS]
    for place, (dmc, group) in enumerate(keys):
        failed = open_tests // len(keys) + (place < open_tests % len(keys))
        cells.append(
            TestCount(
                dmc=dmc,
                functional_group=group,
                kind=TestKind.FUNCTIONAL,
                provider=PROVIDERS[place % 4][0],
                planned=failed * 10 or 1,
                executed=failed * 10 or 1,
                passed=failed * 9 or 1,
                failed=failed,
            )
        )
        rows += [
            PlannedTestRow(
                id=f"test-{place}-{number}",
                reference=f"SIT-{place:02d}-{number:05d}",
                kind=TestKind.FUNCTIONAL,
                status=TestRowStatus.FAILED,
                title=f"{group}: scenario {number}",
                dmc=dmc,
                functional_group=group,
                provider=PROVIDERS[place % 4][0],
            )
            for number in range(failed)
        ]
    return replace(
        base,
        issues=listed,
        exclusions=(),
        disputes=(),
        work_off_plans=(),
        test_counts=tuple(cells),
        test_rows=tuple(rows),
        execution_evidence=None,
    )
