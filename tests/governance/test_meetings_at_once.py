"""A meeting's decisions are recorded while somebody else decides: all or nothing, one wins, the other is told."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection, transaction

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.actions import NotRecorded
from svtad.governance.models import AgendaItem, Decision, Matter, Meeting, MeetingDecision
from svtad.lib.errors import InvalidInput, Refused
from tests.at_once import at_once
from tests.governance.boards import AFTER, T0, TAG_DAY, take

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("postgres_only", "transactional_db", "no_handlers")]


def bulk(meeting: Meeting, items: list[AgendaItem], registrar, outcome: str = "AGREE"):
    return actions.record_meeting_decisions(
        meeting=meeting, taken=[take(item, outcome) for item in items], by=registrar, at=AFTER
    )


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_decision_that_comes_in_between_stops_the_whole_meeting(on_agenda, registrar):
    meeting, items = on_agenda()
    middle = items[1].matter
    came: list[object] = []

    def record() -> None:
        try:
            came.append(bulk(meeting, items, registrar))
        except NotRecorded as told:
            came.append(told)
        finally:
            connection.close()

    thread = threading.Thread(target=record)
    with transaction.atomic():
        actions.record_decision(matter=middle, body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar, at=AFTER)
        thread.start()
        until = time.monotonic() + 20
        while not waiting_for_a_lock():
            assert time.monotonic() < until, "the meeting's decisions never came to the matter"
            time.sleep(0.02)
    thread.join()
    [told] = came
    assert isinstance(told, NotRecorded), told
    assert [row.is_refused for row in told.rows] == [False, True, False]
    assert f"{middle.reference}: {middle.reference} was decided meanwhile" in told.reason
    assert Decision.objects.get().outcome == "REJECT"
    assert not MeetingDecision.objects.exists()
    assert not AuditEvent.objects.filter(action="record_meeting_decisions").exists()
    assert set(Matter.objects.exclude(pk=middle.pk).values_list("state", flat=True)) == {"PROPOSED"}


def test_of_a_meeting_and_a_single_decision_at_once_one_wins_whole_and_the_other_is_told(on_agenda, registrar):
    for number in range(6):
        meeting, items = on_agenda(title=f"TAG {number}")
        last = items[-1].matter

        def act(who: int, meeting=meeting, items=items, last=last) -> object:
            if who:
                return bulk(meeting, items, registrar)
            return actions.record_decision(
                matter=Matter.objects.get(pk=last.pk), body="TAG", outcome="REJECT", decided_at=TAG_DAY, by=registrar,
                expected_state="PROPOSED", at=AFTER,
            )  # fmt: skip

        single, whole = at_once(2, act)
        decided = Decision.objects.filter(matter__agenda_items__meeting=meeting)
        if isinstance(single, Decision):
            assert isinstance(whole, NotRecorded), whole
            assert decided.get() == single
        else:
            assert isinstance(single, Refused), single
            assert "decided meanwhile" in single.reason
            assert {decision.outcome for decision in decided} == {"AGREE"}
            assert decided.count() == 3


def test_the_same_meeting_sent_twice_at_once_is_recorded_once(on_agenda, registrar):
    meeting, items = on_agenda()
    outcomes = at_once(4, lambda number: bulk(meeting, items, registrar))
    assert sorted(type(each).__name__ for each in outcomes) == ["NotRecorded"] * 3 + ["list"], outcomes
    assert Decision.objects.count() == MeetingDecision.objects.count() == 3


def test_two_meetings_with_the_same_matters_the_other_way_round_do_not_block_each_other(plan, on_agenda, registrar):
    for number in range(4):
        first, items = on_agenda(4, title=f"TAG {number}", held=False)
        second = plan(f"TAG {number} again")
        matters = [item.matter for item in reversed(items)]
        turned = actions.put_on_agenda(meeting=second, matters=matters, by=registrar, at=T0)
        held = [actions.hold_meeting(meeting=each, by=registrar, at=AFTER) for each in (first, second)]
        rows = [items, turned]

        def act(who: int, held=held, rows=rows) -> object:
            return bulk(held[who], rows[who], registrar, ("AGREE", "REJECT")[who])

        outcomes = at_once(2, act)
        assert sorted(type(each).__name__ for each in outcomes) == ["NotRecorded", "list"], outcomes
        assert Decision.objects.filter(matter__in=matters).values("outcome").distinct().count() == 1


def test_one_matter_put_on_one_agenda_by_many_stands_there_once(plan, open_matter, registrar):
    meeting, matter = plan(), open_matter()
    outcomes = at_once(6, lambda number: actions.put_on_agenda(meeting=meeting, matters=[matter], by=registrar))
    assert sum(isinstance(each, Refused) for each in outcomes) == 5, outcomes
    assert AgendaItem.objects.get().matter == matter


def test_one_title_is_taken_once_and_one_interest_withdrawn_once(plan, open_matter, registrar):
    outcomes = at_once(6, lambda number: plan())
    assert sum(isinstance(each, InvalidInput) for each in outcomes) == 5, outcomes
    interest = actions.declare_interest(matter=open_matter(), name="Jo", text="Hers.", by=registrar)
    outcomes = at_once(6, lambda number: actions.withdraw_interest(interest=interest, reason="Gone.", by=registrar))
    assert sum(isinstance(each, Refused) for each in outcomes) == 5, outcomes
