"""What boards decide about Testing Issues: exclusion, counting, severity, other disputes (13.20 to 14.5)."""

from __future__ import annotations

from svtad.rulebook.deadlines import REFERRAL_13_21
from svtad.rulebook.procedures.machine import (
    Consultation,
    Group,
    NoticeDue,
    Procedure,
    Recipient,
    Requirement,
    Transition,
)
from svtad.rulebook.procedures.shared import (
    DECIDED_SEVERITY,
    DECISION,
    NOT_STATED,
    RATIONALE,
    SOS_SEVERITY,
    SVTAD,
    V1_23,
    step,
    text,
)
from svtad.rulebook.vocabulary import Body, CountState, DisputeState, ExclusionState

MATERIAL_IMPACT = text("material_impact", "How the decision materially affects the delivery of IOC, MOC or FOC")
PARTICIPANT_SEVERITY = Requirement(
    key="participant_severity", kind="severity", title="The severity that the Testing Participant holds right"
)
TAG_VIEW = text("tag_view", "What TAG said when it was discussed")
VIEW_STANDS = "TAG's view stands (inferred)."

EXCLUSION = Procedure(
    key="EXCLUSION",
    document=SVTAD,
    version=V1_23,
    clause="13.20-13.21",
    title="Exclusion of a Testing Issue from the threshold",
    summary="In SIT and SMETS1 Interface Testing, where the DCC believes that a Testing Issue should not be counted "
    "against the Testing Issue Threshold, it informs TAB, TAG and the Panel and states its rationale. The issue is "
    "excluded only if TAG agrees, and is named in the Completion Report. Where they disagree, and that has a material "
    "impact on the ability to deliver the release, the DCC may refer the matter to the Secretary of State within 5 "
    "Working Days of TAG's decision, for a determination that is final and binding.",
    group=Group.ISSUES,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial=ExclusionState.PROPOSED,
    transitions=(
        step(ExclusionState.PROPOSED, Body.TAG, "AGREE", ExclusionState.TAG_AGREED, "13.20"),
        step(ExclusionState.PROPOSED, Body.TAG, "REJECT", ExclusionState.TAG_REJECTED, "13.21"),
        step(
            ExclusionState.TAG_REJECTED,
            Body.DCC,
            "REFER",
            ExclusionState.REFERRED,
            "13.21",
            MATERIAL_IMPACT,
            within=REFERRAL_13_21,
            refers_to=Body.SOS,
            while_referred="The issue counts.",
        ),
        step(ExclusionState.REFERRED, Body.SOS, "UPHOLD", ExclusionState.SOS_UPHELD, "13.21", said_final=True),
        step(ExclusionState.REFERRED, Body.SOS, "DISMISS", ExclusionState.SOS_DISMISSED, "13.21", said_final=True),
    ),
    final=(ExclusionState.TAG_AGREED, ExclusionState.SOS_UPHELD, ExclusionState.SOS_DISMISSED),
    effect_while_pending="The issue counts until TAG agrees, or the Secretary of State upholds the exclusion.",
    opens_with=(RATIONALE,),
    notices=(
        NoticeDue(
            to=(Recipient.TAB, Recipient.TAG, Recipient.PANEL),
            on="OPEN",
            clause="13.20",
            what="The proposal to exclude the Testing Issue, and its rationale",
        ),
    ),
    phase_kinds=("SIT", "INTERFACE"),
    subject="issue",
    notes=(
        "What impact is material is not defined: the DCC states it.",
        "The window runs from TAG's decision, not from its notice.",
    ),
)

