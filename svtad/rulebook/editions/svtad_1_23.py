"""SVTAD v1.23 (SEC Appendix AK): its phase kinds, tables and criteria."""

from __future__ import annotations

from fractions import Fraction

from svtad.rulebook.criteria import (
    approach,
    entry,
    evidence,
    execution,
    overlap,
    regression,
    reports,
    success,
    thresholds,
    work_off,
)
from svtad.rulebook.edition import Criterion, Edition, PhaseKind, StageKind
from svtad.rulebook.editions.svtad_1_23_settings import PARAMETERS, READINGS
from svtad.rulebook.vocabulary import Step

SEVERITIES = ("1", "2", "3", "4", "5")

TABLE_13_2: dict[str, dict[str, int]] = {
    "PIT": {"1": 0, "2": 0, "3": 15, "4": 30, "5": 60},
    "SIT": {"1": 0, "2": 0, "3": 15, "4": 30, "5": 60},
    "INTERFACE": {"1": 0, "2": 0, "3": 5, "4": 10, "5": 20},
    "SCT": {"1": 0, "2": 0, "3": 15, "4": 30, "5": 60},
}
"""Testing Issue Thresholds per DCC Service Provider by severity: inclusive maxima."""

WORK_OFF_DAYS = {"3": 20, "4": 40, "5": 60}
"""15.1(a) to (c): Working Days from the issue of a Test Completion Certificate."""

ENTRY = (Step.ENTRY,)
EXIT = (Step.REPORTS, Step.CERTIFICATES, Step.COMPLETION, Step.PANEL)
FROM_CERTIFICATES = (Step.CERTIFICATES, Step.COMPLETION, Step.PANEL)
PANEL = (Step.PANEL,)

ENTRY_CRITERIA = (
    Criterion(key="12.5(a)", clause="12.5(a)", title="Test plan signed off", judge=entry.plan_signed_off, steps=ENTRY),
    Criterion(
        key="12.5(b)",
        clause="12.5(b)",
        title="Certificates of earlier Test Phases",
        judge=entry.precursor_certificates,
        steps=ENTRY,
    ),
    Criterion(
        key="12.5(c)",
        clause="12.5(c)",
        title="Test specification with TTM",
        judge=entry.specification_prepared,
        steps=ENTRY,
    ),
    Criterion(
        key="12.5(d)",
        clause="12.5(d)",
        title="Test resources in place, secure and ready",
        judge=entry.resources_ready,
        steps=ENTRY,
    ),
    Criterion(
        key="12.5(e)",
        clause="12.5(e)",
        title="Approval to proceed issued",
        judge=entry.approval_to_proceed,
        steps=ENTRY,
    ),
)

APPROACH_DOCUMENT_GATE = Criterion(
    key="12.3",
    clause="12.3",
    title="Testing Approach Document approved",
    judge=entry.approach_document_approved,
    steps=ENTRY,
)

OVERLAP_GATE = Criterion(
    key="5.7",
    clause="5.7",
    title="Overlap of SIT and Interface Testing agreed",
    judge=overlap.overlap_agreed,
    steps=ENTRY,
    only_if=overlap.overlaps_something,
)
REPEAT_GATE = Criterion(
    key="7.3",
    clause="7.3",
    title="Repeated Interface Testing directed",
    judge=overlap.interface_testing_directed,
    steps=ENTRY,
    only_if=overlap.is_a_repetition,
)
OTHER_ENTRY_CRITERIA = Criterion(
    key="12.3-entry",
    clause="12.3",
    title="Entry Criteria of the Testing Approach Document",
    judge=approach.entry_criteria_of_the_approach_document,
    steps=ENTRY,
    only_if=approach.has_entry_criteria,
)

SOLUTION_TEST = StageKind(key="SOLUTION_TEST", title="Solution Test", clause="1")
_MIGRATION_STAGES = (
    StageKind(key="ST", title="Migration ST", clause="MTAD"),
    StageKind(key="DMRT", title="Migration DMRT", clause="MTAD"),
    StageKind(key="REG", title="Regression", clause="MTAD"),
)


