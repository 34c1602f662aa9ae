"""The DMCT Process of SVTAD v1.23 (clause 20), as far as bodies decide; its Testing Issues are in dmct_issue."""

from __future__ import annotations

from svtad.rulebook.procedures.machine import Consultation, Group, NoticeDue, Procedure, Recipient, Transition
from svtad.rulebook.procedures.shared import (
    NOT_STATED,
    RATIONALE,
    SVTAD,
    V1_23,
    agreed_with_tag,
    document,
    step,
)
from svtad.rulebook.vocabulary import Body

PACK = document("The test pack")
SCHEDULE_PUBLISHED = (
    NoticeDue(
        to=(
            Recipient.SUPPLIERS,
            Recipient.PANEL,
            Recipient.AUTHORITY,
            Recipient.SOS,
            Recipient.SECAS,
            Recipient.PUBLIC,
        ),
        on="SCHEDULE",
        clause="20.10",
        what="That the DMCT Schedule is updated to include planned testing of the DMC",
    ),
)

DMCT_ECONOMIC = Procedure(
    key="DMCT_ECONOMIC",
    document=SVTAD,
    version=V1_23,
    clause="20.7",
    title="DMC that it is not economic to test",
    summary="The DCC may propose to the Secretary of State a DMC that, in its opinion, should not be tested because "
    "it is not economic to. It first discusses its views and rationale with stakeholders, and its proposal holds the "
    "views received. The Secretary of State's decision is final and binding: agreed, the DMC is excluded from the DMCT "
    "Process; disagreed, it continues.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.SOS,),
    initial="DISCUSSING",
    transitions=(
        step(
            "DISCUSSING",
            Body.DCC,
            "PROPOSE",
            "ECONOMIC_PROPOSED",
            "20.7",
            document("The proposal, with any stakeholder views received"),
            refers_to=Body.SOS,
            while_referred=NOT_STATED,
        ),
        step("ECONOMIC_PROPOSED", Body.SOS, "AGREE", "EXCLUDED_ECONOMIC", "20.7", said_final=True),
        step("ECONOMIC_PROPOSED", Body.SOS, "DISAGREE", "CONTINUED", "20.7", said_final=True),
    ),
    final=("EXCLUDED_ECONOMIC", "CONTINUED"),
    effect_while_pending="The text does not say whether the DMC may be scheduled meanwhile.",
    opens_with=(RATIONALE,),
    consultations=(
        Consultation(
            body=Recipient.STAKEHOLDERS,
            clause="20.7",
            what="The DCC's view that it is not economic to test the DMC, and the rationale",
            states=("DISCUSSING",),
            before=("PROPOSE",),
            is_needed=True,
        ),
    ),
    subject="dmc",
    notes=("There is no window. Ground (f) of 20.6 is not among those that 20.11 has notified.",),
)

DMCT_EQUIVALENCE = Procedure(
    key="DMCT_EQUIVALENCE",
    document=SVTAD,
    version=V1_23,
    clause="20.12(a)",
    title="Supplier Party's disagreement that a DMC is equivalent",
    summary="Where a Supplier Party that included a DMC in its submission disagrees with the DCC's decision that it is "
    "substantively equivalent to another, it notifies the DCC, and the DCC updates the DMCT Schedule to include "
    "planned testing of the DMC.",
    group=Group.DMCT,
    proposer=Body.SUPPLIER,
    deciders=(),
    initial="DISAGREED",
    transitions=(
        step(
            "DISAGREED",
            Body.DCC,
            "SCHEDULE",
            "SCHEDULED",
            "20.12(a)",
            duty="shall",
            notes="Published as required, with dates to be confirmed where none is known (our reading).",
        ),
    ),
    final=("SCHEDULED",),
    effect_while_pending="The DMC is not on the DMCT Schedule until the DCC updates it, which it shall.",
    notices=SCHEDULE_PUBLISHED,
    subject="dmc",
    notes=(
        "Nobody has a choice: neither the DCC nor the Secretary of State decides, and there is no window.",
        "“Already proposed for addition onto that list” is read as part of the ground of equivalence, 20.6(d).",
    ),
)

