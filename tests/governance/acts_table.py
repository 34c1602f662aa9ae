"""The table of roles x acts x states for what is done beside decisions, made from the procedures' data and the roles.

    python -m tests.governance.acts_table    writes roles_acts_states.csv anew, for people to read and agree to

The decisions themselves are in `roles_table`. Nothing here asks a policy or an action: `expected` reads the data, and
the tests compare it with what the product answers. The file holds each act in each state that somebody may do; what
it does not list is refused, by the state or to the role.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

AGREED = Path(__file__).with_name("roles_acts_states.csv")
HEADINGS = ("Act", "Procedure", "State", "What", "Roles")

ANY = "any"
#: Acts on a matter, whose cells are made from the procedures.
OPEN, ASK_VIEW, GIVE_VIEW, NO_VIEW, CORRECT = "OPEN", "ASK_VIEW", "GIVE_VIEW", "NO_VIEW", "CORRECT"
#: What a member says for themselves, beside the view of the body.
REMARK = "REMARK"
#: Whether a day was set for a view, and is past.
DAYS = ("no day was set", "the day is not past", "the day is past")
#: What becomes of a correction: only the last decision that stands can be corrected.
LAST, OVERTAKEN = "last", "overtaken"

#: Acts on a meeting of a board, and in which of its states they may be done.
ON_MEETINGS: dict[str, tuple[str, ...]] = {
    "PLAN_MEETING": (ANY,),
    "CHANGE_MEETING": ("PLANNED",),
    "CANCEL_MEETING": ("PLANNED",),
    "HOLD_MEETING": ("PLANNED",),
    "PUT_ON_AGENDA": ("PLANNED",),
    "ADD_ITEM": ("PLANNED",),
    "RECORD_ATTENDANCE": ("PLANNED", "HELD"),
    "ATTACH_MINUTES": ("HELD",),
}
#: Acts on a delivery of a notice, likewise.
ON_DELIVERIES: dict[str, tuple[str, ...]] = {
    "SEND_BY_HAND": ("QUEUED", "UNCERTAIN", "FAILED"),
    "RETRY_DELIVERY": ("FAILED",),
    "WITHDRAW_NOTICE": ("QUEUED", "FAILED"),
}
MEETING_STATES = ("PLANNED", "HELD", "CANCELLED")
DELIVERY_STATES = ("QUEUED", "SENDING", "SENT", "UNCERTAIN", "FAILED", "WITHDRAWN")
#: Whether there is something to take back.
HOLDS, HOLDS_NOT = "holds", "holds no more"
#: Acts that take one permission of any of these, and in which states they may be done.
BY_PERMISSION: dict[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...]]] = {
    "KEEP_DOCUMENT": (frozenset({"record_decision", "propose", "attach_evidence"}), (ANY,), (ANY,)),
    "SET_NOTICE_ADDRESS": (frozenset({"manage_people"}), (ANY,), (ANY,)),
    "SEE_OUTBOX": (frozenset({"record_decision", "manage_people"}), (ANY,), (ANY,)),
    "ADD_OVERRIDE": (frozenset({"manage_calendar"}), (ANY,), (ANY,)),
    "REMOVE_OVERRIDE": (frozenset({"manage_calendar"}), (HOLDS, HOLDS_NOT), (HOLDS,)),
    "SET_BODY_RULE": (frozenset({"set_parameter"}), (ANY,), (ANY,)),
    **{key: (frozenset({"record_decision"}), DELIVERY_STATES, states) for key, states in ON_DELIVERIES.items()},
}
#: Whose interest it is.
OWN, ORGANISATIONS, ANOTHERS = "one's own", "one's organisation's", "another's"
ON_INTERESTS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "DECLARE_INTEREST": ((ANY,), (ANY,)),
    "WITHDRAW_INTEREST": ((HOLDS, HOLDS_NOT), (HOLDS,)),
}


class Answer(StrEnum):
    """What comes of an attempt; exactly one of these."""

    ALLOWED = "allowed"
    STATE = "refused: not in this state"
    NO_PERMISSION = "refused: not for this role"


@dataclass(frozen=True)
class Cell:
    """A role's attempt at an act in a state. `what` is whose view, which step, which board, whose interest."""

    act: str
    procedure: str
    state: str
    what: str
    role: str
    organisation: str


