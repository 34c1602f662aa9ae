"""DMCT completion, appeals and the end-of-cycle criterion of SVTAD v1.5, as source 002 describes them.

The clause text of v1.5 is not held; the clauses cited are the ranges of the figure of changes.
"""

from __future__ import annotations

from svtad.rulebook.deadlines import APPEAL_20_35
from svtad.rulebook.procedures.machine import Group, Procedure, Transition
from svtad.rulebook.procedures.shared import BY_LETTER, RATIONALE, SVTAD, V1_5, end_of_cycle, step, text
from svtad.rulebook.vocabulary import Body

NOT_HELD = "The text of v1.5 is not held: this follows its description in source 002."
APPEAL = text("appeal", "The appeal that was upheld")
OUTCOMES = ("SUCCESSFUL", "UNSUCCESSFUL")


def _recomputed(source: str, target: str) -> tuple[Transition, ...]:
    """What an upheld appeal does to an outcome: another one, or further testing."""
    return (
        step(source, Body.DCC, "RECOMPUTE", target, "20.35-20.37", APPEAL),
        step(source, Body.DCC, "TEST_FURTHER", "OPEN", "20.35-20.37", APPEAL),
    )


DMCT_OUTCOME = Procedure(
    key="DMCT_OUTCOME",
    document=SVTAD,
    version=V1_5,
    clause="20.30-20.32",
    title="Outcome of DMCT for a planned entry on the EPCL",
    summary="Testing for a planned entry is completed successfully where all planned tests are executed and open "
    "Testing Issues are within both parts of the Testing Issues Threshold, and unsuccessfully where they are executed "
    "and it is exceeded, or where not all planned tests could be executed, subject to the Secretary of State's "
    "approval.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial="OPEN",
    transitions=(
        step("OPEN", Body.DCC, "FIND_SUCCESSFUL", "SUCCESSFUL", "20.30-20.32"),
        step("OPEN", Body.DCC, "FIND_UNSUCCESSFUL", "UNSUCCESSFUL", "20.30-20.32"),
        step(
            "OPEN",
            Body.DCC,
            "DECLARE_UNEXECUTABLE",
            "PENDING_SOS",
            "20.30-20.32",
            text("unexecuted", "The planned tests that could not be executed"),
            duty="shall",
            refers_to=Body.SOS,
            while_referred="The outcome is pending.",
        ),
        step("PENDING_SOS", Body.SOS, "APPROVE", "UNSUCCESSFUL", "20.30-20.32"),
        step(
            "PENDING_SOS",
            Body.SOS,
            "REFUSE",
            "OPEN",
            "20.30-20.32",
            notes="What follows a refusal is not stated: testing goes on (our reading).",
        ),
        *_recomputed("SUCCESSFUL", "UNSUCCESSFUL"),
        *_recomputed("UNSUCCESSFUL", "SUCCESSFUL"),
    ),
    final=OUTCOMES,
    effect_while_pending="The planned entry has no outcome.",
    subject="dmc",
    notes=(
        NOT_HELD,
        "The limits of both parts are not in the sources: until they are set, no outcome can be computed.",
        "An upheld appeal changes the outcome, or leads to further testing “depending on the circumstances”: which is "
        "not stated, so a person says.",
    ),
)

DMCT_EXCLUSION = Procedure(
    key="DMCT_EXCLUSION",
    document=SVTAD,
    version=V1_5,
    clause="20.28-20.29",
    title="Exclusion of a Testing Issue from the DMCT threshold",
    summary="The DCC has the discretion to exclude from the threshold count open Testing Issues that it considers "
    "would not affect the functioning of the DCC solution for the planned entry under test. On appeal the Secretary of "
    "State may hold that one should be included.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial="ACTIVE",
    transitions=(step("ACTIVE", Body.SOS, "REINSTATE", "REINSTATED", "20.35-20.37", APPEAL, said_final=True),),
    final=("ACTIVE", "REINSTATED"),
    effect_while_pending="The issue is excluded unless it is included again on appeal.",
    opens_with=(text("rationale", "Why it would not affect the functioning of the DCC solution for the entry"),),
    subject="issue",
    notes=(
        NOT_HELD,
        "That the discretion stands under the threshold's clauses, 20.28-20.29, is our reading.",
        "Neither TAG nor anybody else agrees to it, unlike an exclusion by 13.20.",
    ),
)