DMCT_TIMING = Procedure(
    key="DMCT_TIMING",
    document=SVTAD,
    version=V1_23,
    clause="20.12(b)",
    title="Supplier Party's disagreement that a DMC cannot be scheduled yet",
    summary="Where a Supplier Party that included a DMC in its submission disagrees with the DCC's decision that "
    "Migration Testing or SIT of its Capability Release is unlikely to be completed in time to schedule it with "
    "reasonable confidence, the DCC refers the matter to the Secretary of State, and updates the DMCT Schedule to "
    "include planned testing of the DMC where directed to.",
    group=Group.DMCT,
    proposer=Body.SUPPLIER,
    deciders=(Body.SOS,),
    initial="DISAGREED",
    transitions=(
        step(
            "DISAGREED",
            Body.DCC,
            "REFER",
            "REFERRED",
            "20.12(b)",
            duty="shall",
            refers_to=Body.SOS,
            while_referred="The DMC is not scheduled.",
        ),
        step("REFERRED", Body.SOS, "DIRECT_SCHEDULING", "SCHEDULING_DIRECTED", "20.12(b)"),
        step("REFERRED", Body.SOS, "NOT_DIRECT", "HELD", "20.12(b)"),
        step("SCHEDULING_DIRECTED", Body.DCC, "SCHEDULE", "SCHEDULED", "20.12(b)", duty="shall"),
    ),
    final=("HELD", "SCHEDULED"),
    effect_while_pending="The DMC is not scheduled unless the Secretary of State directs it.",
    notices=SCHEDULE_PUBLISHED,
    subject="dmc",
    notes=("There is no window, and the text does not say that the determination is final.",),
)

DMCT_ROUTE = Procedure(
    key="DMCT_ROUTE",
    document=SVTAD,
    version=V1_23,
    clause="20.14, 20.27",
    title="Whether migration of a DMC is tested under the MTAD",
    summary="Where the DCC considers that migration of the DMC should be tested under the MTAD, it notifies TAG with "
    "its rationale; then only DMCT SRVT is required, which may be executed once TAB has determined that the Migration "
    "Test Phase for the DMC is completed, and no DMCT Report may be issued until the Panel has determined so too. "
    "Otherwise the DCC executes DMCT MT and DMCT SRVT.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.TAB, Body.PANEL),
    initial="UNDECIDED",
    transitions=(
        step("UNDECIDED", Body.DCC, "CHOOSE_MTAD", "MTAD_ROUTE", "20.14", RATIONALE),
        step("UNDECIDED", Body.DCC, "CHOOSE_DMCT", "DMCT_ROUTE", "20.14"),
        step("MTAD_ROUTE", Body.TAB, "DETERMINE_COMPLETED", "TAB_DETERMINED", "20.14"),
        step("MTAD_ROUTE", Body.PANEL, "DETERMINE_COMPLETED", "PANEL_DETERMINED", "20.27"),
        step("TAB_DETERMINED", Body.PANEL, "DETERMINE_COMPLETED", "BOTH_DETERMINED", "20.27"),
        step("PANEL_DETERMINED", Body.TAB, "DETERMINE_COMPLETED", "BOTH_DETERMINED", "20.14"),
    ),
    final=("DMCT_ROUTE", "BOTH_DETERMINED"),
    effect_while_pending="On the MTAD route DMCT SRVT may not be executed until TAB has determined, nor a DMCT Report "
    "issued until the Panel has.",
    notices=(
        NoticeDue(
            to=(Recipient.TAG,),
            on="CHOOSE_MTAD",
            clause="20.14",
            what="That migration of the DMC should be tested under the MTAD, with the rationale",
        ),
    ),
    subject="dmc",
    notes=(
        "TAG is notified and does not agree or disagree. The notice may be given before clause 20 takes effect.",
        "20.27 cites 20.15; 20.14 is read, since that creates the route.",
        "TAB's and the Panel's determinations are two gates, in either order (our reading). The MTAD has three phases "
        "for each planned entry; “the Migration Test Phase” is taken as all that the DMC needs.",
    ),
)


