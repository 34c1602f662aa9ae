"""The procedures of SVTAD v1.23 that are built so far, as data."""

from __future__ import annotations

from svtad.rulebook.deadlines import REFERRAL_13_21, Window
from svtad.rulebook.procedures.machine import (
    Consultation,
    NoticeDue,
    Procedure,
    Recipient,
    Requirement,
    Transition,
)
from svtad.rulebook.vocabulary import (
    ApprovalState,
    Body,
    CertificateState,
    CountState,
    DescopeState,
    DisputeState,
    DocumentState,
    EvidenceState,
    ExclusionState,
    WorkOffPlanState,
)

SVTAD = "SVTAD"
V1_23 = "1.23"

RATIONALE = Requirement(key="rationale", kind="text", title="Reasons")
DOCUMENT = Requirement(key="document", kind="file", title="The document that records it")
MATERIAL_IMPACT = Requirement(
    key="material_impact",
    kind="text",
    title="How the decision materially affects the delivery of IOC, MOC or FOC",
)
PARTICIPANT_SEVERITY = Requirement(
    key="participant_severity", kind="severity", title="The severity that the Testing Participant holds right"
)
DECIDED_SEVERITY = Requirement(key="severity", kind="severity", title="The severity that TAG determined")
TAG_VIEW = Requirement(key="tag_view", kind="text", title="What TAG said when it was discussed")
EXCEPTIONAL = Requirement(
    key="exceptional_circumstances", kind="text", title="The exceptional circumstances for de-scoping the test"
)


def _step(
    source: str,
    body: Body,
    outcome: str,
    target: str,
    clause: str,
    *requires: Requirement,
    within: Window | None = None,
    duty: str = "may",
    refers_to: Body | None = None,
    while_referred: str = "",
    holds_from_notice: bool = False,
    notes: str = "",
) -> Transition:
    return Transition(
        source=source,
        body=body,
        outcome=outcome,
        target=target,
        clause=clause,
        requires=requires,
        within=within,
        duty=duty,
        refers_to=refers_to,
        while_referred=while_referred,
        holds_from_notice=holds_from_notice,
        notes=notes,
    )


