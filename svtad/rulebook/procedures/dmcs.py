"""The selection of DMCs for testing and their de-selection (13.3 to 13.9)."""

from __future__ import annotations

from svtad.rulebook.deadlines import REFERRAL_13_4, REFERRAL_13_7
from svtad.rulebook.procedures.machine import Consultation, Group, NoticeDue, Procedure, Recipient, Requirement
from svtad.rulebook.procedures.shared import BY_LETTER, DECISION, NOT_STATED, RATIONALE, SVTAD, V1_23, step, text
from svtad.rulebook.vocabulary import Body

SUPPLIER = text("supplier", "The Supplier Party that disagrees, and with what")
DECIDED_DMC = text("dmc", "The DMC that the DCC decided on")
REDACTED = Requirement(
    key="document",
    kind="file",
    title="What TAG is consulted on, anonymised and redacted where appropriate",
    given_to=(Body.TAG,),
)

DMC_SELECTION = Procedure(
    key="DMC_SELECTION",
    document=SVTAD,
    version=V1_23,
    clause="13.3-13.4",
    title="Selection of DMCs for testing",
    summary="The DCC determines which DMCs to use for testing, having first discussed its proposals with stakeholders "
    "and set out the rationale, and notifies Supplier Parties. Where one disagrees, the matter may be referred to the "
    "Secretary of State within 10 Working Days of the DCC's decision; the Secretary of State's decision is final and "
    "binding.",
    group=Group.DMCS,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.DCC, "CONCLUDE_DISCUSSION", "DISCUSSED", "13.3", duty="shall"),
        step(
            "DISCUSSED",
            Body.DCC,
            "DETERMINE",
            "DETERMINED",
            "13.3",
            text("dmcs", "The DMCs that the DCC decided to use"),
            duty="shall",
        ),
        step(
            "DETERMINED",
            Body.SUPPLIER,
            "REFER",
            "REFERRED",
            "13.4",
            SUPPLIER,
            within=REFERRAL_13_4,
            refers_to=Body.SOS,
            while_referred=NOT_STATED,
        ),
        step("REFERRED", Body.SOS, "DECIDE", "SOS_DECIDED", "13.4", DECISION, said_final=True),
    ),
    final=("DETERMINED", "SOS_DECIDED"),
    settled=("REFERRED",),
    effect_while_pending="Until the DCC has determined them, no DMC is selected, and data for MOC or FOC is not due "
    "(20.2).",
    opens_with=(RATIONALE,),
    consultations=(
        Consultation(
            body=Recipient.STAKEHOLDERS,
            clause="13.3",
            what="The DMCs that the DCC proposes to use, and its rationale",
            states=("PROPOSED",),
            before=("CONCLUDE_DISCUSSION",),
            is_needed=True,
        ),
    ),
    notices=(
        NoticeDue(
            to=(Recipient.SUPPLIERS,),
            on="DETERMINE",
            clause="13.4",
            what="The DMCs that the DCC has decided to use for testing",
            tells=("dmcs",),
        ),
    ),
    subject="dmc",
    notes=(
        "The record of the discussion is what is recorded of the stakeholders, with its document: without it the "
        "discussion is not concluded. That none of them said anything by the day set counts as discussed "
        "(our reading).",
        "The text does not say by whom the matter may be referred: a Supplier Party that disagrees (our reading).",
        BY_LETTER,
        "The window runs from the DCC's decision, not from its notice.",
        "SVTAD v1.5 takes the Secure DMC of MOC out of these rules (source 002, 2.3).",
    ),
)

