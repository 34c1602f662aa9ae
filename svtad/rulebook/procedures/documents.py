"""Testing Approach Documents and how they, and the SVTAD, are modified (clauses 3 and 4; source 004, section 7)."""

from __future__ import annotations

from svtad.rulebook.procedures.machine import (
    ActWanted,
    Consultation,
    Directed,
    Group,
    NoticeDue,
    Procedure,
    Recipient,
    Requirement,
)
from svtad.rulebook.procedures.shared import MTAD, NO_VERSION, SVTAD, V1_23, document, step, text
from svtad.rulebook.vocabulary import Body, DocumentState

IN_FORCE = "The document in force stays as it is."
HEARD = "That nobody said anything by the day set for it is recorded too, and counts as consulted (our reading)."
DIRECTION = Requirement(
    key="direction",
    kind="choices",
    title="What the DCC is directed to do",
    choices=(("RECONSIDER", "Reconsider the draft"), ("RECONSULT", "Re-consult"), ("RESUBMIT", "Re-submit the draft")),
)
MINOR = text("why_minor", "Why it is of a minor typographical nature, or has no material effect on rights or duties")

TAD_APPROVAL = Procedure(
    key="TAD_APPROVAL",
    document=SVTAD,
    version=V1_23,
    clause="3.2-3.4",
    title="Approval of a Testing Approach Document",
    summary="The DCC develops each Testing Approach Document and consults TAG, Parties and other relevant stakeholders "
    "before it submits the draft to the Secretary of State, saying why it is fit for purpose, with the responses and "
    "what was not resolved. It follows any direction to reconsider, re-consult or re-submit. Once the document is "
    "approved, everybody who takes part in that Test Phase complies with it.",
    group=Group.DOCUMENTS,
    proposer=Body.DCC,
    deciders=(Body.SOS,),
    initial=DocumentState.DRAFT,
    transitions=(
        step(DocumentState.DRAFT, Body.DCC, "CONSULT", DocumentState.CONSULTING, "3.1", duty="shall"),
        step(
            DocumentState.CONSULTING,
            Body.DCC,
            "SUBMIT",
            DocumentState.SUBMITTED,
            "3.2",
            document("The draft, with why it is fit for purpose, the responses, and what was not resolved"),
            duty="shall",
        ),
        step(
            DocumentState.SUBMITTED,
            Body.SOS,
            "RETURN",
            DocumentState.RETURNED,
            "3.3",
            DIRECTION,
            notes="The direction says whether to reconsider, re-consult or re-submit, or several of these.",
        ),
        step(DocumentState.SUBMITTED, Body.SOS, "APPROVE", DocumentState.APPROVED, "3.4"),
        step(
            DocumentState.RETURNED,
            Body.DCC,
            "SUBMIT",
            DocumentState.SUBMITTED,
            "3.3",
            document("The draft as submitted anew"),
            duty="shall",
        ),
        step(DocumentState.RETURNED, Body.DCC, "CONSULT", DocumentState.CONSULTING, "3.3", duty="shall"),
    ),
    final=(DocumentState.APPROVED,),
    effect_while_pending="Migration Testing and User Testing Services may not start (12.3).",
    consultations=tuple(
        Consultation(
            body=body,
            clause="3.1",
            what="The draft of the Testing Approach Document",
            states=(DocumentState.CONSULTING,),
            before=("SUBMIT",),
            is_needed=True,
        )
        for body in (Body.TAG, Recipient.PARTIES, Recipient.STAKEHOLDERS)
    ),
    acts_wanted=(
        ActWanted(
            body=Body.DCC,
            outcome="CONSULT",
            clause="3.3",
            what="The new consultation that the Secretary of State directed",
            before=("SUBMIT",),
            is_needed=True,
            directed=Directed(outcome="RETURN", key="direction", choice="RECONSULT"),
        ),
    ),
    rounds_begin_with=("CONSULT",),
    subject="document_version",
    notes=(
        "No length of consultation is stated.",
        HEARD,
        "A draft returned without a direction to re-consult may be submitted anew without another consultation; with "
        "one it is submitted only after it, and each of them is heard anew (3.1, 3.3).",
        "What a submission lacks of 3.2 is for the Secretary of State to say: it is shown, not refused (our choice).",
    ),
)

