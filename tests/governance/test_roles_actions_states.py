"""One table of roles x actions x states, generated from the procedures, with no hole in it.

Of every cell the product must answer exactly what the data says: allowed; out of its order, with reasons (rule 16);
refused by the clause because no procedure lists it; or refused because the role does not record for that body.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.db import transaction

from svtad.governance import actions, policies
from svtad.governance.actions import matters as engine
from svtad.governance.actions.consulting import ask_views_due
from svtad.governance.actions.given import Given, check_given
from svtad.governance.models import Matter, StoredFile
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.roles import ROLES
from svtad.rulebook.procedures import PROCEDURES, Transition
from tests.governance.boards import SYSTEM, T0, TAG_DAY
from tests.governance.roles_table import AGREED, Answer, Cell, cells, expected, rendered
from tests.opening import said as stated_for
from tests.opening import wanted

AT = TAG_DAY + dt.timedelta(hours=1)
MEMBERS = [(role.key, str(kind)) for role in ROLES.values() for kind in role.organisations]


def member(role: str, organisation: str) -> Actor:
    """Somebody who holds that role in an organisation of that kind, and sees what is for everybody."""
    return Actor(
        kind="PERSON",
        actor_id=f"{role}-{organisation}"[:22],
        label=f"{ROLES[role].title} of {organisation}",
        organisation_kinds=frozenset({organisation}),
        permissions=ROLES[role].permissions,
        roles=frozenset({role}),
    )


ACTORS = {each: member(*each) for each in MEMBERS}


# --- no hole -----------------------------------------------------------------------------------------


def test_every_procedure_state_act_and_role_has_its_cell_once():
    table = Counter(cell for key in PROCEDURES for cell in cells(key))
    assert set(table.values()) == {1}
    for key, rules in PROCEDURES.items():
        mine = [cell for cell in table if cell.procedure == key]
        assert {cell.state for cell in mine} == set(rules.states)
        pairs = {(cell.body, cell.outcome) for cell in mine}
        assert pairs == {(step.body.value, step.outcome) for step in rules.transitions}
        assert {(cell.role, cell.organisation) for cell in mine} == set(MEMBERS)
        assert len(mine) == len(rules.states) * len(pairs) * len(MEMBERS), key
    assert {cell.role for cell in table} == set(ROLES)
    assert len(table) > 30_000


def test_the_table_is_the_one_that_was_agreed():
    """A step, state, outcome or role that comes or goes is seen here; agree to it by writing the file anew."""
    held = set(map(tuple, csv.reader(io.StringIO(AGREED.read_text(encoding="utf-8")))))
    made = set(map(tuple, csv.reader(io.StringIO(rendered()))))
    assert not held - made, "gone: python -m tests.governance.roles_table"
    assert not made - held, "new: python -m tests.governance.roles_table"
    assert {row[0] for row in held} - {"Procedure"} == set(PROCEDURES)


# --- what the engine and the policy answer -----------------------------------------------------------


def answer_of(matter: Matter, cell: Cell, actor: Actor) -> tuple[Answer, str]:
    """Ask the checks that `record_decision` makes of an act, in its order, without writing anything."""
    rules = PROCEDURES[cell.procedure]
    try:
        step = engine._step(rules, matter, body=cell.body, outcome=cell.outcome, seen=cell.state)
    except Refused as refused:
        return Answer.UNLISTED, refused.clause
    try:
        policies.check_can_record_decision(actor, matter, step=step)
    except ActionDenied as denied:
        return Answer.NO_PERMISSION, denied.clause
    out_of_order = step.source != matter.state
    try:
        check_given(step, Given(decided_at=TAG_DAY), last=None, out_of_order=out_of_order, at=AT)
    except InvalidInput as wrong:
        wants = any("out of its listed order" in each.message for each in wrong.errors)
        assert wants is out_of_order, cell
    else:
        assert not out_of_order, cell
    return (Answer.OUT_OF_ORDER if out_of_order else Answer.ALLOWED), step.clause


@pytest.mark.clause("SVTAD 1.23", "3.2", "5.7", "12.6(a)", "13.16", "13.20", "14.2", "15.1", "20.16")
@pytest.mark.parametrize("key", PROCEDURES)
def test_each_cell_is_answered_as_the_procedures_data_says(key, monkeypatch):
    # Whether they see the matter at all is another table; here everybody does, and nothing is asked of the database.
    monkeypatch.setattr(policies, "_check_sees", lambda actor, matter: None)
    wrong = []
    for cell in cells(key):
        matter = Matter(procedure=key, state=cell.state, reference="M-1")
        actor = ACTORS[cell.role, cell.organisation]
        if answer_of(matter, cell, actor) != expected(cell):
            wrong.append((cell, answer_of(matter, cell, actor), expected(cell)))
    assert not wrong, wrong[:5]


@pytest.mark.django_db
@pytest.mark.parametrize("key", PROCEDURES)
def test_of_who_may_record_a_step_nobody_may_who_put_the_matter_forward_unless_it_is_the_proposers_own(
    key, monkeypatch
):
    """The fifth answer: by whom the matter was put forward, for every step and every role that may record it."""
    monkeypatch.setattr(policies, "_check_sees", lambda actor, matter: None)
    rules = PROCEDURES[key]
    for step in rules.transitions:
        for held, actor in ACTORS.items():
            cell = Cell(key, step.source, step.body.value, step.outcome, *held)
            if expected(cell)[0] is not Answer.ALLOWED:
                continue
            matter = Matter(procedure=key, state=step.source, reference="M-1", put_forward_by=[actor.actor_id])
            decides = step.body in rules.deciders and step.body != rules.proposer and not step.refers_to
            if decides:
                with pytest.raises(ActionDenied, match="You put this forward"):
                    policies.check_can_record_decision(actor, matter, step=step)
            else:
                policies.check_can_record_decision(actor, matter, step=step)


# --- the same, through the action itself -------------------------------------------------------------


@pytest.fixture
def everybody(db):
    return audience_of("public")


@pytest.fixture
def letter(everybody) -> StoredFile:
    return actions.store_file(
        content=b"letter", name="letter.txt", media_type="text/plain", purpose="decision", audience=everybody,
        by=SYSTEM, at=T0,
    )  # fmt: skip


def put(key: str, state: str, everybody: Any) -> Matter:
    """Put a matter before its body in that state, with every view that was to be asked there given."""
    rules = PROCEDURES[key]
    matter = actions.open_matter(
        procedure=key, document=rules.document, version=rules.version, title=key, rationale="Said.",
        audience=everybody, by=SYSTEM, at=T0, **wanted(key, audience=everybody, at=T0),
    )  # fmt: skip
    if state != matter.state:
        matter.state = state
        matter.save(update_fields=["state"])
        ask_views_due(matter=matter, rules=rules, by=SYSTEM, at=T0)
    for request in matter.view_requests.filter(views=None):
        actions.record_view(request=request, text="A view.", by=SYSTEM, at=T0)
    return matter


def statements(step: Transition | None) -> dict[str, Any]:
    needs = step.requires if step else ()
    severity = {need.key: "3" for need in needs if need.kind == "severity"}
    return {"rationale": "Stated.", **stated_for(needs), **severity} if needs else {}


def record_for_real(matter: Matter, cell: Cell, letter: StoredFile) -> tuple[Answer, str]:
    """Record it through the action and take it back; out of its order first without reasons, then with them."""
    same = [
        each
        for each in PROCEDURES[cell.procedure].transitions
        if (each.body.value, each.outcome) == (cell.body, cell.outcome)
    ]
    step = next((each for each in same if each.source == cell.state), same[0])
    act: dict[str, Any] = {
        "matter": matter, "body": cell.body, "outcome": cell.outcome, "decided_at": TAG_DAY, "notified_at": TAG_DAY,
        "document": letter, "data": statements(step), "by": ACTORS[cell.role, cell.organisation], "at": AT,
    }  # fmt: skip
    answer, clause = Answer.ALLOWED, ""
    before = matter.decisions.count()
    with transaction.atomic():
        try:
            try:
                with transaction.atomic():
                    decision = actions.record_decision(**act)
            except InvalidInput as wrong:
                if {each.field for each in wrong.errors} != {"rationale"}:
                    raise
                answer = Answer.OUT_OF_ORDER
                decision = actions.record_decision(**act, rationale="Called in.")
            if any(need.key == "rationale" for need in step.requires):
                answer = Answer.OUT_OF_ORDER if decision.out_of_order else Answer.ALLOWED
            assert decision.out_of_order is (answer is Answer.OUT_OF_ORDER), cell
            assert matter.state == decision.to_state == step.target
            clause = decision.clause
        except ActionDenied as denied:
            answer, clause = Answer.NO_PERMISSION, denied.clause
        except Refused as refused:
            answer, clause = Answer.UNLISTED, refused.clause
        transaction.set_rollback(True)
    assert matter.decisions.count() == before
    matter.state = cell.state
    return answer, clause


def go_through(chosen: Iterable[Cell], everybody: Any, letter: StoredFile) -> int:
    """Record each cell, those of one state on one matter; return how many."""
    count, matter, at = 0, None, ("", "")
    for cell in chosen:
        if matter is None or at != (cell.procedure, cell.state):
            matter, at = put(cell.procedure, cell.state, everybody), (cell.procedure, cell.state)
        assert record_for_real(matter, cell, letter) == expected(cell), cell
        count += 1
    return count


def sample() -> Iterator[Cell]:
    """Of each procedure one cell of each answer, in states and roles that change from one to the next."""
    for number, key in enumerate(PROCEDURES):
        kinds: dict[Answer, list[Cell]] = {}
        for cell in cells(key):
            kinds.setdefault(expected(cell)[0], []).append(cell)
        yield from sorted((rows[number * 7 % len(rows)] for rows in kinds.values()), key=lambda cell: cell.state)


@pytest.mark.usefixtures("no_handlers")
def test_a_sample_of_each_procedure_is_recorded_or_refused_for_real(everybody, letter):
    chosen = list(sample())
    assert {cell.procedure for cell in chosen} == set(PROCEDURES)
    assert {expected(cell)[0] for cell in chosen} == set(Answer)
    assert go_through(chosen, everybody, letter) >= 3 * len(PROCEDURES)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("no_handlers")
def test_the_whole_table_is_recorded_or_refused_for_real(everybody, letter):
    count = go_through((cell for key in PROCEDURES for cell in cells(key)), everybody, letter)
    print(f"{count} cells")
    assert count == sum(1 for key in PROCEDURES for _ in cells(key))
