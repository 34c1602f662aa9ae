"""What boards decide about Test Phases: overlap, repetition, regression scope, reports, promotion, de-scoping."""

from __future__ import annotations

from svtad.rulebook.procedures.machine import Consultation, Group, NoticeDue, Procedure, Recipient
from svtad.rulebook.procedures.shared import (
    DECISION,
    DOCUMENT,
    NOT_STATED,
    RATIONALE,
    SVTAD,
    V1_23,
    document,
    step,
    text,
)
from svtad.rulebook.vocabulary import ApprovalState, Body, DescopeState, EvidenceState

EXCEPTIONAL = text("exceptional_circumstances", "The exceptional circumstances for de-scoping the test")
IMPACT = text("impact", "The impact of the change, and how far it is practical to accommodate it")

OVERLAP = Procedure(
    key="OVERLAP",
    document=SVTAD,
    version=V1_23,
    clause="5.7",
    title="Overlap of SIT and SMETS1 Interface Testing",
    summary="The DCC does not overlap SIT and SMETS1 Interface Testing unless TAG has reviewed it first and the Panel "
    "agrees.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.PANEL),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.TAG, "REVIEW", "TAG_REVIEWED", "5.7"),
        step("TAG_REVIEWED", Body.PANEL, "AGREE", "PANEL_AGREED", "5.7"),
        step("TAG_REVIEWED", Body.PANEL, "REFUSE", "PANEL_REFUSED", "5.7"),
    ),
    final=("PANEL_AGREED", "PANEL_REFUSED"),
    effect_while_pending="The two may not overlap: 12.5(b) has no exception.",
    opens_with=(RATIONALE,),
    phase_kinds=("SIT", "INTERFACE"),
    subject="phase",
    notes=("No consequence and no way of appeal is given where the Panel refuses.",),
)

INTERFACE_REPEAT = Procedure(
    key="INTERFACE_REPEAT",
    document=SVTAD,
    version=V1_23,
    clause="7.3",
    title="Whether SMETS1 Interface Testing is repeated for MOC or FOC",
    summary="SMETS1 Interface Testing is for IOC, and is repeated for MOC or FOC on a material change to the DCC User "
    "Interface. Where any change to it is proposed, the DCC consults TAG on whether it is material and notifies the "
    "Secretary of State of both views. Where the Secretary of State directs, the DCC proposes, and consults on, the "
    "changes to the documents that the repetition needs (clause 4). Without a direction, 5.2(b)(ii) is deemed to be "
    "met by the Interface Testing completed for IOC.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.SOS,),
    initial="CHANGE_PROPOSED",
    transitions=(
        step(
            "CHANGE_PROPOSED",
            Body.DCC,
            "NOTIFY_VIEWS",
            "SOS_NOTIFIED",
            "7.3",
            text("dcc_view", "Whether the DCC considers the change to be material"),
            text("tag_view", "Whether TAG considers the change to be material"),
            duty="shall",
        ),
        step("SOS_NOTIFIED", Body.SOS, "DIRECT", "REPETITION_DIRECTED", "7.3"),
        step(
            "REPETITION_DIRECTED",
            Body.DCC,
            "PROPOSE_CHANGES",
            "CHANGES_PROPOSED",
            "7.3",
            document("The changes proposed to the SVTAD and the Testing Approach Documents"),
            duty="shall",
            notes="They are then consulted on, and take effect, by clause 4.",
        ),
    ),
    final=("SOS_NOTIFIED", "CHANGES_PROPOSED"),
    settled=("REPETITION_DIRECTED",),
    effect_while_pending="Without a direction, 5.2(b)(ii) is deemed to be met by the Interface Testing for IOC.",
    opens_with=(text("change", "The change proposed to the DCC User Interface"),),
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="7.3",
            what="Whether the change to the DCC User Interface is material",
            states=("CHANGE_PROPOSED",),
            before=("NOTIFY_VIEWS",),
            is_needed=True,
        ),
    ),
    notices=(
        NoticeDue(
            to=(Recipient.SOS,),
            on="NOTIFY_VIEWS",
            clause="7.3",
            what="Whether the DCC, and whether TAG, considers the change to the DCC User Interface to be material",
        ),
    ),
    subject="release",
    notes=(
        "The first sentence says that testing shall be repeated on a material change; the rest makes that depend on "
        "the Secretary of State's direction, and so does this.",
        "The Secretary of State need not answer: once notified, the matter is at rest until a direction comes.",
    ),
)

