"""The November 2020 SEC Release: who approves which part of its testing (source 003, section 4)."""

from __future__ import annotations

from svtad.rulebook.procedures.machine import Group, Procedure, Requirement
from svtad.rulebook.procedures.shared import DECISION, NO_VERSION, document, step
from svtad.rulebook.vocabulary import Body

NOV20 = "November 2020 SEC Release"
APPROACH = document("The November 2020 DCC Testing Approach Document")
BEIS = "BEIS is the Secretary of State's department: its decision is recorded as the Secretary of State's (our choice)."

NOV20_SEC_ELEMENTS = Procedure(
    key="NOV20_SEC_ELEMENTS",
    document=NOV20,
    version=NO_VERSION,
    clause="4",
    title="Testing approach for SEC modifications: the Panel's review and approval",
    summary="For the elements that relate to SEC modifications, the SEC requires the Panel to review the testing "
    "approach document and any subsequent amendment. As it will be used for the SEC Release Implementation Document, "
    "the DCC considers that it needs the Panel's implicit approval as part of that document (Section D10.15).",
    group=Group.RELEASE,
    proposer=Body.DCC,
    deciders=(Body.PANEL,),
    initial="DRAFT",
    transitions=(
        step("DRAFT", Body.PANEL, "REVIEW", "PANEL_REVIEWED", "4", duty="shall"),
        step(
            "PANEL_REVIEWED",
            Body.PANEL,
            "APPROVE_RID",
            "RID_APPROVED",
            "4",
            notes="Of the SEC Release Implementation Document: the approval of the testing approach is implicit in it.",
        ),
        step("PANEL_REVIEWED", Body.DCC, "AMEND", "DRAFT", "4", APPROACH),
        step("RID_APPROVED", Body.DCC, "AMEND", "DRAFT", "4", APPROACH),
    ),
    final=("RID_APPROVED",),
    effect_while_pending="The elements for SEC modifications are not approved.",
    opens_with=(APPROACH,),
    rounds_begin_with=("AMEND",),
    subject="release",
    notes=(
        "Sections D10.15 to D10.20 of the Code are not held.",
        "What follows where the Panel does not approve is not stated.",
        "Who governs the defect fixes and the DCC's own changes in the release is not stated.",
    ),
)

NOV20_BEIS_ELEMENTS = Procedure(
    key="NOV20_BEIS_ELEMENTS",
    document=NOV20,
    version=NO_VERSION,
    clause="4",
    title="Testing approach for BEIS changes: TAG's approval",
    summary="It is proposed that the elements of the testing approach document that apply to BEIS changes are approved "
    "by TAG, which also informally ratifies the whole. BEIS resolves any dispute between the DCC and TAG over content "
    "that affects the testing of the functionality that the BEIS changes need.",
    group=Group.RELEASE,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.TAG, "APPROVE", "TAG_APPROVED", "4"),
        step("PROPOSED", Body.TAG, "DISPUTE", "DISPUTED", "4"),
        step("DISPUTED", Body.DCC, "PROPOSE_AGAIN", "PROPOSED", "4", APPROACH),
        *(
            step(
                "DISPUTED",
                body,
                "REFER",
                "REFERRED",
                "4",
                refers_to=Body.SOS,
                while_referred="The elements are not approved.",
            )
            for body in (Body.DCC, Body.TAG)
        ),
        step("REFERRED", Body.SOS, "DECIDE", "BEIS_DECIDED", "4", DECISION),
    ),
    final=("TAG_APPROVED", "BEIS_DECIDED"),
    effect_while_pending="The elements for BEIS changes are not approved.",
    opens_with=(APPROACH,),
    subject="release",
    notes=(
        BEIS,
        "Who brings a dispute to BEIS is not stated: the DCC or TAG. There is no window, and no word on finality.",
        "The Panel's approval is planned for 19 June 2020, before TAG's discussion of 24 June: both are only recorded.",
    ),
)

NOV20_BEIS_COMPLETION = Procedure(
    key="NOV20_BEIS_COMPLETION",
    document=NOV20,
    version=NO_VERSION,
    clause="4",
    title="Test Completion for BEIS changes: the Panel's decision",
    summary="The Panel decides Test Completion for the BEIS directed changes.",
    group=Group.RELEASE,
    proposer=Body.DCC,
    deciders=(Body.PANEL,),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.PANEL, "COMPLETE", "COMPLETED", "4"),
        step("PROPOSED", Body.PANEL, "NOT_COMPLETE", "NOT_COMPLETED", "4"),
        step("NOT_COMPLETED", Body.DCC, "PROPOSE_AGAIN", "PROPOSED", "4"),
    ),
    final=("COMPLETED",),
    effect_while_pending="Testing of the BEIS changes is not complete.",
    subject="release",
    rounds_begin_with=("PROPOSE_AGAIN",),
    notes=("Neither criteria nor a way of appeal is stated. That it is put to the Panel again is our reading.",),
)

NOV20_GO_LIVE = Procedure(
    key="NOV20_GO_LIVE",
    document=NOV20,
    version=NO_VERSION,
    clause="4",
    title="Change of the go-live date",
    summary="The expected go-live date may change with the support of the Panel and the approval of Ofgem.",
    group=Group.RELEASE,
    proposer=Body.DCC,
    deciders=(Body.PANEL, Body.AUTHORITY),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.PANEL, "SUPPORT", "PANEL_SUPPORTS", "4"),
        step("PROPOSED", Body.AUTHORITY, "APPROVE", "OFGEM_APPROVES", "4"),
        step("PANEL_SUPPORTS", Body.AUTHORITY, "APPROVE", "CHANGED", "4"),
        step("OFGEM_APPROVES", Body.PANEL, "SUPPORT", "CHANGED", "4"),
        *(
            step(source, body, outcome, "NOT_CHANGED", "4")
            for body, outcome, sources in (
                (Body.PANEL, "NOT_SUPPORT", ("PROPOSED", "OFGEM_APPROVES")),
                (Body.AUTHORITY, "NOT_APPROVE", ("PROPOSED", "PANEL_SUPPORTS")),
            )
            for source in sources
        ),
    ),
    final=("CHANGED", "NOT_CHANGED"),
    effect_while_pending="The expected go-live date stays.",
    opens_with=(Requirement(key="go_live", kind="date", title="The go-live date proposed"),),
    subject="release",
    notes=(
        "Ofgem is recorded as the Authority. Both are needed, in either order (our reading).",
        "Who proposes a change is not stated: the DCC (our reading).",
    ),
)

ALL: tuple[Procedure, ...] = (NOV20_SEC_ELEMENTS, NOV20_BEIS_ELEMENTS, NOV20_BEIS_COMPLETION, NOV20_GO_LIVE)
"""Every procedure of this module."""
