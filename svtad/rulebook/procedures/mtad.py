"""Migration Testing, as sources 002 and 004 describe the MTAD; its own text is not held."""

from __future__ import annotations

from svtad.rulebook.procedures.machine import Group, Procedure
from svtad.rulebook.procedures.shared import MTAD, NO_VERSION, agreed_with_tag, document, end_of_cycle
from svtad.rulebook.vocabulary import Body

MTAD_DEPTH_BREADTH = Procedure(
    key="MTAD_DEPTH_BREADTH",
    document=MTAD,
    version=NO_VERSION,
    clause="3",
    title="Depth and Breadth of Migration Testing",
    summary="Section 3 of the April 2019 consultation: the MTAD requires the DCC to engage with TAG on the breadth and "
    "depth of testing by a document titled “Depth and Breadth of Migration Testing”, with the scope for disagreements "
    "to be referred to the Secretary of State for decision.",
    group=Group.MIGRATION,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PROPOSED",
    transitions=agreed_with_tag("3", while_referred="It is not agreed."),
    final=("TAG_AGREED", "SOS_DETERMINED"),
    effect_while_pending="It is not agreed.",
    opens_with=(document("Depth and Breadth of Migration Testing"),),
    subject="release",
    notes=(
        "The MTAD's own text is not held. That TAG agrees, and that the DCC refers, is read from the description.",
        "There is no window, and no word on finality.",
        "The DCC engages with TAG on the scope of regression similarly; disagreements on that go by SVTAD 7.5.",
    ),
)

END_OF_CYCLE_MT = Procedure(
    key="END_OF_CYCLE_MT",
    document=MTAD,
    version="1.3",
    clause="Table 9.3 row 2A",
    title="New issues of an end-of-cycle test run in Migration Testing",
    summary="MTAD v1.2 wants no testing issue raised in end-of-cycle testing. The change proposed for v1.3 leaves out "
    "known issues and allows new ones subject to TAG's approval, with the right to refer disagreements to the "
    "Secretary of State.",
    group=Group.MIGRATION,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PROPOSED",
    transitions=end_of_cycle("Table 9.3 row 2A"),
    final=("TAG_APPROVED", "TAG_REFUSED", "SOS_APPROVED", "SOS_REFUSED"),
    effect_while_pending="The end-of-cycle criterion is not met.",
    subject="phase",
    notes=(
        "The text of v1.3 is not held: this follows source 002, 2.2 and Figure 4.1. Under v1.2 there is nothing to "
        "approve: any issue fails.",
        "Who refers a disagreement is not stated: the DCC or TAG. There is no window, and no word on finality.",
        "An approved issue still counts against the thresholds (our choice).",
    ),
)

ALL: tuple[Procedure, ...] = (MTAD_DEPTH_BREADTH, END_OF_CYCLE_MT)
"""Every procedure of this module."""
