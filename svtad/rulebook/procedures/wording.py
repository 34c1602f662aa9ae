"""A procedure in words: whom it names, what a step is called, what must be attached, and the whole as text."""

from __future__ import annotations

from collections.abc import Iterator

from svtad.rulebook.procedures.machine import (
    ActWanted,
    Consultation,
    Group,
    NoticeDue,
    Procedure,
    Recipient,
    Referral,
    Transition,
)
from svtad.rulebook.vocabulary import Body

GROUPS: dict[Group, str] = {
    Group.DOCUMENTS: "Documents and their modification",
    Group.PHASES: "Test Phases",
    Group.SIT: "Completion of SIT",
    Group.ISSUES: "Testing Issues",
    Group.DMCS: "DMCs",
    Group.DMCT: "DMCT Process",
    Group.MIGRATION: "Migration Testing",
    Group.RELEASE: "November 2020 SEC Release",
}
"""What each group is called, in the order in which they are shown."""

_WHO: dict[str, str] = {
    Body.DCC: "the DCC",
    Body.TAB: "TAB",
    Body.TAG: "TAG",
    Body.PANEL: "the Panel",
    Body.SOS: "the Secretary of State",
    Body.PARTICIPANT: "a Testing Participant",
    Body.PROVIDER: "the DCC Service Provider",
    Body.SUPPLIER: "a Supplier Party",
    Body.SIT_AUDITOR: "the SIT Auditor",
    Body.AUTHORITY: "the Authority",
    Recipient.PARTIES: "Parties",
    Recipient.SUPPLIERS: "Supplier Parties",
    Recipient.SUPPLIERS_OF_DMC: "the Supplier Parties whose submissions included the DMC",
    Recipient.USERS: "Users",
    Recipient.PARTICIPANTS: "the Testing Participants that test there",
    Recipient.STAKEHOLDERS: "stakeholders",
    Recipient.SECAS: "the Code Administrator",
    Recipient.PROPOSER: "whoever brought the matter",
    Recipient.PUBLIC: "the public",
}

_SHORT: dict[str, str] = {
    Body.PANEL: "Panel",
    Body.SOS: "SoS",
    Body.PARTICIPANT: "Participant",
    Body.PROVIDER: "Provider",
    Body.SUPPLIER: "Supplier",
    Body.SIT_AUDITOR: "SIT Auditor",
    Body.AUTHORITY: "Authority",
}

_KEPT = {
    **{word.upper(): word for word in ("TAB", "TAG", "DCC", "SoS", "SIT", "MTAD", "DMCT", "BEIS", "Ofgem")},
    "RID": "Release Implementation Document",
    **{letter: f"({letter.lower()})" for letter in "ABCD"},
}
"""What keeps its capitals, and the options of 20.19."""


def who(body: str) -> str:
    """Who is meant, as within a sentence: ``the Secretary of State``."""
    return _WHO[body]


def listed(bodies: tuple[str, ...], *, last: str = "and") -> str:
    """Several of them within a sentence: ``TAG, the Panel and Parties``."""
    names = [who(body) for body in bodies]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def state_words(state: str) -> str:
    """A state as words: ``TAG_NOT_RECOMMENDED`` is ``TAG not recommended``."""
    return capital(outcome_words(state))


def outcome_words(outcome: str) -> str:
    """An outcome as words within a sentence: ``RECOMMEND_TO_SOS`` is ``recommend to SoS``."""
    return " ".join(_KEPT.get(part, part.lower()) for part in str(outcome).split("_"))


def outcome_of(body: str, outcome: str) -> str:
    """An outcome with whose it is: ``“approve” of TAB``."""
    return f"“{outcome_words(outcome)}” of {who(body)}"


def label(step: Transition) -> str:
    """A step on its arrow: ``TAG may: reject 13.21``."""
    return f"{_SHORT.get(step.body, step.body)} {step.duty}: {outcome_words(step.outcome)} {step.clause}"


def deciders(procedure: Procedure) -> str:
    """Who decides, in the order in which they do."""
    if not procedure.deciders:
        return "Nobody: the step follows of itself"
    return capital(", then ".join(who(body) for body in procedure.deciders))


