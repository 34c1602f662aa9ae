"""DMCT Testing Issues: the four options of 20.19 and what each needs (20.19 to 20.25)."""

from __future__ import annotations

from collections.abc import Iterator

from svtad.rulebook.procedures.machine import Consultation, Group, NoticeDue, Procedure, Recipient, Transition
from svtad.rulebook.procedures.shared import DECISION, SVTAD, V1_23, document, step, text
from svtad.rulebook.vocabulary import Body

OPTIONS = ("A", "B", "C", "D")
CHANGE = text("change_needed", "Whether a firmware upgrade, a configuration change or both is required")
APPROACH = document("The approach for testing, 20.21(a) to (c)")


def _recommend(source: str, clause: str, *, barred: str = "") -> Iterator[Transition]:
    """The DCC recommends an option, or, where one was refused, an alternative to it."""
    for option in OPTIONS:
        if option != barred:
            yield step(
                source,
                Body.DCC,
                f"RECOMMEND_{option}",
                f"{option}_RECOMMENDED",
                clause,
                *((CHANGE,) if option == "C" else ()),
            )


def _option_a() -> Iterator[Transition]:
    """A change to the DCC Internal Systems but not to the Code (20.20)."""
    impact = text("material_impact", "What the material impact to the timescales for testing the DMC or others is")
    rerun = "The change goes by Section H8.9 to H8.12; the pack is re-run and the Schedule has the new dates."
    yield step("A_RECOMMENDED", Body.DCC, "PLAN_WITHOUT_IMPACT", "A_PLANNED", "20.20(a)", duty="shall")
    yield step(
        "A_RECOMMENDED",
        Body.DCC,
        "PLAN_WITH_IMPACT",
        "A_IMPACT_PLANNED",
        "20.20(b)",
        impact,
        duty="shall",
        unless_directed_by=Body.SOS,
    )
    yield step(
        "A_IMPACT_PLANNED",
        Body.SOS,
        "DIRECT_OTHERWISE",
        "A_DIRECTED",
        "20.20(b)",
        DECISION,
        notes="No time is given for it, nor any that the DCC waits.",
    )
    yield step("A_PLANNED", Body.DCC, "RERUN", "A_RERUN", "20.20(a)", duty="shall", notes=rerun)
    yield step("A_IMPACT_PLANNED", Body.DCC, "RERUN", "A_RERUN", "20.20(b)", duty="shall", notes=rerun)
    yield step("A_DIRECTED", Body.DCC, "COMPLY", "A_COMPLIED", "20.20(b)", duty="shall")


def _option_b() -> Iterator[Transition]:
    """A change to the DCC Systems and to the Code (20.21, 20.22)."""
    yield step("B_RECOMMENDED", Body.DCC, "CONSULT_SOS", "B_SOS_ASKED", "20.21", duty="shall")
    yield step("B_SOS_ASKED", Body.SOS, "AGREE_TO_CONSULT", "B_APPROACH_DUE", "20.21")
    yield step("B_SOS_ASKED", Body.SOS, "NOT_AGREE_TO_CONSULT", "NOT_B", "20.21")
    yield step("B_APPROACH_DUE", Body.DCC, "PROPOSE_APPROACH", "B_APPROACH_PROPOSED", "20.21", APPROACH, duty="shall")
    yield step("B_APPROACH_PROPOSED", Body.TAG, "AGREE_APPROACH", "B_APPROACH_SET", "20.21")
    yield step("B_APPROACH_PROPOSED", Body.TAG, "NOT_AGREE_APPROACH", "B_TAG_DISAGREED", "20.22")
    yield step("B_TAG_DISAGREED", Body.DCC, "PROPOSE_APPROACH", "B_APPROACH_PROPOSED", "20.21", APPROACH)
    yield step(
        "B_TAG_DISAGREED",
        Body.DCC,
        "REFER",
        "B_REFERRED",
        "20.22",
        duty="shall",
        refers_to=Body.SOS,
        while_referred="The approach is not to be used.",
        notes="The text does not say who refers: the DCC (our reading).",
    )
    yield step("B_REFERRED", Body.SOS, "DETERMINE_APPROACH", "B_APPROACH_SET", "20.22", DECISION, said_final=True)
    yield step("B_APPROACH_SET", Body.DCC, "TEST_CHANGE", "B_TESTED", "20.22", duty="shall")
    yield step("B_TESTED", Body.DCC, "RECOMMENCE", "RECOMMENCED", "20.21")


def _option_c() -> Iterator[Transition]:
    """A change to a SMETS1 Device (20.23, 20.24)."""
    yield step(
        "C_RECOMMENDED",
        Body.DCC,
        "RECOMMEND_TO_SOS",
        "C_SOS_ASKED",
        "20.23",
        duty="shall",
        refers_to=Body.SOS,
        while_referred="The option is not followed.",
    )
    yield step("C_SOS_ASKED", Body.SOS, "AGREE_FIRMWARE", "ENDED_FIRMWARE", "20.23(a)")
    yield step("C_SOS_ASKED", Body.SOS, "AGREE_CONFIGURATION", "EXCLUDED_CONFIGURATION", "20.23(b)")
    yield step("C_SOS_ASKED", Body.SOS, "AGREE_BOTH", "SUCCESSOR_EXCLUDED", "20.23(c)")
    yield step("C_SOS_ASKED", Body.SOS, "DISAGREE_WITH_C", "NOT_C", "20.24")