def _pack(clause: str) -> tuple[Transition, ...]:
    """What leads a test pack to its use: agreed with TAG or determined; in use; no longer in use."""
    return (
        *agreed_with_tag(clause, while_referred="The pack is not active (inferred).", said_final=True),
        step("TAG_AGREED", Body.DCC, "ACTIVATE", "ACTIVE", "20.15"),
        step("SOS_DETERMINED", Body.DCC, "ACTIVATE", "ACTIVE", "20.15"),
        step("ACTIVE", Body.DCC, "RETIRE", "RETIRED", "20.15"),
    )


PACK_WAITS = "The pack is not active: that tests of a pack not yet agreed are barred is inferred."
PACK_NOTES = ("There is no window. That a pack may be retired is our choice.",)

TEST_PACK_STANDARD = Procedure(
    key="TEST_PACK_STANDARD",
    document=SVTAD,
    version=V1_23,
    clause="20.16",
    title="Standard DMCT test pack of a Capability Release",
    summary="The standard test packs set out the tests that are executed. The DCC proposes, and TAG agrees, the pack "
    "of each Capability Release. Where they cannot reach agreement the DCC may refer the matter to the Secretary of "
    "State, whose decision is final and binding.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PROPOSED",
    transitions=_pack("20.16"),
    final=("TAG_AGREED", "SOS_DETERMINED", "ACTIVE", "RETIRED"),
    effect_while_pending=PACK_WAITS,
    opens_with=(PACK,),
    subject="release",
    notes=PACK_NOTES,
)

TEST_PACK_NON_STANDARD = Procedure(
    key="TEST_PACK_NON_STANDARD",
    document=SVTAD,
    version=V1_23,
    clause="20.17",
    title="DMCT Non-Standard Test Pack for a DMC",
    summary="The DCC may propose a different set of tests for a particular DMC. Before it executes them it discusses "
    "them with TAG and seeks its agreement. Where they cannot reach agreement the DCC may refer the matter to the "
    "Secretary of State, whose decision is final and binding.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PROPOSED",
    transitions=_pack("20.17"),
    final=("TAG_AGREED", "SOS_DETERMINED", "ACTIVE", "RETIRED"),
    effect_while_pending=PACK_WAITS,
    opens_with=(PACK, RATIONALE),
    subject="dmc",
    notes=(*PACK_NOTES, "The rationale is what 20.9(c) has the DMCT Schedule give."),
)

DMCT_VERSIONS = Procedure(
    key="DMCT_VERSIONS",
    document=SVTAD,
    version=V1_23,
    clause="20.31",
    title="DMCT against versions that do not most closely match production",
    summary="Where the versions of the DCC Systems and environments against which the DCC plans to execute tests will "
    "not most closely match production at the time of migration, it discusses its proposals with TAG, and executes the "
    "tests only if TAG agrees.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.TAG,),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.TAG, "AGREE", "TAG_AGREED", "20.31"),
        step("PROPOSED", Body.TAG, "NOT_AGREE", "TAG_NOT_AGREED", "20.31"),
    ),
    final=("TAG_AGREED", "TAG_NOT_AGREED"),
    effect_while_pending="Tests may not be executed against the other versions.",
    opens_with=(document("The versions and environments proposed"),),
    subject="dmc",
    notes=(
        "No way to the Secretary of State is given where TAG does not agree.",
        "The opening words of the clause are lost in the source.",
    ),
)

ALL: tuple[Procedure, ...] = (
    DMCT_ECONOMIC,
    DMCT_EQUIVALENCE,
    DMCT_TIMING,
    DMCT_ROUTE,
    TEST_PACK_STANDARD,
    TEST_PACK_NON_STANDARD,
    DMCT_VERSIONS,
)
"""Every procedure of this module."""