REGRESSION_SCOPE = Procedure(
    key="REGRESSION_SCOPE",
    document=SVTAD,
    version=V1_23,
    clause="7.5",
    title="Scope of a Test Phase's regression testing",
    summary="The DCC consults TAG on the scope of regression testing in each Test Phase. Where TAG proposes a change, "
    "the DCC assesses its impact, accommodates it where practical, and informs TAG of its decision. Should TAG "
    "disagree, it may refer the matter to the Secretary of State, whose decision is final and binding.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.TAG, "PROPOSE_CHANGE", "CHANGE_PROPOSED", "7.5", text("change", "The change proposed")),
        step("PROPOSED", Body.DCC, "SETTLE", "SETTLED", "7.5", notes="Where TAG proposes no change."),
        step(
            "CHANGE_PROPOSED",
            Body.DCC,
            "ACCOMMODATE",
            "ACCOMMODATED",
            "7.5",
            IMPACT,
            duty="shall",
            notes="Where it is practical.",
        ),
        step("CHANGE_PROPOSED", Body.DCC, "DECLINE", "DECLINED", "7.5", IMPACT, notes="Where it is not practical."),
        *(
            step(
                source,
                Body.TAG,
                "REFER",
                "REFERRED",
                "7.5",
                refers_to=Body.SOS,
                while_referred=NOT_STATED,
                notes="The right is TAG's alone.",
            )
            for source in ("DECLINED", "ACCOMMODATED")
        ),
        step("REFERRED", Body.SOS, "DETERMINE", "SOS_DETERMINED", "7.5", DECISION, said_final=True),
    ),
    final=("SETTLED", "ACCOMMODATED", "DECLINED", "SOS_DETERMINED"),
    effect_while_pending="The text does not say whether regression testing may go on meanwhile.",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="7.5",
            what="The scope of regression testing undertaken during the Test Phase",
            states=("PROPOSED",),
            before=("SETTLE",),
            is_needed=True,
        ),
    ),
    notices=tuple(
        NoticeDue(to=(Recipient.TAG,), on=outcome, clause="7.5", what="The DCC's decision on the change TAG proposed")
        for outcome in ("ACCOMMODATE", "DECLINE")
    ),
    subject="phase",
    notes=(
        "There is no window for the referral.",
        "A change accommodated in part may be referred as one declined (our reading).",
    ),
)

ASSURANCE_REPORT = Procedure(
    key="ASSURANCE_REPORT",
    document=SVTAD,
    version=V1_23,
    clause="9.6",
    title="TAB's approval of the DCC assurance report",
    summary="The DCC assurance report and its supporting documentation are presented to TAB, which approves or rejects "
    "it. Approved, it is given to TAG for information; a TAG member may ask for the supporting documentation, the "
    "report of 9.4 included, which then bears its confidentiality markings.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial=EvidenceState.DRAFT,
    transitions=(
        step(EvidenceState.DRAFT, Body.DCC, "PRESENT", EvidenceState.PRESENTED, "9.6", DOCUMENT),
        step(EvidenceState.PRESENTED, Body.TAB, "APPROVE", EvidenceState.APPROVED, "9.6"),
        step(EvidenceState.PRESENTED, Body.TAB, "REJECT", EvidenceState.REJECTED, "9.6"),
        step(EvidenceState.REJECTED, Body.DCC, "REVISE", EvidenceState.DRAFT, "9.6"),
        step(EvidenceState.APPROVED, Body.DCC, "SHARE", EvidenceState.SHARED_WITH_TAG, "9.6", duty="shall"),
    ),
    final=(EvidenceState.APPROVED, EvidenceState.SHARED_WITH_TAG),
    effect_while_pending="Table 13.1 row 8 is not met.",
    notices=(
        NoticeDue(to=(Recipient.TAG,), on="APPROVE", clause="9.6", what="The DCC assurance report that TAB approved"),
    ),
    subject="evidence",
    notes=("That a rejected report is revised and presented anew is inferred.",),
)

