"""SVTAD v1.23: the values it leaves open, and our readings where it is silent. The one place where they stand."""

from __future__ import annotations

from svtad.rulebook.edition import FixedReading, ParameterKind, ParameterSpec
from svtad.rulebook.vocabulary import CarryOverReading, DisputeReading

_YES_NO_DEFAULT = "no"


_NAMES = {
    "INTERFACE": "SMETS1 Interface Testing",
    "ACTIVE_MMT": "Active Meter Migration Testing",
    "DORMANT_MMT": "Dormant Meter Migration Testing",
    "MIXED_MMT": "Mixed Meter Migration Testing",
}


def _precursors(phase_kind: str, default: str | None = None) -> ParameterSpec:
    return ParameterSpec(
        key=f"precursors.{phase_kind}",
        title=f"Which Test Phase comes before {_NAMES.get(phase_kind, phase_kind)}",
        kind=ParameterKind.CHOICE,
        clause="12.5(b)",
        why="12.5(b) speaks of any precursor Test Phase; no clause lists the order of Test Phases.",
        choices={
            "none": "No Test Phase comes before it.",
            "PIT": "PIT of the same release.",
            "SIT": "SIT of the same release.",
        },
        default=default,
        phase_kinds=(phase_kind,),
    )


PARAMETERS: tuple[ParameterSpec, ...] = (
    _precursors("PIT", "none"),
    _precursors("SIT", "PIT"),
    _precursors("INTERFACE", "SIT"),
    _precursors("SCT"),
    _precursors("ACTIVE_MMT"),
    _precursors("DORMANT_MMT"),
    _precursors("MIXED_MMT"),
    ParameterSpec(
        key="pit.minimum_pass_rate",
        title="Minimum test success rate of PIT",
        kind=ParameterKind.RATE,
        clause="12.6(b)",
        why="12.6(b) points to the relevant Testing Approach Document; none exists for PIT.",
        phase_kinds=("PIT",),
    ),
    ParameterSpec(
        key="pit.pass_rate_scope",
        title="What the PIT success rate is taken over",
        kind=ParameterKind.CHOICE,
        clause="12.6(b)",
        why="12.6(b) does not say over which tests the rate is taken.",
        choices={
            "per_dmc": "Each DMC must reach the minimum by itself, as in SIT.",
            "phase": "All planned functional tests of the phase together must reach the minimum.",
        },
        default="per_dmc",
        phase_kinds=("PIT",),
    ),
    ParameterSpec(
        key="pit.regression_pass_rate",
        title="Share of planned regression tests that must pass in PIT",
        kind=ParameterKind.RATE,
        clause="12.6(f)",
        why="12.6(f) points to the relevant Testing Approach Document; none exists for PIT.",
        phase_kinds=("PIT",),
    ),
    ParameterSpec(
        key="pit.regression_on_exit_versions",
        title="Whether PIT regression counts only on the stage exit versions",
        kind=ParameterKind.BOOLEAN,
        clause="12.6(f)",
        why="Table 13.1 row 2 says so for SIT; for PIT nothing is said.",
        choices={
            "yes": "Only runs on the stage exit versions count, as in SIT.",
            "no": "Runs on any version count.",
        },
        default="yes",
        phase_kinds=("PIT",),
    ),
    ParameterSpec(
        key="pass_rate.assured_only",
        title="Whether only passes that the DCC assured count",
        kind=ParameterKind.BOOLEAN,
        clause="9.5(b)",
        why="The text does not say whether recorded passes or passes assured by the DCC make up the rate.",
        choices={
            "no": "Recorded passes count; the number that the DCC assured stands beside them.",
            "yes": "Only passes that the DCC assured count.",
        },
        default=_YES_NO_DEFAULT,
    ),
    ParameterSpec(
        key="regression.descope_allowed",
        title="Whether a regression test of SIT can be de-scoped",
        kind=ParameterKind.BOOLEAN,
        clause="Table 13.1 row 2",
        why="Row 1 leaves de-scoped tests out and row 2 does not, while 12.6(a) speaks of any planned test.",
        choices={
            "no": "Row 2 has no exception: every planned regression test must be executed and pass.",
            "yes": "A finally de-scoped regression test leaves row 2, as 12.6(a) lets any planned test.",
        },
        default=_YES_NO_DEFAULT,
        phase_kinds=("SIT",),
    ),
    ParameterSpec(
        key="disputes.severities",
        title="Which severities TAG may choose in a severity dispute",
        kind=ParameterKind.CHOICE,
        clause="14.2",
        why="TAG decides the matter; which severities it may choose is not stated.",
        choices={
            DisputeReading.BETWEEN.value: "Any severity from the DCC's to the participant's, both included.",
            DisputeReading.EITHER.value: "Only the DCC's severity or the participant's.",
            DisputeReading.ANY.value: "Any severity.",
        },
        default=DisputeReading.BETWEEN.value,
    ),
    ParameterSpec(
        key="carry_over.releases",
        title="From which earlier releases open issues are carried over",
        kind=ParameterKind.CHOICE,
        clause="13.18",
        why='"IOC or MOC (as the case may be)" may mean, for FOC, both or only the one before.',
        choices={
            CarryOverReading.ALL_EARLIER.value: "Open issues of every earlier release count: for FOC both IOC and MOC.",
            CarryOverReading.IMMEDIATELY_PRECEDING.value: "Only open issues of the release just before count.",
        },
        default=CarryOverReading.ALL_EARLIER.value,
    ),
    ParameterSpec(
        key="working_days.jurisdiction",
        title="Whose bank holidays are no Working Days",
        kind=ParameterKind.CHOICE,
        clause="SEC Section A",
        why="The definition of Working Day is not held; it names no nation in what is known of it.",
        choices={
            "england_and_wales": "Bank holidays of England and Wales.",
            "scotland": "Bank holidays of Scotland.",
            "northern_ireland": "Bank holidays of Northern Ireland.",
            "great_britain": "Bank holidays of England and Wales or of Scotland.",
            "united_kingdom": "Bank holidays of any part of the United Kingdom.",
        },
        default="england_and_wales",
    ),
    ParameterSpec(
        key="working_days.counting",
        title="How Working Days are counted",
        kind=ParameterKind.CHOICE,
        clause="15.1",
        why="The text states no counting rule.",
        choices={
            "day_after_is_first": "The day of the trigger is not counted; the period ends with the last Working Day.",
            "trigger_day_is_first": "The day of the trigger is the first, where it is a Working Day.",
        },
        default="day_after_is_first",
    ),
)
"""Values that an administrator sets, with their source. Numbers have no default; settings of a reading have one."""