MODIFICATION_DIRECTED = Procedure(
    key="MODIFICATION_DIRECTED",
    document=SVTAD,
    version=V1_23,
    clause="4.1",
    title="Modification that the Secretary of State directs",
    summary="The DCC modifies the SVTAD and the Testing Approach Documents as the Secretary of State directs, and "
    "consults Parties on a proposed modification where, and as, the Secretary of State directs it to.",
    group=Group.DOCUMENTS,
    proposer=Body.SOS,
    deciders=(Body.SOS,),
    initial="AWAITING_DIRECTION",
    transitions=(
        step("AWAITING_DIRECTION", Body.SOS, "DIRECT_CONSULTATION", "CONSULTATION_DIRECTED", "4.1"),
        step("AWAITING_DIRECTION", Body.SOS, "DIRECT_MODIFICATION", "MODIFICATION_DIRECTED", "4.1"),
        step(
            "CONSULTATION_DIRECTED",
            Body.DCC,
            "CONCLUDE_CONSULTATION",
            "CONSULTED",
            "4.1",
            duty="shall",
        ),
        step("CONSULTED", Body.SOS, "DIRECT_MODIFICATION", "MODIFICATION_DIRECTED", "4.1"),
        step(
            "MODIFICATION_DIRECTED",
            Body.DCC,
            "MODIFY",
            "MODIFIED",
            "4.1",
            document("The document as modified"),
            duty="shall",
        ),
    ),
    final=("MODIFIED",),
    effect_while_pending=IN_FORCE,
    consultations=(
        Consultation(
            body=Recipient.PARTIES,
            clause="4.1",
            what="The proposed modification, as the direction says",
            states=("CONSULTATION_DIRECTED",),
            before=("CONCLUDE_CONSULTATION",),
            is_needed=True,
        ),
    ),
    subject="document_version",
    notes=(
        HEARD,
        "That a modification waits for a second direction after a directed consultation is our reading; the DCC may "
        "go on by 4.2 instead.",
    ),
)

MODIFICATION_CONSULTED = Procedure(
    key="MODIFICATION_CONSULTED",
    document=SVTAD,
    version=V1_23,
    clause="4.2",
    title="Modification after consultation",
    summary="The DCC may modify the SVTAD and the Testing Approach Documents after consulting Parties and other "
    "relevant persons, TAG, the Authority and the Secretary of State. It first presents to the Secretary of State a "
    "summary of the responses and how it took them into account. There is no approval: the document is modified except "
    "to the extent that the Secretary of State directs otherwise.",
    group=Group.DOCUMENTS,
    proposer=Body.DCC,
    deciders=(Body.DCC, Body.SOS),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.DCC, "CONSULT", "CONSULTING", "4.2"),
        step(
            "CONSULTING",
            Body.DCC,
            "PRESENT",
            "PRESENTED",
            "4.2(a)",
            document("The summary of the responses, and how they were taken into account"),
            duty="shall",
            unless_directed_by=Body.SOS,
        ),
        step(
            "PRESENTED",
            Body.SOS,
            "BLOCK_PART",
            "PART_BLOCKED",
            "4.2(b)",
            text("extent", "To what extent it may not be modified"),
        ),
        step("PRESENTED", Body.SOS, "BLOCK_ALL", "BLOCKED", "4.2(b)"),
        step("PRESENTED", Body.DCC, "MODIFY", "MODIFIED", "4.2", document("The notification, with the document")),
        step("PART_BLOCKED", Body.DCC, "MODIFY", "MODIFIED", "4.2", document("The notification, with the document")),
    ),
    final=("BLOCKED", "MODIFIED"),
    effect_while_pending=IN_FORCE,
    consultations=tuple(
        Consultation(
            body=body,
            clause="4.2",
            what="The proposed modification",
            states=("CONSULTING",),
            before=("PRESENT",),
            is_needed=True,
        )
        for body in (Recipient.PARTIES, Recipient.STAKEHOLDERS, Body.TAG, Body.AUTHORITY, Body.SOS)
    ),
    notices=(
        NoticeDue(
            to=(Recipient.SECAS,),
            on="MODIFY",
            clause="4.2",
            what="The notification that the document is modified, with the date from which",
            duty="may",
            with_document=True,
        ),
    ),
    subject="document_version",
    notes=(
        HEARD,
        "4.2 has the document modified “following consultation”: before its summary is presented, all whom it names "
        "were heard, the Authority and the Secretary of State too.",
        "4.2 demands no notice; the DCC's draft notification goes to the SEC Administrator too (source 002, "
        "Attachment 1).",
        "How long the Secretary of State has to direct otherwise is not stated: no day is set.",
        "What the Secretary of State directs once the document is modified is recorded out of its order (rule 16).",
    ),
)