def _option_d() -> Iterator[Transition]:
    """A change to the Code but not to the DCC Systems (20.25)."""
    draft = document("The draft document that reflects the change")
    yield step("D_RECOMMENDED", Body.SOS, "PUBLISH_DRAFT", "D_CONTINUES", "20.25(a)")
    yield step("D_RECOMMENDED", Body.SOS, "APPROVE_PUBLICATION", "D_MAY_PUBLISH", "20.25(a)")
    yield step("D_MAY_PUBLISH", Body.DCC, "PUBLISH_APPROVED_DRAFT", "D_CONTINUES", "20.25(a)", draft)
    for source in ("D_RECOMMENDED", "D_MAY_PUBLISH"):
        yield step(source, Body.SOS, "INDICATE_NOT_TO_PROGRESS", "NOT_D", "20.25(b)")


DMCT_ISSUE = Procedure(
    key="DMCT_ISSUE",
    document=SVTAD,
    version=V1_23,
    clause="20.19-20.25",
    title="Option for resolving a DMCT Testing Issue",
    summary="Where a DMCT Testing Issue could result in (a) a change to the DCC Internal Systems, (b) one to the DCC "
    "Systems and the Code, (c) one to a Device or (d) one to the Code alone, the DCC discusses it with affected "
    "stakeholders and recommends an option, notifying stakeholders, the Panel, the Authority and the Secretary of "
    "State. (a) It says beforehand whether testing is materially delayed, and goes ahead unless then directed "
    "otherwise. (b) The Secretary of State says whether the Code change should be consulted on; if so TAG agrees how "
    "it is tested, or the Secretary of State determines that, finally. (c) The Secretary of State agrees: firmware "
    "ends the DMC's testing, configuration excludes it until there is evidence. (d) Testing continues once a draft is "
    "published. After a refusal the DCC recommends an alternative.",
    group=Group.DMCT,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.TAG, Body.SOS),
    initial="DISCUSSING",
    transitions=(
        *_recommend("DISCUSSING", "20.19"),
        *_option_a(),
        *_option_b(),
        *_option_c(),
        *_option_d(),
        *_recommend("NOT_B", "20.21", barred="B"),
        *_recommend("NOT_C", "20.24", barred="C"),
        *_recommend("NOT_D", "20.25(b)", barred="D"),
    ),
    final=(
        "A_RERUN",
        "A_COMPLIED",
        "RECOMMENCED",
        "ENDED_FIRMWARE",
        "EXCLUDED_CONFIGURATION",
        "SUCCESSOR_EXCLUDED",
        "D_CONTINUES",
    ),
    settled=("A_DIRECTED", "B_APPROACH_SET", "B_TESTED"),
    effect_while_pending="The option is not followed until what it needs has been decided; under (a) the planned "
    "course goes on unless the Secretary of State directs otherwise.",
    consultations=(
        Consultation(
            body=Recipient.STAKEHOLDERS,
            clause="20.19",
            what="The DMCT Testing Issue, with those whom it affects",
            states=("DISCUSSING",),
            before=tuple(f"RECOMMEND_{option}" for option in OPTIONS),
            is_needed=True,
        ),
    ),
    notices=(
        *(
            NoticeDue(
                to=(Recipient.STAKEHOLDERS, Recipient.PANEL, Recipient.AUTHORITY, Recipient.SOS),
                on=f"RECOMMEND_{option}",
                clause="20.19",
                what=f"The DCC's recommendation that option ({option.lower()}) is followed",
            )
            for option in OPTIONS
        ),
        *(
            NoticeDue(
                to=(Recipient.PARTIES, Recipient.PANEL, Recipient.AUTHORITY, Recipient.SOS),
                on=outcome,
                clause="20.20",
                what=what,
                before=("RERUN",),
            )
            for outcome, what in (
                ("PLAN_WITHOUT_IMPACT", "That the DCC plans the change, without material impact to the timescales"),
                ("PLAN_WITH_IMPACT", "That the DCC plans the change, with material impact to the timescales"),
            )
        ),
    ),
    subject="dmc",
    notes=(
        "20.19 names the discussion before the recommendation: until what affected stakeholders said, or that they "
        "said nothing by the day set, is recorded, no option is recommended. An alternative after a refusal (20.21, "
        "20.24, 20.25(b)) is recommended without another discussion: those clauses ask for none.",
        "An alternative is any option but the one that was just refused (our reading).",
        "Where no draft is published and the Secretary of State says nothing, 20.25 is silent: testing stays paused.",
        "A new firmware version makes another DMC; a configuration leaves the same DMC, held until there is evidence.",
        "The text asks for no agreement to (a). How long the DCC waits for a direction is not stated.",
        "That TAG may be asked again before the matter is referred is our reading of “cannot be agreed”.",
    ),
)

ALL: tuple[Procedure, ...] = (DMCT_ISSUE,)
"""Every procedure of this module."""