def referral(row: Referral) -> str:
    """A referral in a sentence."""
    within = row.within.text if row.within else "without a stated window"
    end = " The decision is final." if row.said_final else ""
    return (
        f"{capital(who(row.by))} {row.duty} refer to {who(row.to)} ({row.clause}), {within}. "
        f"Meanwhile: {row.while_pending}{end}"
    )


def notice(due: NoticeDue) -> str:
    """Who is told what, and when, in a sentence."""
    when = "when it is opened" if due.on == "OPEN" else f"on “{outcome_words(due.on)}”"
    before = f", before {' or '.join(f'“{outcome_words(each)}”' for each in due.before)}" if due.before else ""
    given = " The document of that step goes with it." if due.with_document else ""
    return f"{capital(listed(due.to))} {due.duty} be told {when}{before} ({due.clause}): {due.what}.{given}"


def act_wanted(act: ActWanted) -> str:
    """What is wanted before which outcomes, in a sentence."""
    before = " or ".join(f"“{outcome_words(each)}”" for each in act.before)
    again = "once" if act.any_round else "in each round"
    if act.directed is not None:
        again = f"after “{outcome_words(act.directed.outcome)}” directed it"
    end = "Without it the step is refused." if act.is_needed else "What is missing is shown, and refuses nothing."
    return f"Wanted {again} before {before} ({act.clause}): {act.what}. {end}"


def consultation(each: Consultation) -> str:
    """Who is asked what, before which outcomes, in a sentence."""
    before = " or ".join(f"“{outcome_words(outcome)}”" for outcome in each.before)
    asked = f"{capital(who(each.body))} {each.duty} be asked ({each.clause}): {each.what}."
    if not each.is_needed:
        return asked
    return f"{asked} Until the view, or that none was given by the day set, is recorded, {before} is refused."


def redacted(procedure: Procedure) -> str:
    """Who is given its matters redacted, in a sentence; empty where nobody is."""
    if not procedure.redacted_for:
        return ""
    return (
        f"{capital(listed(procedure.redacted_for))} is given the matter anonymised and redacted: its members read the "
        "document that they are given, and nothing else that was said or attached."
    )


def attachments(procedure: Procedure) -> tuple[tuple[Body, str, str], ...]:
    """What must be attached: (by whom, to which outcome, which document). OPEN is the opening of the matter."""
    found = [(procedure.proposer, "OPEN", need.title) for need in procedure.opens_with if need.kind == "file"]
    for step in procedure.transitions:
        titles = [need.title for need in step.requires if need.kind == "file"]
        if step.body in (Body.SOS, Body.AUTHORITY):
            titles = titles or ["The document that records the decision"]
        found += [(step.body, step.outcome, title) for title in titles]
    return tuple(dict.fromkeys(found))


def as_text(procedure: Procedure) -> str:
    """The whole procedure as plain text, for the command line."""
    return "\n".join([f"Procedure {procedure.key}: {procedure.title} ({procedure.citation})", *_lines(procedure)])


def _lines(procedure: Procedure) -> Iterator[str]:
    yield f"  {procedure.summary}"
    yield f"  Proposed by {who(procedure.proposer)}. Decided by: {deciders(procedure)}."
    for each in procedure.consultations:
        yield f"  {consultation(each)}"
    for act in procedure.acts_wanted:
        yield f"  {act_wanted(act)}"
    for due in procedure.notices:
        yield f"  {notice(due)}"
    if procedure.redacted_for:
        yield f"  {redacted(procedure)}"
    for step in procedure.transitions:
        needs = "".join(f"; needs: {need.title}" for need in step.requires)
        yield f"  {step.source} -> {step.target}  [{step.body} {step.duty} {step.outcome}; {step.clause}{needs}]"
    for row in procedure.referrals:
        yield f"  {referral(row)}"
    yield f"  Meanwhile: {procedure.effect_while_pending}"
    for note in procedure.notes:
        yield f"  Reading: {note}"
