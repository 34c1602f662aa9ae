"""What completes a phase: certificates, Work Off Plans and their correction, Completion Reports, the Panel."""

from __future__ import annotations

from svtad.rulebook.procedures.machine import (
    ActWanted,
    Consultation,
    Group,
    NoticeDue,
    Procedure,
    Recipient,
    Requirement,
    Transition,
)
from svtad.rulebook.procedures.shared import DOCUMENT, RATIONALE, SVTAD, V1_23, document, step
from svtad.rulebook.vocabulary import Body, CertificateState, WorkOffPlanState

PACKAGE = document(
    "The SIT Completion Report, the SIT Auditor Report, and the list of their sections that the DCC considers should "
    "be redacted"
)
REVOKED = Requirement(
    key="revoked", kind="named", title="The Test Completion Certificates that TAB revokes, pending resolution"
)
NEW_DAYS = Requirement(
    key="due", kind="days", title="The day by which each Testing Issue is to be resolved now, by its reference"
)
AWARE = Requirement(
    key="aware_on", kind="date", title="The day on which whoever is responsible became aware that it will be late"
)
TAG_VIEWS = Requirement(key="views", kind="views", title="What TAG says of each Exit Criterion")
NOT_MET_CRITERIA = Requirement(
    key="criteria", kind="named", title="The Exit Criteria that the Panel believes are not met"
)
PROPOSED = Requirement(
    key="redactions", kind="redactions", title="What the DCC considers should be redacted (13.15(b))"
)
SPECIFIED = Requirement(
    key="redactions", kind="redactions", title="What the Panel specifies to be redacted; nothing where it is empty"
)

TEST_COMPLETION_CERTIFICATE = Procedure(
    key="TEST_COMPLETION_CERTIFICATE",
    document=SVTAD,
    version=V1_23,
    clause="1",
    title="Test Completion Certificate of one DCC Service Provider",
    summary="The DCC issues a certificate to a DCC Service Provider that it considers to have met the relevant Exit "
    "Criteria of a Test Phase. TAB approves, or revokes, the issuance; it may revoke a certificate when it considers a "
    "correction plan (15.2).",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB, Body.DCC),
    initial=CertificateState.DRAFT,
    transitions=(
        step(CertificateState.DRAFT, Body.TAB, "APPROVE", CertificateState.TAB_APPROVED, "1"),
        step(CertificateState.TAB_APPROVED, Body.DCC, "ISSUE", CertificateState.ISSUED, "12.6(i)", DOCUMENT),
        step(CertificateState.ISSUED, Body.TAB, "REVOKE", CertificateState.REVOKED, "15.2", RATIONALE),
        step(CertificateState.REVOKED, Body.TAB, "APPROVE", CertificateState.REISSUE_APPROVED, "15.2"),
        step(
            CertificateState.REISSUE_APPROVED,
            Body.DCC,
            "ISSUE",
            CertificateState.REISSUED,
            "12.6(i)",
            DOCUMENT,
            notes="The first date stays: the clock of 15.1 does not start again (text silent).",
        ),
        step(CertificateState.REISSUED, Body.TAB, "REVOKE", CertificateState.REVOKED, "15.2", RATIONALE),
    ),
    final=(CertificateState.ISSUED, CertificateState.REISSUED),
    effect_while_pending="12.6(i) is not met for that provider, and 12.5(b) not for phases that follow.",
    subject="provider",
    notes=(
        "TAB's definition (clause 1) lists revoking as a general function; 15.2 ties it to a correction plan.",
        "What a revocation does to phases that have started is not stated: they are flagged, never rolled back.",
        "That TAB approves a re-issue as it does an issue is our reading.",
    ),
)

WORK_OFF_PLAN = Procedure(
    key="WORK_OFF_PLAN",
    document=SVTAD,
    version=V1_23,
    clause="15.1",
    title="Work Off Plan",
    summary="When a Test Phase exits, and when SMETS1 Interface Testing completes, all open Testing Issues are "
    "documented in a Work Off Plan, which TAB approves. It sets when they are to be resolved: within 20, 40 and 60 "
    "Working Days from the issuing of a Test Completion Certificate for severities 3, 4 and 5. Its resolution is "
    "reported to TAG and the Panel (15.2).",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial=WorkOffPlanState.DRAFT,
    transitions=(
        step(WorkOffPlanState.DRAFT, Body.TAB, "APPROVE", WorkOffPlanState.TAB_APPROVED, "15.1"),
        step(WorkOffPlanState.TAB_APPROVED, Body.DCC, "START", WorkOffPlanState.IN_PROGRESS, "15.1"),
        step(
            WorkOffPlanState.IN_PROGRESS,
            Body.DCC,
            "COMPLETE",
            WorkOffPlanState.COMPLETE,
            "12.6(h)",
            notes="Only once every item is closed and its tests re-run successfully.",
        ),
    ),
    final=(WorkOffPlanState.COMPLETE,),
    settled=(WorkOffPlanState.TAB_APPROVED, WorkOffPlanState.IN_PROGRESS),
    effect_while_pending="12.6(g) is not met.",
    opens_with=(DOCUMENT,),
    notices=(
        NoticeDue(
            to=(Recipient.TAG, Recipient.PANEL),
            on="COMPLETE",
            clause="15.2",
            what="That the Work Off Plan is resolved",
        ),
    ),
    subject="work_off_plan",
    notes=(
        "Where a phase has no certificate the clock of 15.1 has no start: TAB sets one (our choice).",
        "Severities 1 and 2 have no timescale: TAB sets the date of one that is excluded and open (our choice).",
    ),
)