EXCLUSION = Procedure(
    key="EXCLUSION",
    document=SVTAD,
    version=V1_23,
    clause="13.20-13.21",
    title="Exclusion of a Testing Issue from the threshold",
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.SOS),
    initial=ExclusionState.PROPOSED,
    transitions=(
        _step(ExclusionState.PROPOSED, Body.TAG, "AGREE", ExclusionState.TAG_AGREED, "13.20"),
        _step(ExclusionState.PROPOSED, Body.TAG, "REJECT", ExclusionState.TAG_REJECTED, "13.21"),
        _step(
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
        _step(ExclusionState.REFERRED, Body.SOS, "UPHOLD", ExclusionState.SOS_UPHELD, "13.21"),
        _step(ExclusionState.REFERRED, Body.SOS, "DISMISS", ExclusionState.SOS_DISMISSED, "13.21"),
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
    decision_is_final=True,
)

SEVERITY_DISPUTE = Procedure(
    key="SEVERITY_DISPUTE",
    document=SVTAD,
    version=V1_23,
    clause="14.2",
    title="Dispute of a Testing Issue's severity",
    proposer=Body.PARTICIPANT,
    deciders=(Body.TAG,),
    initial=DisputeState.RAISED,
    transitions=(
        _step(
            DisputeState.RAISED,
            Body.TAG,
            "DECIDE",
            DisputeState.DECIDED,
            "14.2",
            DECIDED_SEVERITY,
            holds_from_notice=True,
            notes="Takes effect when TAG notifies (14.4).",
        ),
        _step(DisputeState.RAISED, Body.PARTICIPANT, "WITHDRAW", DisputeState.WITHDRAWN, "14.2"),
    ),
    final=(DisputeState.DECIDED, DisputeState.WITHDRAWN),
    effect_while_pending="The DCC's severity stands (14.4); where the matter could change whether Exit Criteria are "
    "met, no decision on them can be made (14.5).",
    opens_with=(PARTICIPANT_SEVERITY, RATIONALE),
    subject="issue",
    decision_is_final=True,
    notes=("Only the severity can be disputed here; one open dispute per issue.",),
)

DESCOPE_PIT = Procedure(
    key="DESCOPE_PIT",
    document=SVTAD,
    version=V1_23,
    clause="12.6(a)",
    title="De-scoping of a planned test in PIT",
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial=DescopeState.PROPOSED,
    transitions=(
        _step(DescopeState.PROPOSED, Body.TAB, "APPROVE", DescopeState.TAB_APPROVED, "12.6(a)"),
        _step(DescopeState.PROPOSED, Body.TAB, "REJECT", DescopeState.TAB_REJECTED, "12.6(a)"),
    ),
    final=(DescopeState.TAB_APPROVED, DescopeState.TAB_REJECTED),
    effect_while_pending="The test stays planned: it counts as not executed, and in the pass rate.",
    opens_with=(EXCEPTIONAL,),
    phase_kinds=("PIT",),
    subject="planned_test",
)

DESCOPE_SIT = Procedure(
    key="DESCOPE_SIT",
    document=SVTAD,
    version=V1_23,
    clause="12.6(a)",
    title="De-scoping of a planned test in SIT",
    proposer=Body.DCC,
    deciders=(Body.TAB, Body.SOS),
    initial=DescopeState.PROPOSED,
    transitions=(
        _step(DescopeState.PROPOSED, Body.TAB, "APPROVE", DescopeState.TAB_APPROVED, "12.6(a)"),
        _step(
            DescopeState.PROPOSED,
            Body.TAB,
            "REJECT",
            DescopeState.TAB_REJECTED,
            "12.6(a)",
            notes="That a refusal by TAB ends it is our reading.",
        ),
        _step(
            DescopeState.TAB_APPROVED,
            Body.DCC,
            "REFER",
            DescopeState.AWAITING_SOS,
            "12.6(a)",
            duty="shall",
            refers_to=Body.SOS,
            while_referred="The test stays planned.",
        ),
        _step(DescopeState.AWAITING_SOS, Body.SOS, "APPROVE", DescopeState.SOS_APPROVED, "12.6(a)"),
        _step(DescopeState.AWAITING_SOS, Body.SOS, "REJECT", DescopeState.SOS_REJECTED, "12.6(a)"),
    ),
    final=(DescopeState.TAB_REJECTED, DescopeState.SOS_APPROVED, DescopeState.SOS_REJECTED),
    effect_while_pending="The test stays planned until the Secretary of State approves: it counts as not executed, "
    "and in the pass rate.",
    opens_with=(EXCEPTIONAL,),
    phase_kinds=("SIT",),
    subject="planned_test",
)

ASSURANCE_REPORT = Procedure(
    key="ASSURANCE_REPORT",
    document=SVTAD,
    version=V1_23,
    clause="9.6",
    title="TAB's approval of the DCC assurance report",
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial=EvidenceState.DRAFT,
    transitions=(
        _step(EvidenceState.DRAFT, Body.DCC, "PRESENT", EvidenceState.PRESENTED, "9.6", DOCUMENT),
        _step(EvidenceState.PRESENTED, Body.TAB, "APPROVE", EvidenceState.APPROVED, "9.6"),
        _step(EvidenceState.PRESENTED, Body.TAB, "REJECT", EvidenceState.REJECTED, "9.6"),
        _step(EvidenceState.REJECTED, Body.DCC, "REVISE", EvidenceState.DRAFT, "9.6"),
        _step(EvidenceState.APPROVED, Body.DCC, "SHARE", EvidenceState.SHARED_WITH_TAG, "9.6", duty="shall"),
    ),
    final=(EvidenceState.APPROVED, EvidenceState.SHARED_WITH_TAG),
    effect_while_pending="Table 13.1 row 8 is not met.",
    notices=(
        NoticeDue(to=(Recipient.TAG,), on="APPROVE", clause="9.6", what="The DCC assurance report that TAB approved"),
    ),
    subject="evidence",
)

TEST_COMPLETION_CERTIFICATE = Procedure(
    key="TEST_COMPLETION_CERTIFICATE",
    document=SVTAD,
    version=V1_23,
    clause="1",
    title="Test Completion Certificate of one DCC Service Provider",
    proposer=Body.DCC,
    deciders=(Body.TAB, Body.DCC),
    initial=CertificateState.DRAFT,
    transitions=(
        _step(CertificateState.DRAFT, Body.TAB, "APPROVE", CertificateState.TAB_APPROVED, "1"),
        _step(CertificateState.TAB_APPROVED, Body.DCC, "ISSUE", CertificateState.ISSUED, "12.6(i)", DOCUMENT),
        _step(CertificateState.ISSUED, Body.TAB, "REVOKE", CertificateState.REVOKED, "15.2", RATIONALE),
        _step(CertificateState.REVOKED, Body.TAB, "APPROVE", CertificateState.REISSUE_APPROVED, "15.2"),
        _step(
            CertificateState.REISSUE_APPROVED,
            Body.DCC,
            "ISSUE",
            CertificateState.REISSUED,
            "12.6(i)",
            DOCUMENT,
            notes="The first date stays: the clock of 15.1 does not start again (text silent).",
        ),
        _step(CertificateState.REISSUED, Body.TAB, "REVOKE", CertificateState.REVOKED, "15.2", RATIONALE),
    ),
    final=(CertificateState.ISSUED, CertificateState.REISSUED),
    effect_while_pending="12.6(i) is not met for that provider, and 12.5(b) not for phases that follow.",
    subject="provider",
)

WORK_OFF_PLAN = Procedure(
    key="WORK_OFF_PLAN",
    document=SVTAD,
    version=V1_23,
    clause="15.1",
    title="Work Off Plan",
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial=WorkOffPlanState.DRAFT,
    transitions=(
        _step(WorkOffPlanState.DRAFT, Body.TAB, "APPROVE", WorkOffPlanState.TAB_APPROVED, "15.1"),
        _step(WorkOffPlanState.TAB_APPROVED, Body.DCC, "START", WorkOffPlanState.IN_PROGRESS, "15.1"),
        _step(
            WorkOffPlanState.IN_PROGRESS,
            Body.DCC,
            "COMPLETE",
            WorkOffPlanState.COMPLETE,
            "12.6(h)",
            notes="Only once every item is closed and its tests re-run successfully.",
        ),
    ),
    final=(WorkOffPlanState.COMPLETE,),
    effect_while_pending="12.6(g) is not met.",
    opens_with=(DOCUMENT,),
    subject="work_off_plan",
)

APPROVAL_TO_PROCEED = Procedure(
    key="APPROVAL_TO_PROCEED",
    document=SVTAD,
    version=V1_23,
    clause="12.5(e)",
    title="Approval to proceed certificate",
    proposer=Body.DCC,
    deciders=(Body.DCC,),
    initial=ApprovalState.DRAFT,
    transitions=(
        _step(
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
)

SCT_COUNT = Procedure(
    key="SCT_COUNT",
    document=SVTAD,
    version=V1_23,
    clause="13.22",
    title="Whether an SCT issue counts in SIT",
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial=CountState.UNDECIDED,
    transitions=(
        _step(CountState.UNDECIDED, Body.DCC, "COUNT", CountState.COUNT, "13.22", TAG_VIEW),
        _step(CountState.UNDECIDED, Body.DCC, "NOT_COUNT", CountState.NOT_COUNT, "13.22", TAG_VIEW),
        _step(
            CountState.COUNT,
            Body.DCC,
            "REFER",
            CountState.COUNT_REFERRED,
            "13.24",
            refers_to=Body.SOS,
            while_referred="TAG's view stands (inferred).",
        ),
        _step(
            CountState.NOT_COUNT,
            Body.DCC,
            "REFER",
            CountState.NOT_COUNT_REFERRED,
            "13.24",
            refers_to=Body.SOS,
            while_referred="TAG's view stands (inferred).",
        ),
        _step(CountState.COUNT_REFERRED, Body.SOS, "COUNT", CountState.SOS_COUNT, "13.24"),
        _step(CountState.COUNT_REFERRED, Body.SOS, "NOT_COUNT", CountState.SOS_NOT_COUNT, "13.24"),
        _step(CountState.NOT_COUNT_REFERRED, Body.SOS, "COUNT", CountState.SOS_COUNT, "13.24"),
        _step(CountState.NOT_COUNT_REFERRED, Body.SOS, "NOT_COUNT", CountState.SOS_NOT_COUNT, "13.24"),
    ),
    final=(CountState.COUNT, CountState.NOT_COUNT, CountState.SOS_COUNT, CountState.SOS_NOT_COUNT),
    effect_while_pending="Undecided: the SIT threshold cannot be evaluated. Referred: TAG's view stands (inferred).",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="13.22",
            what="Whether the SCT issue should count in SIT",
            states=(CountState.UNDECIDED,),
            before=("COUNT", "NOT_COUNT"),
        ),
    ),
    phase_kinds=("SIT",),
    subject="issue",
    decision_is_final=True,
    notes=("The text says discuss: the DCC records TAG's view. A referral has no window.",),
)

OVERLAP = Procedure(
    key="OVERLAP",
    document=SVTAD,
    version=V1_23,
    clause="5.7",
    title="Overlap of SIT and SMETS1 Interface Testing",
    proposer=Body.DCC,
    deciders=(Body.TAG, Body.PANEL),
    initial="PROPOSED",
    transitions=(
        _step("PROPOSED", Body.TAG, "REVIEW", "TAG_REVIEWED", "5.7"),
        _step("TAG_REVIEWED", Body.PANEL, "AGREE", "PANEL_AGREED", "5.7"),
        _step("TAG_REVIEWED", Body.PANEL, "REFUSE", "PANEL_REFUSED", "5.7"),
    ),
    final=("PANEL_AGREED", "PANEL_REFUSED"),
    effect_while_pending="The two may not overlap: 12.5(b) has no exception.",
    opens_with=(RATIONALE,),
    phase_kinds=("SIT", "INTERFACE"),
    subject="phase",
)


def _before_panel(source: str) -> tuple[Transition, ...]:
    """The acts of 13.15 in any order, and the Panel's determination, which no state refuses (rule 16)."""
    return (
        _step(source, Body.DCC, "ANNOUNCE", "ANNOUNCED", "13.15(a)", duty="shall"),
        _step(source, Body.DCC, "SEND_PACKAGE", "PACKAGE_SENT", "13.15(b)", DOCUMENT, duty="shall"),
        _step(source, Body.DCC, "REVIEW_WITH_TAG", "TAG_REVIEWED", "13.15(c)", duty="shall"),
        _step(source, Body.PANEL, "CONFIRM", "CONFIRMED", "13.16"),
        _step(source, Body.PANEL, "NOT_MET", "NOT_MET", "13.16", RATIONALE),
    )


SIT_COMPLETION = Procedure(
    key="SIT_COMPLETION",
    document=SVTAD,
    version=V1_23,
    clause="13.15-13.16",
    title="The Panel's determination that SIT is complete",
    proposer=Body.DCC,
    deciders=(Body.PANEL,),
    initial="NOT_STARTED",
    transitions=(
        *_before_panel("NOT_STARTED"),
        *_before_panel("ANNOUNCED"),
        *_before_panel("PACKAGE_SENT"),
        *_before_panel("TAG_REVIEWED"),
        *_before_panel("CONTINUE"),
        _step("NOT_MET", Body.PANEL, "DIRECT", "CONTINUE", "13.16", RATIONALE, duty="shall"),
    ),
    final=("CONFIRMED",),
    effect_while_pending="SIT is not complete.",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="13.15(c)",
            what="Whether each Exit Criterion of SIT is met",
            states=("NOT_STARTED", "ANNOUNCED", "PACKAGE_SENT", "CONTINUE"),
            before=("CONFIRM", "NOT_MET"),
        ),
    ),
    notices=(
        NoticeDue(
            to=(Recipient.SOS, Recipient.AUTHORITY, Recipient.PANEL, Recipient.PARTIES),
            on="ANNOUNCE",
            clause="13.15(a)",
            what="That the DCC considers SIT to be completed",
        ),
    ),
    phase_kinds=("SIT",),
    subject="phase",
    notes=(
        "The three acts of 13.15 come in any order; what is missing is shown, not refused (rule 16).",
        "A Panel confirmation is refused only where a pending severity dispute blocks it (14.5).",
    ),
)