DMC_DESELECTION = Procedure(
    key="DMC_DESELECTION",
    document=SVTAD,
    version=V1_23,
    clause="13.5-13.9",
    title="De-selection of a DMC from testing",
    summary="Where (a) the resolution of a Testing Issue requires action in respect of a selected DMC and the DCC "
    "considers that SIT completion should not be delayed for it, or (b) the DCC, having taken all reasonable steps, "
    "cannot obtain the DMC, it consults TAG on de-selecting it, decides, and notifies TAG and Supplier Parties. A "
    "Supplier Party that disagrees may refer the issue to the Secretary of State within 10 Working Days of the "
    "decision; meanwhile the Secretary of State tells the DCC whether to continue testing with the DMC in SIT. Where "
    "the Secretary of State determines that it should not be omitted, it is not de-selected. In case (b) the DCC "
    "recommends any alternative course of action to the Secretary of State.",
    group=Group.DMCS,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial="PROPOSED",
    transitions=(
        step(
            "PROPOSED",
            Body.DCC,
            "CONSULT_ON_ISSUE",
            "TAG_CONSULTED",
            "13.5(a)",
            text("action", "The Testing Issue, and the action in respect of the DMC that its resolution requires"),
            text("delay", "Why SIT completion should not be delayed as a consequence"),
            REDACTED,
            duty="shall",
        ),
        step(
            "PROPOSED",
            Body.DCC,
            "CONSULT_ON_SUPPLY",
            "TAG_CONSULTED",
            "13.5(b)",
            text("steps_taken", "The reasonable steps taken to obtain the DMC"),
            text("alternative", "The alternative course of action recommended, or that there is none (13.9)"),
            REDACTED,
            duty="shall",
        ),
        step("TAG_CONSULTED", Body.DCC, "DESELECT", "DESELECTED", "13.6", DECIDED_DMC),
        step("TAG_CONSULTED", Body.DCC, "KEEP", "KEPT", "13.6", DECIDED_DMC),
        *(
            step(
                source,
                Body.SUPPLIER,
                "REFER",
                "REFERRED",
                "13.7",
                SUPPLIER,
                within=REFERRAL_13_7,
                refers_to=Body.SOS,
                while_referred="The Secretary of State says whether testing with the DMC continues; until then it is "
                "kept (our choice).",
                notes=notes,
            )
            for source, notes in (
                ("DESELECTED", ""),
                ("KEPT", "That a DMC which was kept may be referred, and then omitted, is not stated."),
            )
        ),
        step("REFERRED", Body.SOS, "CONTINUE_TESTING", "TESTING_CONTINUES", "13.7"),
        step("REFERRED", Body.SOS, "STOP_TESTING", "TESTING_STOPPED", "13.7"),
        *(
            step(source, Body.SOS, outcome, target, "13.8")
            for source in ("REFERRED", "TESTING_CONTINUES", "TESTING_STOPPED")
            for outcome, target in (("OMIT", "SOS_DESELECTED"), ("NOT_OMIT", "REINSTATED"))
        ),
    ),
    final=("DESELECTED", "KEPT", "SOS_DESELECTED", "REINSTATED"),
    effect_while_pending="The DMC counts until the DCC decides to de-select it, and again while a referral is open "
    "unless the Secretary of State says to stop.",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="13.5",
            what="The de-selection of the DMC, with information anonymised and redacted where appropriate",
            states=("TAG_CONSULTED",),
            before=("DESELECT", "KEEP"),
            is_needed=True,
        ),
    ),
    notices=(
        *(
            NoticeDue(
                to=(Recipient.TAG, Recipient.SUPPLIERS),
                on=outcome,
                clause="13.6",
                what="The DCC's decision whether to de-select the DMC from testing",
                tells=("dmc",),
            )
            for outcome in ("DESELECT", "KEEP")
        ),
        *(
            NoticeDue(
                to=(Recipient.DCC,),
                on=outcome,
                clause="13.7",
                what="Whether the DCC should continue testing with the DMC in SIT",
            )
            for outcome in ("CONTINUE_TESTING", "STOP_TESTING")
        ),
        NoticeDue(
            to=(Recipient.SOS,),
            on="CONSULT_ON_SUPPLY",
            clause="13.9",
            what="Any alternative course of action that the DCC recommends",
            tells=("alternative",),
        ),
    ),
    subject="dmc",
    redacted_for=(Body.TAG,),
    notes=(
        "13.5 has the DCC anonymise and redact in consulting TAG: TAG's members read the document that they are given, "
        "and of the matter itself neither its title nor reasons, statements and documents of any step, before their "
        "view or after it; of the decision they are told what 13.6 says (our reading).",
        "13.5 speaks of TAG alone: TAB, the Panel, the Authority and the SIT Auditor, whom no clause consults or "
        "tells, and the Secretary of State, to whom a Supplier Party may refer it, are shown the matter whole "
        "where its audience has them (our reading).",
        "TAG's view does not bind the DCC. Ground (a) takes both of its limbs.",
        "Whether a de-selection takes effect during the window is not stated: it does until it is referred (our "
        "choice).",
        "When the alternative of 13.9 is recommended, and what the Secretary of State does with it, is not stated: the "
        "Secretary of State is told of it when TAG is consulted (our choice).",
        BY_LETTER,
        "The text does not say that the Secretary of State's decision is final. The window runs from the decision.",
    ),
)

ALL: tuple[Procedure, ...] = (DMC_SELECTION, DMC_DESELECTION)
"""Every procedure of this module."""