def subjects() -> Iterator[tuple[str, str, str, str]]:
    """Yield every (act, procedure, state, what), without the roles."""
    from svtad.rulebook.procedures import PROCEDURES

    consultees = sorted({str(each.body) for rules in PROCEDURES.values() for each in rules.consultations})
    for key, rules in PROCEDURES.items():
        yield OPEN, key, ANY, ""
        for state in rules.states:
            yield from ((ASK_VIEW, key, state, body) for body in consultees)
        mine = sorted({str(each.body) for each in rules.consultations})
        for body in mine:
            yield from ((act, key, state, body) for act in (GIVE_VIEW, REMARK) for state in rules.states)
            yield from ((NO_VIEW, key, day, body) for day in DAYS)
        for step in rules.transitions:
            what = f"{step.source} {step.body.value} {step.outcome}"
            yield from ((CORRECT, key, state, what) for state in (LAST, OVERTAKEN))
    for act in ON_MEETINGS:
        for state in MEETING_STATES if ON_MEETINGS[act] != (ANY,) else (ANY,):
            yield from ((act, "", state, board) for board in ("PANEL", "TAB", "TAG"))
    for act, (_, states, _) in BY_PERMISSION.items():
        yield from ((act, "", state, "") for state in states)
    for act, (states, _) in ON_INTERESTS.items():
        for state in states:
            yield from ((act, "", state, whose) for whose in (OWN, ORGANISATIONS, ANOTHERS))


def cells() -> Iterator[Cell]:
    """Yield every subject with every role in every kind of organisation that has it."""
    from svtad.parties.roles import ROLES

    for subject in subjects():
        for key, role in ROLES.items():
            for organisation in role.organisations:
                yield Cell(*subject, key, str(organisation))


def expected(cell: Cell) -> Answer:
    """Return what must come of it."""
    if cell.act == CORRECT and cell.state == OVERTAKEN:
        return Answer.STATE  # said before anybody is asked who they are: nobody can correct it any more
    if not _may(cell):
        return Answer.NO_PERMISSION
    return Answer.ALLOWED if _state_allows(cell) else Answer.STATE


def _may(cell: Cell) -> bool:
    from svtad.parties.roles import ROLES
    from svtad.rulebook.procedures import PROCEDURES
    from tests.governance import roles_table

    held = ROLES[cell.role].permissions
    if cell.act == OPEN:
        # The registrar opens anything; others what their own side brings (13.20: the DCC; 14.2: a participant).
        own = {"DCC": "propose", "PARTICIPANT": "dispute_severity"}.get(PROCEDURES[cell.procedure].proposer.value)
        return "open_matter" in held or own in held
    if cell.act == ASK_VIEW:
        return bool(held & {"record_decision", "propose"})
    if cell.act in (GIVE_VIEW, NO_VIEW):
        # The view of a board as a body is its chair's or its secretary's to record.
        speaks = f"decide_as_{cell.what.lower()}"
        return "record_decision" in held or (speaks in held and cell.organisation == cell.what)
    if cell.act == REMARK:
        return "record_decision" in held or ("give_view" in held and cell.organisation == cell.what)
    if cell.act == CORRECT:
        source, body, outcome = cell.what.split(" ")
        step = roles_table.Cell(cell.procedure, source, body, outcome, cell.role, cell.organisation)
        return roles_table.expected(step)[0] is roles_table.Answer.ALLOWED
    if cell.act in ON_MEETINGS:
        decides = f"decide_as_{cell.what.lower()}"
        return "record_decision" in held or (decides in held and cell.organisation == cell.what)
    if cell.act in ON_INTERESTS:
        return cell.what != ANOTHERS or "record_decision" in held
    return bool(held & BY_PERMISSION[cell.act][0])


def _state_allows(cell: Cell) -> bool:
    from svtad.rulebook.procedures import PROCEDURES

    if cell.act == ASK_VIEW:
        asked = PROCEDURES[cell.procedure].consultations
        return any(str(each.body) == cell.what and cell.state in each.states for each in asked)
    if cell.act == NO_VIEW:
        return cell.state == DAYS[-1]
    if cell.act == CORRECT:
        return cell.state == LAST
    if cell.act in ON_MEETINGS:
        return cell.state in ON_MEETINGS[cell.act]
    if cell.act in ON_INTERESTS:
        return cell.state in ON_INTERESTS[cell.act][1]
    return cell.act in (OPEN, GIVE_VIEW, REMARK) or cell.state in BY_PERMISSION[cell.act][2]


def rendered() -> str:
    """Return the file: a row for each act in each state that some role may do, in a stable order."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    held: dict[tuple[str, str, str, str], list[str]] = {}
    for cell in cells():
        if expected(cell) is Answer.ALLOWED:
            roles = held.setdefault((cell.act, cell.procedure, cell.state, cell.what), [])
            if cell.role not in roles:
                roles.append(cell.role)
    for row, roles in sorted(held.items()):
        writer.writerow((*row, " ".join(roles)))
    return out.getvalue()


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    AGREED.write_text(rendered(), encoding="utf-8")
    print(f"{AGREED.name}: {rendered().count(chr(10)) - 1} rows")