CORRECTION_PLAN = Procedure(
    key="CORRECTION_PLAN",
    document=SVTAD,
    version=V1_23,
    clause="15.2",
    title="Correction plan for a Work Off Plan that will be late",
    summary="As soon as reasonably practicable after the person responsible for a Work Off Plan becomes aware that its "
    "timescales will not be met, a correction plan is presented to TAB for approval. TAB considers it, and may elect "
    "to revoke any Test Completion Certificate pending resolution of the open Testing Issues in it.",
    group=Group.PHASES,
    proposer=Body.DCC,
    deciders=(Body.TAB,),
    initial="DRAFT",
    transitions=(
        step(
            "DRAFT", Body.DCC, "PRESENT", "PRESENTED", "15.2", document("The correction plan"), NEW_DAYS, duty="shall"
        ),
        step("PRESENTED", Body.TAB, "APPROVE", "APPROVED", "15.2"),
        step("PRESENTED", Body.TAB, "APPROVE_AND_REVOKE", "APPROVED", "15.2", REVOKED),
        step("PRESENTED", Body.TAB, "REJECT", "REJECTED", "15.2"),
        step("PRESENTED", Body.TAB, "REJECT_AND_REVOKE", "REJECTED", "15.2", REVOKED),
        step("REJECTED", Body.DCC, "REVISE", "DRAFT", "15.2"),
    ),
    final=("APPROVED",),
    effect_while_pending="The dates of the Work Off Plan stand; certificates stay in force until TAB revokes them.",
    opens_with=(AWARE,),
    subject="work_off_plan",
    notes=(
        "15.2 speaks of certificates that TAB has issued; the DCC issues them (12.6(i)). A revocation elected here "
        "takes effect on the certificate's own matter.",
        "The dates that TAB approves here take the place of the first, which stay beside them; the clock of 15.1 does "
        "not start again (text silent).",
        "That TAB may revoke any certificate that is in force, whichever phase it is of, follows the text's “any”.",
        "That a rejected plan is revised and presented anew is inferred. The opening words of 15.2 are lost in the "
        "source.",
    ),
)