MODIFICATION_MINOR = Procedure(
    key="MODIFICATION_MINOR",
    document=SVTAD,
    version=V1_23,
    clause="4.3",
    title="Minor modification, without consultation",
    summary="A modification of a minor typographical nature, or without material effect on anybody's rights or "
    "obligations, needs no consultation. The DCC gives notice of it beforehand, with the intended changes, to relevant "
    "stakeholders and the Code Administrator, and publishes the notice; once the changes have taken effect it notifies "
    "them again and publishes the revised document.",
    group=Group.DOCUMENTS,
    proposer=Body.DCC,
    deciders=(Body.DCC,),
    initial="PROPOSED",
    transitions=(
        step("PROPOSED", Body.DCC, "NOTIFY", "NOTIFIED", "4.3", document("The intended changes"), duty="shall"),
        step("NOTIFIED", Body.DCC, "TAKE_EFFECT", "EFFECTIVE", "4.3", document("The revised document"), duty="shall"),
    ),
    final=("EFFECTIVE",),
    effect_while_pending=IN_FORCE,
    opens_with=(MINOR,),
    notices=(
        NoticeDue(
            to=(Recipient.STAKEHOLDERS, Recipient.SECAS, Recipient.PUBLIC),
            on="NOTIFY",
            clause="4.3",
            what="The DCC's intention to modify the document, with the intended changes",
            before=("TAKE_EFFECT",),
            with_document=True,
        ),
        NoticeDue(
            to=(Recipient.STAKEHOLDERS, Recipient.SECAS, Recipient.PUBLIC),
            on="TAKE_EFFECT",
            clause="4.3",
            what="That the changes have taken effect, with the revised document",
            with_document=True,
        ),
    ),
    subject="document_version",
    notes=("No length of notice is stated.",),
)

SVTAD_REDESIGNATION = Procedure(
    key="SVTAD_REDESIGNATION",
    document=MTAD,
    version=NO_VERSION,
    clause="7",
    title="Re-designation of the SVTAD in the Code",
    summary="Section 7 of the April 2019 consultation: after it closes, the DCC takes the responses into account and "
    "submits the amended SVTAD with a report and copies of them; the Secretary of State re-designates it in the Code "
    "by a direction, which is also notified to the SEC Administrator.",
    group=Group.DOCUMENTS,
    proposer=Body.DCC,
    deciders=(Body.SOS,),
    initial="CONSULTING",
    transitions=(
        step(
            "CONSULTING",
            Body.DCC,
            "SUBMIT",
            "SUBMITTED",
            "7",
            document("The amended document, with the report and copies of the responses"),
        ),
        step("SUBMITTED", Body.SOS, "REDESIGNATE", "REDESIGNATED", "Attachment 1"),
    ),
    final=("REDESIGNATED",),
    effect_while_pending=IN_FORCE,
    consultations=(
        Consultation(
            body=Recipient.STAKEHOLDERS,
            clause="1",
            what="The changes proposed to the SVTAD",
            states=("CONSULTING",),
            before=("SUBMIT",),
        ),
    ),
    notices=(
        NoticeDue(
            to=(Recipient.SECAS,),
            on="REDESIGNATE",
            clause="Attachment 1",
            what="The direction by which the document is re-designated",
            duty="may",
        ),
    ),
    subject="document_version",
    notes=(
        "Section 7 tells what the DCC will do after the consultation, and lays no duty on it: a submission before any "
        "response is recorded is shown, not refused (our reading).",
        "It rests on Condition 22 of the DCC Licence and Section X5 of the Code, whose texts are not held: what the "
        "Secretary of State may do otherwise is not listed.",
        "The notice is in the wording of a draft direction: shown, not demanded (our reading).",
    ),
)

ALL: tuple[Procedure, ...] = (
    TAD_APPROVAL,
    MODIFICATION_DIRECTED,
    MODIFICATION_CONSULTED,
    MODIFICATION_MINOR,
    SVTAD_REDESIGNATION,
)
"""Every procedure of this module."""