SEVERITY_DISPUTE = Procedure(
    key="SEVERITY_DISPUTE",
    document=SVTAD,
    version=V1_23,
    clause="14.2",
    title="Dispute of a Testing Issue's severity",
    summary="Where a Testing Participant disagrees with the severity that the DCC determined, the matter may be "
    "referred to TAG, whose decision is final and binding. The DCC's severity stays in any evaluation until TAG has "
    "determined and notified (14.4), except that no decision on Exit Criteria is made meanwhile where the dispute "
    "could affect it (14.5).",
    group=Group.ISSUES,
    proposer=Body.PARTICIPANT,
    deciders=(Body.TAG,),
    initial=DisputeState.RAISED,
    transitions=(
        step(
            DisputeState.RAISED,
            Body.TAG,
            "DECIDE",
            DisputeState.DECIDED,
            "14.2",
            DECIDED_SEVERITY,
            holds_from_notice=True,
            said_final=True,
            notes="Takes effect when TAG notifies (14.4).",
        ),
        step(DisputeState.RAISED, Body.PARTICIPANT, "WITHDRAW", DisputeState.WITHDRAWN, "14.2"),
    ),
    final=(DisputeState.DECIDED, DisputeState.WITHDRAWN),
    effect_while_pending="The DCC's severity stands (14.4); where the matter could change whether Exit Criteria are "
    "met, no decision on them can be made (14.5).",
    opens_with=(PARTICIPANT_SEVERITY, RATIONALE),
    opens_refers_to=Body.TAG,
    notices=(
        NoticeDue(
            to=(Recipient.DCC, Recipient.PROPOSER),
            on="DECIDE",
            clause="14.4",
            what="TAG's determination of the disputed severity",
        ),
    ),
    subject="issue",
    notes=(
        "Only the severity can be disputed here; one open dispute per issue.",
        "The text does not say who refers, nor that a dispute may be withdrawn: whoever raised it does (our reading).",
        "Which severities TAG may choose is not stated: it is a setting.",
    ),
)

OTHER_DISPUTE = Procedure(
    key="OTHER_DISPUTE",
    document=SVTAD,
    version=V1_23,
    clause="14.3",
    title="Dispute of the DCC's other determinations on a Testing Issue",
    summary="Where a Testing Participant disagrees with the DCC's determination, under Section H14.41, of the matters "
    "in Section H14.39(c), and of no other, it may request that the DCC refer the matter to the Secretary of State.",
    group=Group.ISSUES,
    proposer=Body.PARTICIPANT,
    deciders=(Body.SOS,),
    initial="REQUESTED",
    transitions=(
        step(
            "REQUESTED",
            Body.DCC,
            "FORWARD",
            "FORWARDED",
            "14.3",
            refers_to=Body.SOS,
            while_referred=NOT_STATED,
            notes="A duty to forward it is not stated.",
        ),
        step("REQUESTED", Body.PARTICIPANT, "WITHDRAW", "WITHDRAWN", "14.3"),
        step("FORWARDED", Body.SOS, "DECIDE", "DECIDED", "14.3", DECISION),
    ),
    final=("DECIDED", "WITHDRAWN"),
    effect_while_pending=NOT_STATED,
    opens_with=(RATIONALE,),
    subject="issue",
    notes=(
        "Section H14 of the Code is not held: whether the matter is one of H14.39(c) is for a person to say.",
        "There is no window, and the text does not say that the decision is final. Withdrawal is our choice.",
    ),
)


def _referred(state: CountState, target: CountState) -> tuple[Transition, ...]:
    """13.24: the DCC may refer TAG's view on whether an issue counts; the Secretary of State determines."""
    return (
        step(state, Body.DCC, "REFER", target, "13.24", refers_to=Body.SOS, while_referred=VIEW_STANDS),
        step(target, Body.SOS, "COUNT", CountState.SOS_COUNT, "13.24", said_final=True),
        step(target, Body.SOS, "NOT_COUNT", CountState.SOS_NOT_COUNT, "13.24", said_final=True),
    )


COUNT_STEPS = (
    *_referred(CountState.COUNT, CountState.COUNT_REFERRED),
    *_referred(CountState.NOT_COUNT, CountState.NOT_COUNT_REFERRED),
)
COUNT_ENDS = (CountState.COUNT, CountState.NOT_COUNT, CountState.SOS_COUNT, CountState.SOS_NOT_COUNT)