CODE_PROMOTION = Procedure(
    key="CODE_PROMOTION",
    document=SVTAD,
    version=V1_23,
    clause="9.4-9.6, 9.8, 9.10",
    title="Promotion of code from one environment to another",
    summary="Before code goes from one DCC test environment to another, the DCC Service Provider reports on its "
    "testing, the DCC makes an assurance report, and TAB approves or rejects it. Where Testing Participants test in "
    "the environment they are given a release note in advance, so that they can consider any impact. For production "
    "there is a report instead, given to whomever the Secretary of State directs.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial="REQUESTED",
    transitions=(
        step(
            "REQUESTED",
            Body.PROVIDER,
            "REPORT",
            "REPORTED",
            "9.4",
            document("The DCC Service Provider's report, 9.4(a) to (i)"),
            duty="shall",
        ),
        step(
            "REPORTED",
            Body.DCC,
            "ASSURE",
            "ASSURED",
            "9.5",
            document("The DCC assurance report, 9.5(a) to (d)"),
            duty="shall",
        ),
        step("ASSURED", Body.TAB, "APPROVE", "TAB_APPROVED", "9.6"),
        step("ASSURED", Body.TAB, "REJECT", "TAB_REJECTED", "9.6"),
        step("TAB_REJECTED", Body.DCC, "REVISE", "REPORTED", "9.6"),
        step(
            "TAB_APPROVED",
            Body.DCC,
            "SEND_RELEASE_NOTE",
            "RELEASE_NOTE_SENT",
            "9.10",
            document("The release note"),
            duty="shall",
        ),
        step(
            "TAB_APPROVED",
            Body.DCC,
            "PROMOTE_WITHOUT_NOTE",
            "DONE",
            "9.4",
            notes="Only into an environment in which no Testing Participant is testing: 9.10 asks for no note there.",
        ),
        step("RELEASE_NOTE_SENT", Body.DCC, "PROMOTE", "DONE", "9.4"),
        step(
            "REQUESTED",
            Body.DCC,
            "REPORT_FOR_PRODUCTION",
            "PRODUCTION_REPORTED",
            "9.8",
            document("The report on the testing that was undertaken"),
            text("given_to", "The persons or bodies to which the Secretary of State directed it to be given"),
            duty="shall",
        ),
        step("PRODUCTION_REPORTED", Body.DCC, "PROMOTE_TO_PRODUCTION", "DONE", "9.8"),
    ),
    final=("DONE",),
    effect_while_pending="The code stays where it is.",
    notices=(
        NoticeDue(to=(Recipient.TAG,), on="APPROVE", clause="9.6", what="The DCC assurance report that TAB approved"),
        NoticeDue(
            to=(Recipient.PARTICIPANTS,),
            on="SEND_RELEASE_NOTE",
            clause="9.10",
            what="The release note for the code that is to be promoted",
            before=("PROMOTE",),
            with_document=True,
        ),
    ),
    subject="release",
    notes=(
        "That a promotion waits for TAB's approval is read from TAB's definition (clause 1); 9.6 does not say so.",
        "Whether a promotion to production takes the reports of 9.4 to 9.6 too is not stated: 9.8 is read as instead.",
    ),
)