READINGS: tuple[FixedReading, ...] = (
    FixedReading(
        key="steps",
        clause="12.6(i)",
        text="A phase is judged in steps (reports, certificates, completion, Panel); each ignores its own and later "
        "outputs, because a certificate wants criteria that want the certificate (inferred).",
    ),
    FixedReading(
        key="certificates.per_provider",
        clause="12.6(i)",
        text="One certificate per DCC Service Provider, and SIT needs all. Thresholds, reports and plans are judged "
        "per provider, pass rate and regression for the phase (our choice; the text does not say).",
    ),
    FixedReading(
        key="scope.12_6",
        clause="12.2",
        text="12.6(a) to (i) apply to PIT and SIT only; Table 13.2 and the Work Off Plan apply to SCT and Interface "
        "Testing as well (our reading).",
    ),
    FixedReading(
        key="tests.executed",
        clause="12.6(a)",
        text="Passed and failed tests are executed, errors being failures; skipped, disabled and impeded ones are not, "
        "and never displace an executed result (our reading).",
    ),
    FixedReading(
        key="tests.no_dmc",
        clause="Table 13.1 row 1",
        text="Tests tied to no Device Model Combination form a bucket of their own under the same rule (our choice; "
        "text silent).",
    ),
    FixedReading(
        key="tests.deselected_dmc",
        clause="13.6",
        text="The tests of a de-selected Device Model Combination leave the criteria without de-scoping under 12.6(a); "
        "they count again while a referral is open, unless the Secretary of State says to stop (13.7; text silent).",
    ),
    FixedReading(
        key="descoping.tab_refusal",
        clause="12.6(a)",
        text="In SIT a refusal by the TAB ends the request; only what the TAB approved goes to the Secretary of State "
        "(our reading).",
    ),
    FixedReading(
        key="thresholds.per_provider",
        clause="13.19",
        text="Each provider and severity has its own limit, included in it; providers are never added up, and room in "
        "one severity does not help another.",
    ),
    FixedReading(
        key="thresholds.open",
        clause="13.18",
        text="Open is anything not finally closed or rejected: a fixed issue that awaits its retest counts (inferred).",
    ),
    FixedReading(
        key="thresholds.left_by_determination",
        clause="13.19",
        text="An issue not caused by the DCC or its systems, or rejected, leaves the count only by a recorded "
        "determination with reasons, listed for TAB and TAG (our reading).",
    ),
    FixedReading(
        key="thresholds.dcc_cell",
        clause="13.19",
        text="Issues caused by the DCC itself have a cell of their own beside the providers (our choice).",
    ),
    FixedReading(
        key="considered.13.22",
        clause="13.22",
        text="Each open SCT issue of the same release needs a recorded outcome of the discussion with TAG; while it is "
        "before the Secretary of State, TAG's view stands (inferred).",
    ),
    FixedReading(
        key="considered.13.23",
        clause="13.23",
        text="13.23 is the special rule: of the issues presented, those count that TAG determines, although 13.18 says "
        "all. Issues from elsewhere are those of severity 1 to 3 (13.23(c)); 13.18 states no such limit.",
    ),
    FixedReading(
        key="presented.eligibility",
        clause="13.23(b)",
        text="A Party has completed Eligibility Testing once it is recorded as complete in one User Role at least; "
        "what is not recorded has not started, and of who is no Party nothing of severity 4 or 5 is presented ((b) "
        "names no role; our reading). What was presented stays presented when TAG changes its severity.",
    ),
    FixedReading(
        key="work_off.all_open",
        clause="15.1",
        text="The plan holds every open issue, those carried over and those excluded too, and is approved by the TAB "
        "(15.1 read with 12.6(g)).",
    ),
    FixedReading(
        key="work_off.clock",
        clause="15.1",
        text="The clock starts with the first issue of the certificate of the issue's own provider (our choice).",
    ),
    FixedReading(
        key="work_off.untimed",
        clause="15.1",
        text="Severity 1 and 2 have no timescale in 15.1; for an excluded one still open the TAB sets the date (our "
        "choice).",
    ),
    FixedReading(
        key="preceding.same_release",
        clause="12.6(h)",
        text="Preceding Test Phases are the precursors in the same release; across releases the carry-over of 13.18 "
        "would be emptied (our choice).",
    ),
    FixedReading(
        key="precursors.recorded",
        clause="12.5(b)",
        text="The text lists no order of Test Phases: which one comes before is a setting (our choice: PIT before SIT, "
        "SIT before Interface Testing; for the others nothing until it is set).",
    ),
    FixedReading(
        key="overlap.only_5_7",
        clause="12.5(b)",
        text="Only an overlap of SIT and SMETS1 Interface Testing can be agreed (5.7); any other has no exception.",
    ),
    FixedReading(
        key="overlap.running",
        clause="5.7",
        text="SIT and Interface Testing of the same release overlap where one starts after the other has started and "
        "before it is complete; across releases nothing is asked (our reading; the text names no release).",
    ),
    FixedReading(
        key="interface_repeat.direction",
        clause="7.3",
        text="For MOC and FOC Interface Testing is conducted only where the Secretary of State directs it, although "
        "the first sentence of 7.3 makes it follow from a material change (our reading). It may be set up before, not "
        "started.",
    ),
    FixedReading(
        key="interface_repeat.documents",
        clause="7.3",
        text="Which document versions were changed for the repetition is what the DCC names; all of those named, and "
        "at least one, must be in effect. While a direction stands, nothing is deemed to be met (our reading).",
    ),
    FixedReading(
        key="approach_document.in_effect",
        clause="12.3",
        text="The approach document counts as approved by the decision of the Secretary of State or by what is entered "
        "of it under Documents, from the day on which it takes effect (our reading). A version modified by clause 4 "
        "follows an approved one.",
    ),
    FixedReading(
        key="entered.answered",
        clause="12.3",
        text="Criteria of an approach document are those entered of the version in effect; whether each is met is what "
        "the DCC recorded with its reasons. With none entered, nothing can be evaluated (our choice).",
    ),
    FixedReading(
        key="release.phases",
        clause="7.2",
        text="A kind of Test Phase is conducted for a release when at least one such phase is set up and every one "
        "that is set up is complete (our reading). A certificate revoked afterwards is shown, and undoes nothing (15.2 "
        "is silent).",
    ),
    FixedReading(
        key="release.migration",
        clause="7.2",
        text="Which of Active, Dormant and Mixed Meter Migration Testing a release needs follows from its planned EPCL "
        "entries; until those are held, the ones that are set up (our choice).",
    ),
    FixedReading(
        key="release.live",
        clause="9.8",
        text="A release goes live when it is ready and the report of 9.8 is recorded for it; to whom it is given is "
        "what the Secretary of State directed, none where there is no direction (our reading).",
    ),
    FixedReading(
        key="specification.ttm_only",
        clause="12.5(c)",
        text="The exception for SIT of IOC removes the Test Traceability Matrix only; the specification is still "
        "needed (our reading, as 11.2 suggests).",
    ),
)
"""Choices of ours where the text is silent that are no settings."""
