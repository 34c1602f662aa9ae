"""The table of roles x actions x states, made from the procedures' data and the roles' permissions alone.

    python -m tests.governance.roles_table    writes roles_actions_states.csv anew, for people to read and agree to

Nothing here asks the engine or a policy: `expected` reads the tuples of steps, and the tests compare it with what the
product answers. The file holds every pair of a state and an act that somebody may record; whatever it does not list
is refused with the procedure's clause.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

AGREED = Path(__file__).with_name("roles_actions_states.csv")
HEADINGS = ("Procedure", "State", "Body", "Outcome", "Leads to", "Clause", "How", "Roles")


class Answer(StrEnum):
    """What comes of an attempt to record an act; exactly one of these."""

    ALLOWED = "listed"
    OUT_OF_ORDER = "out of order, with reasons"
    UNLISTED = "refused: not listed"
    NO_PERMISSION = "refused: not for this role"


@dataclass(frozen=True)
class Cell:
    """A role's attempt to record an act in a state of a procedure. `organisation` is the kind of its member's."""

    procedure: str
    state: str
    body: str
    outcome: str
    role: str
    organisation: str


def cells(procedure: str) -> Iterator[Cell]:
    """Every cell of a procedure: its states, its pairs of body and outcome, every role in every kind that has it."""
    from svtad.parties.roles import ROLES
    from svtad.rulebook.procedures import PROCEDURES

    steps = PROCEDURES[procedure].transitions
    states = {PROCEDURES[procedure].initial} | {step.source for step in steps} | {step.target for step in steps}
    pairs = {(step.body.value, step.outcome) for step in steps}
    for state in sorted(states):
        for body, outcome in sorted(pairs):
            for key, role in ROLES.items():
                for organisation in role.organisations:
                    yield Cell(procedure, state, body, outcome, key, str(organisation))


def expected(cell: Cell) -> tuple[Answer, str]:
    """Return what must come of it and the clause that a refusal or the record cites."""
    from svtad.parties.roles import RECORDS_FOR, ROLES
    from svtad.rulebook.procedures import PROCEDURES
    from svtad.rulebook.vocabulary import Body

    rules = PROCEDURES[cell.procedure]
    same = [each for each in rules.transitions if (each.body.value, each.outcome) == (cell.body, cell.outcome)]
    here = [each for each in same if each.source == cell.state]
    # Rule 16: what the Panel, the Secretary of State or the Authority determines is recorded, never stopped.
    anywhere = same if cell.body in ("PANEL", "SOS", "AUTHORITY") else []
    step = next(iter(here or anywhere), None)
    if step is None:
        return Answer.UNLISTED, rules.clause
    wanted = {"record_decision", RECORDS_FOR.get(Body(cell.body), "record_decision")}
    held = ROLES[cell.role].permissions
    if not held & wanted:
        return Answer.NO_PERMISSION, step.clause
    # The DCC is no Testing Participant: what those do (14.2, 14.3) its registrar may record, and nobody else of it.
    if cell.body == "PARTICIPANT" and cell.organisation == "DCC" and "record_decision" not in held:
        return Answer.NO_PERMISSION, step.clause
    return (Answer.ALLOWED if here else Answer.OUT_OF_ORDER), step.clause


def rendered() -> str:
    """Return the file: a row for each act in each state that some role may record, in a stable order."""
    from svtad.rulebook.procedures import PROCEDURES

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for key in sorted(PROCEDURES):
        held: dict[tuple[str, str, str], tuple[str, Answer, list[str]]] = {}
        for cell in cells(key):
            answer, clause = expected(cell)
            if answer in (Answer.ALLOWED, Answer.OUT_OF_ORDER):
                row = held.setdefault((cell.state, cell.body, cell.outcome), (clause, answer, []))
                if cell.role not in row[2]:
                    row[2].append(cell.role)
        targets = {(step.body.value, step.outcome): step.target for step in PROCEDURES[key].transitions}
        for (state, body, outcome), (clause, answer, roles) in held.items():
            listed = {(step.source, step.body.value, step.outcome): step.target for step in PROCEDURES[key].transitions}
            target = listed.get((state, body, outcome), targets[body, outcome])
            writer.writerow((key, state, body, outcome, target, clause, answer.value, " ".join(roles)))
    return out.getvalue()


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    AGREED.write_text(rendered(), encoding="utf-8")
    print(f"{AGREED.name}: {rendered().count(chr(10)) - 1} rows")
