"""The table of roles x acts x states beside decisions, with no hole in it: opening, views, corrections, keeping.

Of every cell the policies must let exactly whom the data lets, and the actions answer exactly what the table says:
allowed; refused because the state of the thing does not let it; or refused because it is not for the role.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

from svtad.governance import actions, policies
from svtad.governance.actions import Attendee, Given
from svtad.governance.models import Channel, Delivery, Interest, Matter, Meeting, StoredFile
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import BODY_KEYS, Actor, actor_for
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation, OrganisationKind, Person
from svtad.parties.policies import allowed
from svtad.parties.roles import ROLES
from svtad.rulebook.procedures import PROCEDURES
from tests.factories import make_organisation, make_person
from tests.governance import acts_table as table
from tests.governance.acts_table import AGREED, Answer, Cell, cells, expected, rendered, subjects
from tests.governance.boards import AFTER, SYSTEM, T0, TAG_DAY
from tests.governance.mailing import give
from tests.governance.test_roles_actions_states import ACTORS, MEMBERS, put, statements
from tests.opening import wanted

AT = AFTER + dt.timedelta(hours=1)
Act = Callable[[Actor], object]


# --- no hole -----------------------------------------------------------------------------------------


def test_every_act_state_and_role_has_its_cell_once():
    every = Counter(cells())
    assert set(every.values()) == {1}
    assert len(every) == len(list(subjects())) * len(MEMBERS)
    assert {(cell.role, cell.organisation) for cell in every} == set(MEMBERS)
    views = {table.ASK_VIEW, table.GIVE_VIEW, table.REMARK, table.NO_VIEW}
    acts = {table.OPEN, *views, table.CORRECT, *table.ON_MEETINGS}
    assert {cell.act for cell in every} == acts | set(table.BY_PERMISSION) | set(table.ON_INTERESTS)
    assert {expected(cell) for cell in every} == set(Answer)
    for key, rules in PROCEDURES.items():
        mine = [each for each in subjects() if each[1] == key]
        assert {each[2] for each in mine if each[0] == table.ASK_VIEW} == set(rules.states)
        asked = {str(each.body) for each in rules.consultations}
        assert {each[3] for each in mine if each[0] == table.GIVE_VIEW} == asked
        steps = {f"{step.source} {step.body.value} {step.outcome}" for step in rules.transitions}
        assert {each[3] for each in mine if each[0] == table.CORRECT} == steps
        assert sum(1 for each in mine if each[0] == table.OPEN) == 1


def test_the_table_is_the_one_that_was_agreed():
    """An act, state or role that comes or goes is seen here; agree to it by writing the file anew."""
    held = set(map(tuple, csv.reader(io.StringIO(AGREED.read_text(encoding="utf-8")))))
    made = set(map(tuple, csv.reader(io.StringIO(rendered()))))
    assert not held - made, "gone: python -m tests.governance.acts_table"
    assert not made - held, "new: python -m tests.governance.acts_table"


# --- what the policies answer ------------------------------------------------------------------------


def lets(cell: Cell, actor: Actor) -> bool:
    """Ask the policy that guards the act, without a database."""
    matter = Matter(procedure=cell.procedure, reference="M-1")
    if cell.act == table.OPEN:
        return allowed(policies.check_can_open_matter, actor, PROCEDURES[cell.procedure])[0]
    if cell.act == table.ASK_VIEW:
        return allowed(policies.check_can_ask_view, actor, matter)[0]
    if cell.act in (table.GIVE_VIEW, table.NO_VIEW):
        return allowed(policies.check_can_give_view, actor, matter, body=cell.what)[0]
    if cell.act == table.REMARK:
        return allowed(policies.check_can_give_view, actor, matter, body=cell.what, is_remark=True)[0]
    if cell.act == table.CORRECT:
        source, body, outcome = cell.what.split(" ")
        step = PROCEDURES[cell.procedure].transition(source, body=body, outcome=outcome)
        return allowed(policies.check_can_record_decision, actor, matter, step=step)[0]
    if cell.act in table.ON_MEETINGS:
        return allowed(policies.check_can_plan_meetings, actor, cell.what)[0]
    if cell.act in table.ON_INTERESTS:
        person = Person(pk=actor.person_pk) if cell.what == table.OWN else None
        organisation = Organisation(pk=1) if cell.what == table.ORGANISATIONS else None
        check = policies.check_can_declare_interest
        return allowed(check, actor, person=person, organisation=organisation)[0]
    checks: dict[str, Callable[[Actor], None]] = {
        "KEEP_DOCUMENT": policies.check_can_keep_document,
        "SET_NOTICE_ADDRESS": policies.check_can_set_notice_address,
        "SEE_OUTBOX": policies.check_can_see_outbox,
        "ADD_OVERRIDE": policies.check_can_manage_calendar,
        "REMOVE_OVERRIDE": policies.check_can_manage_calendar,
        "SET_BODY_RULE": policies.check_can_set_body_rule,
    }
    return allowed(checks.get(cell.act, policies.check_can_manage_notices), actor)[0]


@pytest.mark.clause("SVTAD 1.23", "7.3", "7.5", "13.5", "13.15(c)", "13.20", "13.22", "14.2", "20.7")
def test_each_cell_is_let_by_the_policy_as_the_data_says(monkeypatch):
    monkeypatch.setattr(policies, "_check_sees", lambda actor, matter: None)
    actors = {held: replace(each, person_pk=1, organisation_pks=frozenset({1})) for held, each in ACTORS.items()}
    wrong = [
        cell
        for cell in cells()
        if not (cell.act == table.CORRECT and cell.state == table.OVERTAKEN)
        and lets(cell, actors[cell.role, cell.organisation]) is (expected(cell) is Answer.NO_PERMISSION)
    ]
    assert not wrong, wrong[:5]


# --- the same, through the actions themselves --------------------------------------------------------


class Stage:
    """Somebody of every role in every kind of organisation that has it, and things for them to act on."""

    def __init__(self) -> None:
        homes = {str(kind): make_organisation(kind) for kind in OrganisationKind}
        people = {(role, kind): make_person(role, homes[kind]) for role, kind in MEMBERS}
        self.people = people
        self.homes = homes
        self.actors = {held: actor_for(each, at=AFTER_JOINING) for held, each in people.items()}
        self.everybody = audience_of("public")
        self.all_of_them: Audience = audience_of(*GOVERNANCE, *(org_key(each) for each in homes.values()))
        self.letter: StoredFile = actions.store_file(
            content=b"letter", name="letter.txt", media_type="text/plain", purpose="decision",
            audience=self.everybody, by=SYSTEM, at=T0,
        )  # fmt: skip

    def prepared(self, act: str, procedure: str, state: str, what: str) -> Act:
        """Return the act on a thing in that state, to be done by whoever it is given."""
        if act == table.OPEN:
            return self._opening(procedure)
        if act in (table.ASK_VIEW, table.GIVE_VIEW, table.REMARK, table.NO_VIEW):
            return self._view(act, procedure, state, what)
        if act == table.CORRECT:
            return self._correction(procedure, state, what)
        if act in table.ON_MEETINGS:
            return self._meeting(act, state, what)
        if act in table.ON_DELIVERIES:
            return self._delivery(act, state)
        if act in table.ON_INTERESTS:
            return self._interest(act, state, what)
        return self._administered(act, state)

    def _opening(self, key: str) -> Act:
        rules = PROCEDURES[key]
        given = wanted(key, audience=self.everybody, at=T0)
        return lambda by: actions.open_matter(
            procedure=key, document=rules.document, version=rules.version, title=key, rationale="Said.",
            audience=self.everybody, by=by, at=T0, **given,
        )  # fmt: skip

    def _view(self, act: str, key: str, state: str, body: str) -> Act:
        if act == table.ASK_VIEW:
            matter = put(key, state, self.everybody)
            return lambda by: actions.ask_view(matter=matter, body=body, by=by, at=AT)
        consulted = next(each for each in PROCEDURES[key].consultations if str(each.body) == body)
        matter = put(key, consulted.states[0], self.everybody)
        days = dict(zip(table.DAYS, (None, AT.date() + dt.timedelta(days=30), T0.date()), strict=True))
        request = actions.ask_view(
            matter=matter, body=body, respond_by=days[state] if act == table.NO_VIEW else None, by=SYSTEM, at=T0
        )
        if act == table.NO_VIEW:
            return lambda by: actions.record_view(request=request, is_none=True, by=by, at=AT)
        Matter.objects.filter(pk=matter.pk).update(state=state)
        remark = act == table.REMARK
        return lambda by: actions.record_view(request=request, text="A view.", is_remark=remark, by=by, at=AT)

    def _correction(self, key: str, state: str, what: str) -> Act:
        source, body, outcome = what.split(" ")
        step = PROCEDURES[key].transition(source, body=body, outcome=outcome)
        matter = put(key, source, self.everybody)
        given = Given(
            decided_at=TAG_DAY, notified_at=TAG_DAY, rationale="Said.", document=self.letter, data=statements(step)
        )
        decision = actions.record_decision(
            matter=matter, body=body, outcome=outcome, decided_at=TAG_DAY, notified_at=TAG_DAY, rationale="Said.",
            document=self.letter, data=statements(step), by=SYSTEM, at=AT,
        )  # fmt: skip

        def correct(by: Actor) -> object:
            return actions.correct_decision(
                decision=decision, outcome=outcome, given=given, reason="A slip.", by=by, at=AT
            )

        if state == table.OVERTAKEN:
            correct(SYSTEM)
        return correct

    def _meeting(self, act: str, state: str, board: str) -> Act:
        if act == "PLAN_MEETING":
            return lambda by: actions.plan_meeting(body=board, title="Another", starts_at=TAG_DAY, by=by, at=T0)
        meeting: Meeting = actions.plan_meeting(body=board, title="One", starts_at=TAG_DAY, by=SYSTEM, at=T0)
        if state == "HELD":
            meeting = actions.hold_meeting(meeting=meeting, by=SYSTEM, at=AFTER)
        elif state == "CANCELLED":
            meeting = actions.cancel_meeting(meeting=meeting, reason="Snow.", by=SYSTEM, at=T0)
        if act == "PUT_ON_AGENDA":
            source, rules = next(
                (step.source, rules)
                for rules in PROCEDURES.values()
                for step in rules.transitions
                if step.body == board
            )
            matter = put(rules.key, source, self.everybody)
            return lambda by: actions.put_on_agenda(meeting=meeting, matters=[matter], by=by, at=AT)
        doings: dict[str, Act] = {
            "CHANGE_MEETING": lambda by: actions.change_meeting(
                meeting=meeting, title="One", starts_at=TAG_DAY, place="Room 2", by=by, at=AT
            ),
            "CANCEL_MEETING": lambda by: actions.cancel_meeting(meeting=meeting, reason="Snow.", by=by, at=AT),
            "HOLD_MEETING": lambda by: actions.hold_meeting(meeting=meeting, by=by, at=AT),
            "ADD_ITEM": lambda by: actions.add_item(meeting=meeting, title="Dates", by=by, at=AT),
            "RECORD_ATTENDANCE": lambda by: actions.record_attendance(
                meeting=meeting, attendees=[Attendee(name="Ann Example", presence="PRESENT")], reason="Forgotten.",
                by=by, at=AT,
            ),
            "ATTACH_MINUTES": lambda by: actions.attach_minutes(
                meeting=meeting, content=b"%PDF", name="minutes.pdf", by=by, at=AT
            ),
        }  # fmt: skip
        return doings[act]

    def _delivery(self, act: str, state: str) -> Act:
        notice = give(self.people["tag_member", "TAG"], at=T0)
        Delivery.objects.filter(notice=notice).exclude(channel=Channel.EMAIL).update(state="SENT", sent_at=T0)
        lease = {"lease_token": "t" * 22, "lease_until": AT} if state == "SENDING" else {}
        held = Delivery.objects.filter(notice=notice, channel=Channel.EMAIL)
        held.update(
            state=state, sent_at=T0 if state == "SENT" else None, uncertain_at=T0 if state == "UNCERTAIN" else None,
            **lease,
        )  # fmt: skip
        delivery = held.get()
        doings: dict[str, Act] = {
            "SEND_BY_HAND": lambda by: actions.record_sent_by_hand(
                delivery=delivery, how="By letter.", sent_at=T0, document=self.letter, by=by, at=AT
            ),
            "RETRY_DELIVERY": lambda by: actions.retry_delivery(delivery=delivery, by=by, at=AT),
            "WITHDRAW_NOTICE": lambda by: actions.withdraw_notice(notice=notice, reason="A slip.", by=by, at=AT),
        }
        return doings[act]

    def _interest(self, act: str, state: str, whose: str) -> Act:
        rules = PROCEDURES["EXCLUSION"]
        matter = put(rules.key, rules.initial, self.all_of_them)

        def declare(by: Actor) -> Interest:
            mine = next((held for held, each in self.actors.items() if each == by), None)
            own = {"person": self.people[mine]} if mine else {"name": "The registrar"}
            others = {"organisation": self.homes[mine[1]]} if mine else {"name": "The registrar's"}
            every = {table.OWN: own, table.ORGANISATIONS: others, table.ANOTHERS: {"name": "Ann Example"}}
            named: dict[str, Any] = every[whose]
            return actions.declare_interest(matter=matter, text="She sells it.", by=by, at=AT, **named)

        if act == "DECLARE_INTEREST":
            return declare

        def withdraw(by: Actor) -> object:
            made = declare(SYSTEM if whose == table.ANOTHERS else by)
            if state == table.HOLDS_NOT:
                actions.withdraw_interest(interest=made, reason="A slip.", by=SYSTEM, at=AT)
            return actions.withdraw_interest(interest=made, reason="A slip.", by=by, at=AT)

        return withdraw

    def _administered(self, act: str, state: str) -> Act:
        if act in ("ADD_OVERRIDE", "REMOVE_OVERRIDE"):
            named: dict[str, Any] = {
                "is_working_day": False,
                "reason": "Thanks",
                "source": "Proclamation",
                "audience": self.everybody,
            }
            if act == "ADD_OVERRIDE":
                return lambda by: actions.add_override(day=dt.date(2027, 3, 3), by=by, at=AT, **named)
            override = actions.add_override(day=dt.date(2027, 3, 3), by=SYSTEM, at=T0, **named)
            if state == table.HOLDS_NOT:
                actions.remove_override(override=override, audience=self.everybody, by=SYSTEM, at=TAG_DAY)
            return lambda by: actions.remove_override(override=override, audience=self.everybody, by=by, at=AT)
        doings: dict[str, Act] = {
            "KEEP_DOCUMENT": policies.check_can_keep_document,
            "SEE_OUTBOX": policies.check_can_see_outbox,
            "SET_NOTICE_ADDRESS": lambda by: actions.set_notice_address(
                recipient="SOS", email="sos@example.org", source="Their letter.", by=by, at=AT
            ),
            "SET_BODY_RULE": lambda by: actions.set_body_rule(body="TAG", quorum=4, source="Terms.", by=by, at=AT),
        }
        return doings[act]


#: Memberships of the factories hold from 2026 on; what they do is dated by `AT`.
AFTER_JOINING = dt.datetime(2026, 3, 3, 9, tzinfo=dt.UTC)


@pytest.fixture
def stage(db) -> Stage:
    return Stage()


def outcome_of(act: Act, by: Actor) -> Answer:
    """Do it and take it back."""
    with transaction.atomic():
        try:
            with transaction.atomic():
                act(by)
            answer = Answer.ALLOWED
        except ActionDenied:
            answer = Answer.NO_PERMISSION
        except Refused:
            answer = Answer.STATE
        transaction.set_rollback(True)
    return answer


def go_through(stage: Stage, chosen: Iterable[Cell]) -> int:
    """Do each cell for real, those of one subject on one thing; return how many."""
    count = 0
    for subject, group in itertools.groupby(chosen, key=lambda cell: (cell.act, cell.procedure, cell.state, cell.what)):
        with transaction.atomic():
            act = stage.prepared(*subject)
            for cell in group:
                assert outcome_of(act, stage.actors[cell.role, cell.organisation]) == expected(cell), cell
                count += 1
            transaction.set_rollback(True)
    return count


def sample() -> Iterator[Cell]:
    """Of each act one cell of each answer that it can have, of procedures and roles that change from act to act."""
    kinds: dict[tuple[str, Answer], list[Cell]] = {}
    for cell in cells():
        kinds.setdefault((cell.act, expected(cell)), []).append(cell)
    for number, rows in enumerate(kinds.values()):
        yield rows[number * 101 % len(rows)]


@pytest.mark.usefixtures("no_handlers")
def test_a_sample_of_each_act_is_done_or_refused_for_real(stage):
    chosen = list(sample())
    assert {(cell.act, expected(cell)) for cell in chosen} == {(cell.act, expected(cell)) for cell in cells()}
    assert go_through(stage, chosen) == len(chosen) > 2 * len(table.BY_PERMISSION)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("no_handlers")
def test_every_act_of_every_role_in_every_state_is_done_or_refused_for_real(stage):
    count = go_through(stage, cells())
    print(f"{count} cells")
    assert count == sum(1 for _ in cells())


def test_whoever_acts_sees_what_their_kind_of_organisation_sees(stage):
    """The people of this table are those of the other one, with their organisations' eyes."""
    assert set(stage.actors) == set(ACTORS)
    for (role, kind), actor in stage.actors.items():
        assert actor.permissions == ROLES[role].permissions
        assert BODY_KEYS.get(OrganisationKind(kind), "public") in actor.audience_keys