def _exit_criteria(*, sit: bool) -> tuple[Criterion, ...]:
    """12.6(a) to (i): the same nine for PIT and SIT, with SIT's numbers from Table 13.1."""
    return (
        Criterion(
            key="12.6(a)",
            clause="12.6(a)",
            title="All planned tests executed",
            judge=execution.planned_tests_executed,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(b)",
            clause="12.6(b)",
            title="Minimum test success rate",
            judge=success.success_rate_sit if sit else success.success_rate_pit,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(c)",
            clause="12.6(c)",
            title="Outstanding Testing Issues within the thresholds",
            judge=thresholds.outstanding_issues,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(d)",
            clause="12.6(d)",
            title="Test results and evidence documented",
            judge=evidence.results_documented,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(e)",
            clause="12.6(e)",
            title="Test issue logs produced",
            judge=evidence.issue_logs_produced,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(f)",
            clause="12.6(f)",
            title="Regression testing completed",
            judge=regression.regression_sit if sit else regression.regression_pit,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(g)",
            clause="12.6(g)",
            title="Work Off Plans for outstanding Testing Issues",
            judge=work_off.work_off_plans_produced,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(h)",
            clause="12.6(h)",
            title="Earlier Work Off Plans completed and re-run",
            judge=work_off.earlier_work_off_plans,
            steps=EXIT,
        ),
        Criterion(
            key="12.6(i)",
            clause="12.6(i)",
            title="Reports produced and certificates issued",
            judge=reports.reports_and_certificates_sit if sit else reports.reports_and_certificates_pit,
            steps=FROM_CERTIFICATES,
        ),
    )


TABLE_13_1 = (
    Criterion(
        key="T13.1-1",
        clause="Table 13.1 row 1",
        title="Functional SIT Execution",
        judge=execution.functional_row,
        steps=EXIT,
        parents=("12.6(a)", "12.6(b)"),
    ),
    Criterion(
        key="T13.1-2",
        clause="Table 13.1 row 2",
        title="SIT Regression Execution",
        judge=regression.regression_row,
        steps=EXIT,
        parents=("12.6(f)",),
    ),
    Criterion(
        key="T13.1-3",
        clause="Table 13.1 row 3",
        title="Testing Issue Thresholds",
        judge=thresholds.extant_issues,
        steps=EXIT,
        parents=("12.6(c)",),
    ),
    Criterion(
        key="T13.1-4",
        clause="Table 13.1 row 4",
        title="Test results documented and evidence captured",
        judge=evidence.results_documented_row,
        steps=EXIT,
        parents=("12.6(d)",),
    ),
    Criterion(
        key="T13.1-5",
        clause="Table 13.1 row 5",
        title="Complete set of Testing Issue logs produced",
        judge=evidence.issue_logs_row,
        steps=EXIT,
        parents=("12.6(e)",),
    ),
    Criterion(
        key="T13.1-6",
        clause="Table 13.1 row 6",
        title="Full Test traceability to the requirements",
        judge=evidence.traceability_to_requirements,
        steps=PANEL,
    ),
    Criterion(
        key="T13.1-7",
        clause="Table 13.1 row 7",
        title="Full Test traceability of executed tests",
        judge=evidence.traceability_of_executed_tests,
        steps=PANEL,
    ),
    Criterion(
        key="T13.1-8",
        clause="Table 13.1 row 8",
        title="DCC assurance report approved",
        judge=reports.assurance_report_approved,
        steps=FROM_CERTIFICATES,
        parents=("12.6(i)",),
    ),
)

THRESHOLDS = Criterion(
    key="13.18",
    clause="13.18",
    title="Testing Issues within the thresholds",
    judge=thresholds.outstanding_issues,
    steps=EXIT,
)
MIGRATION_THRESHOLDS = Criterion(
    key="13.19",
    clause="13.19",
    title="Testing Issues within the thresholds",
    judge=thresholds.thresholds_of_another_document,
    steps=EXIT,
)
WORK_OFF_PLAN = Criterion(
    key="15.1",
    clause="15.1",
    title="Work Off Plan for all open Testing Issues",
    judge=work_off.work_off_plan_at_exit,
    steps=EXIT,
)
OTHER_CRITERIA = Criterion(
    key="12.3",
    clause="12.3",
    title="Criteria of the Testing Approach Document",
    judge=approach.criteria_of_the_approach_document,
    steps=EXIT,
)