DMCT_APPEAL = Procedure(
    key="DMCT_APPEAL",
    document=SVTAD,
    version=V1_5,
    clause="20.35-20.37",
    title="Appeal against a draft DMCT Testing Report",
    summary="Supplier Parties that have received the draft DMCT Testing Report may appeal to the Secretary of State "
    "within 10 Working Days, where they disagree with the severity of open Testing Issues, or consider that excluded "
    "ones should be included, and the result of testing would change if their view were upheld. The decision is final.",
    group=Group.DMCT,
    proposer=Body.SUPPLIER,
    deciders=(Body.SOS,),
    initial="LODGED",
    transitions=(
        step("LODGED", Body.DCC, "ADMIT", "ADMITTED", "20.35-20.37"),
        step("LODGED", Body.DCC, "FIND_INADMISSIBLE", "INADMISSIBLE", "20.35-20.37", RATIONALE),
        *(
            step(source, Body.SUPPLIER, "WITHDRAW", "WITHDRAWN", "20.35-20.37", notes="Our choice: the text is silent.")
            for source in ("LODGED", "ADMITTED")
        ),
        step("ADMITTED", Body.SOS, "UPHOLD", "UPHELD", "20.35-20.37", said_final=True),
        step("ADMITTED", Body.SOS, "DISMISS", "DISMISSED", "20.35-20.37", said_final=True),
    ),
    final=("INADMISSIBLE", "WITHDRAWN", "UPHELD", "DISMISSED"),
    effect_while_pending="The draft DMCT Testing Report is not final, and the DMCT EPCL Report is held.",
    opens_with=(
        text("ground", "The severity disagreed with, or the excluded Testing Issues that should be included"),
        text("result_changes", "How the result of testing would change if the view were upheld"),
    ),
    opens_within=APPEAL_20_35,
    opens_refers_to=Body.SOS,
    subject="dmc",
    notes=(
        NOT_HELD,
        "Who judges whether an appeal is admissible is not stated: the DCC records it with reasons (our choice), and "
        "what the Secretary of State then decides is recorded all the same (rule 16).",
        BY_LETTER,
        "Each recipient's window runs from when it received the draft. After an upheld appeal there is no second "
        "window (our choice).",
    ),
)

END_OF_CYCLE_SIT = Procedure(
    key="END_OF_CYCLE_SIT",
    document=SVTAD,
    version=V1_5,
    clause="Table 13.1",
    title="New issues of an end-of-cycle test run in SIT",
    summary="The exit criterion for end-of-cycle testing in SIT is aligned with that of Migration Testing: known "
    "issues are left out, and new ones are allowed subject to TAG's approval, with disagreements referred to the "
    "Secretary of State.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PROPOSED",
    transitions=end_of_cycle("Table 13.1"),
    final=("TAG_APPROVED", "TAG_REFUSED", "SOS_APPROVED", "SOS_REFUSED"),
    effect_while_pending="The end-of-cycle criterion is not met.",
    phase_kinds=("SIT",),
    subject="phase",
    notes=(
        NOT_HELD,
        "Who refers a disagreement is not stated: the DCC or TAG. There is no window, and no word on finality.",
        "An approved issue still counts against the thresholds (our choice).",
    ),
)

ALL: tuple[Procedure, ...] = (DMCT_OUTCOME, DMCT_EXCLUSION, DMCT_APPEAL, END_OF_CYCLE_SIT)
"""Every procedure of this module."""