TAD_APPROVAL = Procedure(
    key="TAD_APPROVAL",
    document=SVTAD,
    version=V1_23,
    clause="3.2-3.4",
    title="Approval of a Testing Approach Document",
    proposer=Body.DCC,
    deciders=(Body.SOS,),
    initial=DocumentState.DRAFT,
    transitions=(
        _step(DocumentState.DRAFT, Body.DCC, "CONSULT", DocumentState.CONSULTING, "3.1", duty="shall"),
        _step(DocumentState.CONSULTING, Body.DCC, "SUBMIT", DocumentState.SUBMITTED, "3.2", DOCUMENT, duty="shall"),
        _step(DocumentState.SUBMITTED, Body.SOS, "RETURN", DocumentState.RETURNED, "3.3"),
        _step(DocumentState.SUBMITTED, Body.SOS, "APPROVE", DocumentState.APPROVED, "3.4"),
        _step(DocumentState.RETURNED, Body.DCC, "SUBMIT", DocumentState.SUBMITTED, "3.3", DOCUMENT, duty="shall"),
        _step(DocumentState.RETURNED, Body.DCC, "CONSULT", DocumentState.CONSULTING, "3.3", duty="shall"),
    ),
    final=(DocumentState.APPROVED,),
    effect_while_pending="Migration Testing and User Testing Services may not start (12.3).",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="3.1",
            what="The draft of the Testing Approach Document",
            states=(DocumentState.DRAFT, DocumentState.CONSULTING, DocumentState.RETURNED),
            before=("SUBMIT",),
        ),
    ),
    subject="document_version",
)

ALL: tuple[Procedure, ...] = (
    EXCLUSION,
    SEVERITY_DISPUTE,
    DESCOPE_PIT,
    DESCOPE_SIT,
    ASSURANCE_REPORT,
    TEST_COMPLETION_CERTIFICATE,
    WORK_OFF_PLAN,
    APPROVAL_TO_PROCEED,
    SCT_COUNT,
    OVERLAP,
    SIT_COMPLETION,
    TAD_APPROVAL,
)
"""Every procedure of this document and version that is built."""