COMPLETION_REPORT = Procedure(
    key="COMPLETION_REPORT",
    document=SVTAD,
    version=V1_23,
    clause="9.7, 16.5, 19.5",
    title="SMETS1 SIT Completion Report: TAG's recommendation to the Panel",
    summary="Once TAB has approved the assurance report and the DCC considers SIT to be completed, the DCC produces a "
    "Completion Report with the reports of 9.4 and 9.5 and provides it to TAG for recommendation to the Panel, with "
    "the SIT Auditor Report for information. The SIT Audit Report goes with it to TAB, TAG and the Panel.",
    group=Group.SIT,
    proposer=Body.DCC,
    deciders=(Body.TAG,),
    initial="DRAFT",
    transitions=(
        step(
            "DRAFT",
            Body.DCC,
            "PRESENT_TO_TAB",
            "TO_TAB",
            "19.5",
            document("The Completion Report, with the SIT Audit Report"),
            duty="shall",
        ),
        step(
            "TO_TAB",
            Body.DCC,
            "PROVIDE_TO_TAG",
            "TO_TAG",
            "9.7",
            document("The Completion Report, with the SIT Auditor Report"),
            duty="shall",
            notes="Only once TAB has approved the assurance report (9.6).",
        ),
        step("TO_TAG", Body.TAG, "RECOMMEND", "TAG_RECOMMENDED", "9.7"),
        step("TO_TAG", Body.TAG, "NOT_RECOMMEND", "TAG_NOT_RECOMMENDED", "9.7"),
        *(
            step(
                source,
                Body.DCC,
                "PROVIDE_TO_PANEL",
                "TO_PANEL",
                "19.5",
                document("The Completion Report, with the SIT Audit Report"),
                duty="shall",
            )
            for source in ("TAG_RECOMMENDED", "TAG_NOT_RECOMMENDED")
        ),
    ),
    final=("TO_PANEL",),
    effect_while_pending="The Panel has no recommendation from TAG.",
    consultations=(
        Consultation(
            body=Body.TAG,
            clause="10.2",
            what="The structure of the Completion Report",
            states=("DRAFT",),
            before=("PRESENT_TO_TAB",),
            is_needed=True,
        ),
    ),
    notices=(
        NoticeDue(
            to=(Recipient.TAB,),
            on="PRESENT_TO_TAB",
            clause="19.5",
            what="The SIT Completion Report, which the SIT Audit Report accompanies",
            with_document=True,
        ),
        NoticeDue(
            to=(Recipient.PANEL,),
            on="PROVIDE_TO_PANEL",
            clause="19.5",
            what="The SIT Completion Report, which the SIT Audit Report accompanies",
            with_document=True,
        ),
        NoticeDue(
            to=(Recipient.TAG,),
            on="PROVIDE_TO_TAG",
            clause="9.7",
            what="The Completion Report, for recommendation to the Panel, and the SIT Auditor Report, for information",
            with_document=True,
        ),
    ),
    phase_kinds=("SIT",),
    subject="phase",
    notes=(
        "10.2 has the structure discussed with TAG before the report is produced: until TAG's view, or that it gave "
        "none by the day set, is recorded, the report is presented to nobody.",
        "9.7 does not name TAB and 19.5 does: that TAB has the report before TAG is our choice.",
        "What a recommendation has to say, and whether the Panel may determine without one, is not stated.",
    ),
)


def _before_panel(source: str) -> tuple[Transition, ...]:
    """The acts of 13.15 in any order, and the Panel's determination, which no state refuses (rule 16)."""
    return (
        step(source, Body.DCC, "ANNOUNCE", "ANNOUNCED", "13.15(a)", duty="shall"),
        step(source, Body.DCC, "SEND_PACKAGE", "PACKAGE_SENT", "13.15(b)", PACKAGE, duty="shall"),
        step(source, Body.DCC, "REVIEW_WITH_TAG", "TAG_REVIEWED", "13.15(c)", TAG_VIEWS, duty="shall"),
        step(source, Body.PANEL, "CONFIRM", "CONFIRMED", "13.16"),
        step(source, Body.PANEL, "NOT_MET", "NOT_MET", "13.16", NOT_MET_CRITERIA, RATIONALE),
    )


SIT_COMPLETION = Procedure(
    key="SIT_COMPLETION",
    document=SVTAD,
    version=V1_23,
    clause="13.15-13.16",
    title="The Panel's determination that SIT is complete",
    summary="SIT completes only when the Panel determines that its Exit Criteria are met. When the DCC considers that "
    "it ought to be complete, it notifies the Secretary of State, the Authority, the Panel and the Parties, gives the "
    "first three the Completion Report, the SIT Auditor Report and a list of what it would redact, and reviews the "
    "evidence with TAG. The Panel confirms, or says which criteria it believes are not met and directs the DCC to "
    "continue SIT and submit more, as often as needed.",
    group=Group.SIT,
    proposer=Body.DCC,
    deciders=(Body.PANEL,),
    initial="NOT_STARTED",
    transitions=(
        *_before_panel("NOT_STARTED"),
        *_before_panel("ANNOUNCED"),
        *_before_panel("PACKAGE_SENT"),
        *_before_panel("TAG_REVIEWED"),
        *_before_panel("CONTINUE"),
        step("NOT_MET", Body.PANEL, "DIRECT", "CONTINUE", "13.16", RATIONALE, duty="shall"),
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
            held_by=("REVIEW_WITH_TAG",),
        ),
    ),
    acts_wanted=(
        ActWanted(
            body=Body.DCC,
            outcome="ANNOUNCE",
            clause="13.15(a)",
            what="The announcement that the DCC considers SIT to be completed",
            before=("CONFIRM", "NOT_MET"),
            any_round=True,
        ),
        ActWanted(
            body=Body.DCC,
            outcome="SEND_PACKAGE",
            clause="13.15(b)",
            what="The reports and the list of what the DCC would redact, given to the Panel",
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
        NoticeDue(
            to=(Recipient.AUTHORITY, Recipient.PANEL, Recipient.SOS),
            on="SEND_PACKAGE",
            clause="13.15(b)",
            what="The SIT Completion Report, the SIT Auditor Report, and the sections that the DCC would redact",
            with_document=True,
        ),
    ),
    phase_kinds=("SIT",),
    subject="phase",
    rounds_begin_with=("DIRECT",),
    notes=(
        "The three acts of 13.15 come in any order; what is missing is shown, not refused (rule 16).",
        "A Panel confirmation is refused only where a pending severity dispute blocks it (14.5).",
        "A Panel that says “not met” says of which criteria (13.16: it shall highlight where); TAG's view is kept "
        "criterion by criterion (13.15(c)), and one on which it said nothing has no view.",
        "13.16 alone applies again after a direction: more evidence is submitted, and nothing is announced anew; that "
        "TAG is asked anew is our choice.",
    ),
)