APPROVAL_TO_PROCEED = Procedure(
    key="APPROVAL_TO_PROCEED",
    document=SVTAD,
    version=V1_23,
    clause="12.5(e)",
    title="Approval to proceed certificate",
    summary="A Test Phase starts only once the DCC has issued an approval to proceed certificate for it.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.DCC,),
    initial=ApprovalState.DRAFT,
    transitions=(
        step(
            ApprovalState.DRAFT,
            Body.DCC,
            "ISSUE",
            ApprovalState.ISSUED,
            "12.5(e)",
            DOCUMENT,
            notes="Only while 12.5(a) to (d) are met.",
        ),
    ),
    final=(ApprovalState.ISSUED,),
    effect_while_pending="The Test Phase may not start.",
    subject="phase",
    notes=("Who issues it within the DCC, and what TAB has to do with it, is not stated.",),
)

DESCOPE_PIT = Procedure(
    key="DESCOPE_PIT",
    document=SVTAD,
    version=V1_23,
    clause="12.6(a)",
    title="De-scoping of a planned test in PIT",
    summary="All planned tests are executed. In exceptional circumstances it may be proposed to de-scope one, subject "
    "to TAB's approval.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial=DescopeState.PROPOSED,
    transitions=(
        step(DescopeState.PROPOSED, Body.TAB, "APPROVE", DescopeState.TAB_APPROVED, "12.6(a)"),
        step(DescopeState.PROPOSED, Body.TAB, "REJECT", DescopeState.TAB_REJECTED, "12.6(a)"),
    ),
    final=(DescopeState.TAB_APPROVED, DescopeState.TAB_REJECTED),
    effect_while_pending="The test stays planned: it counts as not executed, and in the pass rate.",
    opens_with=(EXCEPTIONAL,),
    phase_kinds=("PIT",),
    subject="planned_test",
    notes=(
        "The text does not say what is exceptional, nor who may propose it: the DCC does (our reading).",
        "A test that was executed and failed is not barred from it; it is marked so wherever it is listed.",
    ),
)

DESCOPE_SIT = Procedure(
    key="DESCOPE_SIT",
    document=SVTAD,
    version=V1_23,
    clause="12.6(a)",
    title="De-scoping of a planned test in SIT",
    summary="All planned tests are executed. In exceptional circumstances it may be proposed to de-scope one, subject "
    "to TAB's approval. In SIT the DCC refers what TAB recommends to the Secretary of State, and the test is de-scoped "
    "only if the Secretary of State approves.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB, Body.SOS),
    initial=DescopeState.PROPOSED,
    transitions=(
        step(DescopeState.PROPOSED, Body.TAB, "APPROVE", DescopeState.TAB_APPROVED, "12.6(a)"),
        step(
            DescopeState.PROPOSED,
            Body.TAB,
            "REJECT",
            DescopeState.TAB_REJECTED,
            "12.6(a)",
            notes="That a refusal by TAB ends it is our reading.",
        ),
        step(
            DescopeState.TAB_APPROVED,
            Body.DCC,
            "REFER",
            DescopeState.AWAITING_SOS,
            "12.6(a)",
            duty="shall",
            refers_to=Body.SOS,
            while_referred="The test stays planned.",
        ),
        step(DescopeState.AWAITING_SOS, Body.SOS, "APPROVE", DescopeState.SOS_APPROVED, "12.6(a)"),
        step(DescopeState.AWAITING_SOS, Body.SOS, "REJECT", DescopeState.SOS_REJECTED, "12.6(a)"),
    ),
    final=(DescopeState.TAB_REJECTED, DescopeState.SOS_APPROVED, DescopeState.SOS_REJECTED),
    effect_while_pending="The test stays planned until the Secretary of State approves: it counts as not executed, "
    "and in the pass rate.",
    opens_with=(EXCEPTIONAL,),
    phase_kinds=("SIT",),
    subject="planned_test",
    notes=(
        "The text speaks of TAB's approval, then of its recommendation; whether a refusal is referred too is not said.",
        "There is no window for the referral.",
    ),
)

ALL: tuple[Procedure, ...] = (
    OVERLAP,
    INTERFACE_REPEAT,
    REGRESSION_SCOPE,
    ASSURANCE_REPORT,
    CODE_PROMOTION,
    APPROVAL_TO_PROCEED,
    DESCOPE_PIT,
    DESCOPE_SIT,
)
"""Every procedure of this module."""