SCT_COUNT = Procedure(
    key="SCT_COUNT",
    document=SVTAD,
    version=V1_23,
    clause="13.22",
    title="Whether an SCT issue counts in SIT",
    summary="In reviewing extant Testing Issues for SIT, the DCC discusses with TAG whether any that were raised in "
    "the SCT Test Phase to date should be counted against the SIT threshold. Should the DCC disagree with TAG, it may "
    "refer the matter to the Secretary of State, whose decision is final and binding (13.24).",
    group=Group.ISSUES,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial=CountState.UNDECIDED,
    transitions=(
        step(CountState.UNDECIDED, Body.DCC, "COUNT", CountState.COUNT, "13.22", TAG_VIEW),
        step(CountState.UNDECIDED, Body.DCC, "NOT_COUNT", CountState.NOT_COUNT, "13.22", TAG_VIEW),
        *COUNT_STEPS,
    ),
    final=COUNT_ENDS,
    effect_while_pending="Undecided: the SIT threshold cannot be evaluated. Referred: TAG's view stands (inferred).",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="13.22",
            what="Whether the SCT issue should count in SIT",
            states=(CountState.UNDECIDED,),
            before=("COUNT", "NOT_COUNT"),
            is_needed=True,
        ),
    ),
    phase_kinds=("SIT",),
    subject="issue",
    notes=(
        "The text says discuss: the DCC decides, and only once TAG's view, or that it gave none by the day set, is "
        "recorded. A referral has no window.",
    ),
)

INTERFACE_COUNT = Procedure(
    key="INTERFACE_COUNT",
    document=SVTAD,
    version=V1_23,
    clause="13.23",
    title="Whether a presented issue counts in SMETS1 Interface Testing",
    summary="For the exit of SMETS1 Interface Testing the DCC presents to TAG (a) open severity 1 to 3 issues of any "
    "Testing Participant, (b) open severity 4 and 5 issues of Parties that completed Eligibility Testing, and (c) "
    "other open severity 1 to 3 issues that could affect the decision to deploy. TAG (i) confirms that the severities "
    "are right and (ii) determines which issues count. Should the DCC disagree on either, it may refer the matter to "
    "the Secretary of State, whose decision is final and binding (13.24).",
    group=Group.ISSUES,
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial="PRESENTED",
    transitions=(
        step("PRESENTED", Body.TAG, "CONFIRM_SEVERITY", "SEVERITY_CONFIRMED", "13.23(i)"),
        step("PRESENTED", Body.TAG, "CHANGE_SEVERITY", "SEVERITY_CHANGED", "13.23(i)", DECIDED_SEVERITY),
        *(
            step(
                source,
                Body.DCC,
                "REFER_SEVERITY",
                "SEVERITY_REFERRED",
                "13.24",
                refers_to=Body.SOS,
                while_referred=VIEW_STANDS,
            )
            for source in ("SEVERITY_CONFIRMED", "SEVERITY_CHANGED")
        ),
        step(
            "SEVERITY_REFERRED",
            Body.SOS,
            "DETERMINE_SEVERITY",
            "SEVERITY_DETERMINED",
            "13.24",
            SOS_SEVERITY,
            said_final=True,
        ),
        *(
            step(source, Body.TAG, outcome, target, "13.23(ii)")
            for source in ("SEVERITY_CONFIRMED", "SEVERITY_CHANGED", "SEVERITY_DETERMINED")
            for outcome, target in (("COUNT", CountState.COUNT), ("NOT_COUNT", CountState.NOT_COUNT))
        ),
        *COUNT_STEPS,
    ),
    final=COUNT_ENDS,
    effect_while_pending="Undecided: the threshold of Interface Testing cannot be evaluated. Referred: TAG's view "
    "stands (inferred).",
    opens_with=(text("presented_under", "Whether it is presented under 13.23(a), (b) or (c)"),),
    phase_kinds=("INTERFACE",),
    subject="issue",
    notes=(
        "13.18 says that all issues of the phase count; 13.23(ii) lets TAG leave some out, and is taken as the special "
        "rule. 13.18 states the limb of (c) without a limit of severity.",
        "A severity is referred before TAG determines what counts, and TAG waits for the answer (our choice of order).",
        "A referral has no window. A proposal to exclude goes by 13.20 and 13.21 instead.",
    ),
)

ALL: tuple[Procedure, ...] = (EXCLUSION, SEVERITY_DISPUTE, OTHER_DISPUTE, SCT_COUNT, INTERFACE_COUNT)
"""Every procedure of this module."""