_WITHOUT_CERTIFICATES = (Step.ENTRY, Step.REPORTS, Step.COMPLETION)


def _migration(key: str, title: str, *, dormant: bool = True) -> PhaseKind:
    """Active Migration Testing has no DMRT: there is nothing dormant in it (source 004, section 3)."""
    return PhaseKind(
        key=key,
        title=title,
        steps=_WITHOUT_CERTIFICATES,
        criteria=(
            *ENTRY_CRITERIA,
            APPROACH_DOCUMENT_GATE,
            OTHER_ENTRY_CRITERIA,
            MIGRATION_THRESHOLDS,
            WORK_OFF_PLAN,
            OTHER_CRITERIA,
        ),
        entry_document="MTAD",
        criteria_document="MTAD",
        stages=tuple(stage for stage in _MIGRATION_STAGES if dormant or stage.key != "DMRT"),
    )


PHASE_KINDS = (
    PhaseKind(
        key="PIT",
        title="Pre-Integration Testing",
        steps=(Step.ENTRY, Step.REPORTS, Step.CERTIFICATES, Step.COMPLETION),
        criteria=(*ENTRY_CRITERIA, *_exit_criteria(sit=False)),
        limits=TABLE_13_2["PIT"],
    ),
    PhaseKind(
        key="SIT",
        title="Systems Integration Testing",
        steps=tuple(Step),
        criteria=(*ENTRY_CRITERIA, OVERLAP_GATE, *_exit_criteria(sit=True), *TABLE_13_1),
        limits=TABLE_13_2["SIT"],
        stages=(SOLUTION_TEST,),
        exclusions=True,
        considered_clause="13.22",
        considered_kinds=("SCT",),
    ),
    PhaseKind(
        key="INTERFACE",
        title="User Testing Services: SMETS1 Interface Testing",
        steps=_WITHOUT_CERTIFICATES,
        criteria=(
            *ENTRY_CRITERIA,
            OVERLAP_GATE,
            REPEAT_GATE,
            APPROACH_DOCUMENT_GATE,
            OTHER_ENTRY_CRITERIA,
            THRESHOLDS,
            WORK_OFF_PLAN,
            OTHER_CRITERIA,
        ),
        limits=TABLE_13_2["INTERFACE"],
        exclusions=True,
        considered_clause="13.23",
        presented=True,
        entry_document="UTSAD",
        criteria_document="UTSAD",
    ),
    PhaseKind(
        key="SCT",
        title="System Capacity Testing",
        steps=_WITHOUT_CERTIFICATES,
        criteria=(*ENTRY_CRITERIA, OTHER_ENTRY_CRITERIA, THRESHOLDS, WORK_OFF_PLAN, OTHER_CRITERIA),
        limits=TABLE_13_2["SCT"],
        criteria_document="SCTAD",
    ),
    _migration("ACTIVE_MMT", "Active Meter Migration Testing", dormant=False),
    _migration("DORMANT_MMT", "Dormant Meter Migration Testing"),
    _migration("MIXED_MMT", "Mixed Meter Migration Testing"),
)

EDITION = Edition(
    document="SVTAD",
    version="1.23",
    title="SEC Variation Testing Approach Document for SMETS1 Services, version 1.23",
    phase_kinds=PHASE_KINDS,
    severities=SEVERITIES,
    releases=("IOC", "MOC", "FOC"),
    functional_pass_rate=Fraction(9, 10),
    work_off_days=WORK_OFF_DAYS,
    presented_always=("1", "2", "3"),
    ttm_exempt=("SIT", "IOC"),
    overlap=frozenset(("SIT", "INTERFACE")),
    readiness={
        "laboratories": "Test laboratories",
        "devices": "SMETS1 Devices",
        "tools": "Tools",
        "stubs": "Stubs",
        "environments": "Environments",
        "data": "Data",
    },
    release_phases={
        "PIT": ("PIT",),
        "SIT": ("SIT",),
        "SCT": ("SCT",),
        "MT": ("ACTIVE_MMT", "DORMANT_MMT", "MIXED_MMT"),
    },
    repeated_kind="INTERFACE",
    parameters=PARAMETERS,
    readings=READINGS,
)
"""SVTAD v1.23."""