REDACTED_COPIES = Procedure(
    key="REDACTED_COPIES",
    document=SVTAD,
    version=V1_23,
    clause="13.17",
    title="Redacted copies of the SIT reports for the Parties",
    summary="On direction from the Panel, the DCC provides the Parties with copies of the Completion Report and the "
    "SIT Auditor Report, having first redacted any sections that the Panel specified.",
    group=Group.SIT,
    proposer=Body.DCC,
    deciders=(Body.PANEL,),
    initial="PACKAGE_SENT",
    transitions=(
        step("PACKAGE_SENT", Body.DCC, "PROPOSE", "PACKAGE_SENT", "13.15(b)", PROPOSED, duty="shall"),
        step("PACKAGE_SENT", Body.PANEL, "DIRECT", "DIRECTED", "13.17", SPECIFIED),
        step("DIRECTED", Body.DCC, "PROPOSE", "DIRECTED", "13.15(b)", PROPOSED),
        step("DIRECTED", Body.PANEL, "DIRECT", "DIRECTED", "13.17", SPECIFIED),
        step(
            "DIRECTED",
            Body.DCC,
            "SHARE",
            "SHARED_WITH_PARTIES",
            "13.17",
            document("The copies, with those sections taken out"),
            duty="shall",
        ),
        step("SHARED_WITH_PARTIES", Body.PANEL, "DIRECT", "DIRECTED", "13.17", SPECIFIED),
    ),
    final=("SHARED_WITH_PARTIES",),
    effect_while_pending="No Party is given a copy.",
    acts_wanted=(
        ActWanted(
            body=Body.DCC,
            outcome="PROPOSE",
            clause="13.15(b)",
            what="The list of the sections that the DCC considers should be redacted",
            before=("DIRECT",),
            any_round=True,
        ),
    ),
    notices=(
        NoticeDue(
            to=(Recipient.AUTHORITY, Recipient.PANEL, Recipient.SOS),
            on="PROPOSE",
            clause="13.15(b)",
            what="The list of the sections that the DCC considers should be redacted",
        ),
        NoticeDue(
            to=(Recipient.PARTIES,),
            on="SHARE",
            clause="13.17",
            what="Copies of the SIT Completion Report and the SIT Auditor Report, as the Panel directed them redacted",
            with_document=True,
        ),
    ),
    phase_kinds=("SIT",),
    subject="phase",
    notes=(
        "The direction may come at any time after the package of 13.15(b): the text sets none. One that comes before "
        "it is recorded and marked (rule 16), and each package, with each round, has lists of its own (ours).",
        "The Panel may specify more sections than the DCC proposed, or fewer, or none; only its list is applied.",
        "13.15(b) gives the DCC's list to the Authority, the Panel and the Secretary of State and to nobody else. "
        "That TAB, TAG and the SIT Auditor, who read the reports whole (9.7, 19.5), read neither list is our reading; "
        "nor does a Party learn what was redacted, or that it was proposed.",
        "The text speaks of sections. That the Panel may also specify single rows or words, which are then gone "
        "wherever the Completion Report has them, is our reading.",
        "What is attached inside the Completion Report holds what its sections say: facts, findings and lists are left "
        "out of a copy of which anything is redacted. The reports of 9.4 and 9.5 stay unless they are specified, or "
        "rows or words are: those cannot be taken out of other people's files (ours).",
        "The Panel may direct anew before and after copies were provided: the text says no more than “on direction”. "
        "The Parties are then given new copies; the old ones, which cannot be taken back, stay and are marked (ours).",
        "The Parties here are the Supplier Parties; other Parties have no place in the product and are told by hand.",
    ),
)

ALL: tuple[Procedure, ...] = (
    TEST_COMPLETION_CERTIFICATE,
    WORK_OFF_PLAN,
    CORRECTION_PLAN,
    COMPLETION_REPORT,
    SIT_COMPLETION,
    REDACTED_COPIES,
)
"""Every procedure of this module."""
