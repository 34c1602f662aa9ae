"""Every procedure as Markdown, for ``docs/procedures.md``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from svtad.rulebook.procedures.machine import Group, Procedure, Referral, Transition
from svtad.rulebook.procedures.wording import (
    GROUPS,
    act_wanted,
    attachments,
    capital,
    consultation,
    deciders,
    label,
    notice,
    outcome_of,
    outcome_words,
    redacted,
    state_words,
    who,
)
from svtad.rulebook.vocabulary import Body

HEAD = """# Procedures

Who proposes, who is asked and told, who decides, what may be referred and what holds meanwhile, for every board
procedure of the sources. Made by `script/procedures` from `svtad/rulebook/procedures`; do not edit. Summaries are in
our words; what the text leaves open is given as a reading.
"""


def as_markdown(procedures: Iterable[Procedure]) -> str:
    """The whole document."""
    held = list(procedures)
    return "\n".join([HEAD, *_matrix(held), *(line for each in grouped(held) for line in _group(*each))])


def grouped(procedures: Iterable[Procedure]) -> list[tuple[Group, list[Procedure]]]:
    """The procedures by group, in the order in which groups are shown; groups without any are left out."""
    held = list(procedures)
    found = [(group, [each for each in held if each.group is group]) for group in GROUPS]
    return [(group, each) for group, each in found if each]


def referrals(procedures: Iterable[Procedure]) -> list[tuple[Procedure, Referral]]:
    """The referral matrix: every referral with its procedure."""
    return [(procedure, row) for procedure in procedures for row in procedure.referrals]


def directed_otherwise(procedures: Iterable[Procedure]) -> list[tuple[Procedure, Transition, Body]]:
    """The steps after which what was told goes on unless that body directs otherwise."""
    return [
        (procedure, step, step.unless_directed_by)
        for procedure in procedures
        for step in procedure.transitions
        if step.unless_directed_by is not None
    ]


def _matrix(held: list[Procedure]) -> Iterator[str]:
    yield from _head(
        "## Referrals", "clause", "procedure", "who", "to", "window", "duty", "while pending", "said final"
    )
    for procedure, row in referrals(held):
        yield _row(
            procedure.cite(row.clause),
            _link(procedure),
            who(row.by),
            who(row.to),
            row.within.text if row.within else "none stated",
            row.duty,
            row.while_pending,
            "yes" if row.said_final else "no",
        )
    yield from _head(
        "A course of which a body is told goes on unless it directs otherwise:", "clause", "procedure", "step", "body"
    )
    for procedure, step, body in directed_otherwise(held):
        yield _row(procedure.cite(step.clause), _link(procedure), label(step), who(body))
    yield ""


def _head(title: str, *columns: str) -> Iterator[str]:
    yield from ("", title, "", _row(*columns), _row(*("---" for _ in columns)))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _link(procedure: Procedure) -> str:
    return f"[{procedure.title}](#{procedure.key.lower()})"


def _group(group: Group, procedures: list[Procedure]) -> Iterator[str]:
    yield f"## {GROUPS[group]}"
    yield ""
    for procedure in procedures:
        yield from _procedure(procedure)


def _procedure(procedure: Procedure) -> Iterator[str]:
    yield f"### {procedure.key}"
    yield ""
    yield f"**{procedure.title}** ({procedure.citation}). {procedure.summary}"
    yield ""
    yield f"- Proposed by {who(procedure.proposer)}. Decided by: {deciders(procedure)}."
    for each in procedure.consultations:
        yield f"- {consultation(each)}"
    for act in procedure.acts_wanted:
        yield f"- {act_wanted(act)}"
    for due in procedure.notices:
        yield f"- {notice(due)}"
    if procedure.redacted_for:
        yield f"- {redacted(procedure)}"
    for need in procedure.opens_with:
        yield f"- To open it: {need.title}."
    for body, outcome, title in attachments(procedure):
        if outcome != "OPEN":
            yield f"- To be attached to {outcome_of(body, outcome)}: {title}."
    yield f"- Meanwhile: {procedure.effect_while_pending}"
    yield f"- At rest: {', '.join(state_words(state) for state in procedure.final)}."
    for note in procedure.notes:
        yield f"- Reading: {note}"
    yield from _head("Steps:", "from", "who", "what", "to", "clause", "needs")
    for step in procedure.transitions:
        needs = [need.title for need in step.requires if need.kind != "file"]
        needs += [capital(step.within.text)] if step.within else []
        needs += [step.notes.rstrip(".")] if step.notes else []
        yield _row(
            state_words(step.source),
            f"{who(step.body)} {step.duty}",
            outcome_words(step.outcome),
            state_words(step.target),
            step.clause,
            "; ".join(needs),
        )
    yield ""
