"""What the modules of procedures have in common: documents, requirements that recur, and the writing of a step."""

from __future__ import annotations

from svtad.rulebook.deadlines import Window
from svtad.rulebook.procedures.machine import Requirement, Transition
from svtad.rulebook.vocabulary import Body

SVTAD = "SVTAD"
V1_23 = "1.23"
V1_5 = "1.5"
"""What source 002 describes of the version that it consults on; its clause text is not held."""
MTAD = "MTAD"
NO_VERSION = ""
"""The source names no version: sources 003 and 004 are cited by their sections."""

BY_LETTER = (
    "A Supplier Party does not record its step itself: the DCC's registrar does, on its letter, with the moment at "
    "which the Supplier Party took it, so that none sees what another wrote (our choice)."
)
NOT_STATED = "The text does not say what holds meanwhile."

RATIONALE = Requirement(key="rationale", kind="text", title="Reasons")
DOCUMENT = Requirement(key="document", kind="file", title="The document that records it")
DECIDED_SEVERITY = Requirement(key="severity", kind="severity", title="The severity that TAG determined")
SOS_SEVERITY = Requirement(key="severity", kind="severity", title="The severity that the Secretary of State determined")
DECISION = Requirement(key="decision", kind="text", title="What was decided")


def document(title: str) -> Requirement:
    """A document to be attached, called what the clause calls it."""
    return Requirement(key="document", kind="file", title=title)


def text(key: str, title: str) -> Requirement:
    """A statement in words."""
    return Requirement(key=key, kind="text", title=title)


def step(
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
    said_final: bool = False,
    unless_directed_by: Body | None = None,
    notes: str = "",
) -> Transition:
    """One listed step, written in the order in which one reads it."""
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
        said_final=said_final,
        unless_directed_by=unless_directed_by,
        notes=notes,
    )


def agreed_with_tag(
    clause: str, *, while_referred: str, referrers: tuple[Body, ...] = (Body.DCC,), said_final: bool = False
) -> tuple[Transition, ...]:
    """What the DCC proposes, TAG agrees or does not, and the Secretary of State determines where they cannot agree."""
    return (
        step("PROPOSED", Body.TAG, "AGREE", "TAG_AGREED", clause),
        step("PROPOSED", Body.TAG, "DISAGREE", "TAG_DISAGREED", clause),
        step("TAG_DISAGREED", Body.DCC, "PROPOSE_AGAIN", "PROPOSED", clause, document("What is proposed anew")),
        *(
            step(
                "TAG_DISAGREED",
                body,
                "REFER",
                "REFERRED",
                clause,
                refers_to=Body.SOS,
                while_referred=while_referred,
            )
            for body in referrers
        ),
        step("REFERRED", Body.SOS, "DETERMINE", "SOS_DETERMINED", clause, DECISION, said_final=said_final),
    )


def end_of_cycle(clause: str) -> tuple[Transition, ...]:
    """New issues of an end-of-cycle test run: allowed where TAG approves, else as the Secretary of State decides."""
    waiting = "The end-of-cycle criterion is not met."
    return (
        step("PROPOSED", Body.TAG, "APPROVE", "TAG_APPROVED", clause),
        step("PROPOSED", Body.TAG, "REFUSE", "TAG_REFUSED", clause),
        *(
            step("TAG_REFUSED", body, "REFER", "REFERRED", clause, refers_to=Body.SOS, while_referred=waiting)
            for body in (Body.DCC, Body.TAG)
        ),
        step("REFERRED", Body.SOS, "APPROVE", "SOS_APPROVED", clause),
        step("REFERRED", Body.SOS, "REFUSE", "SOS_REFUSED", clause),
    )
