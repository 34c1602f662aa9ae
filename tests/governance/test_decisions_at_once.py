"""Several people decide on one matter at the same moment: one wins, the others are told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance import actions
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import Refused
from tests.at_once import at_once

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("postgres_only", "transactional_db", "no_handlers")]

TAG_DAY = dt.datetime(2019, 4, 18, 10, tzinfo=dt.UTC)


def decide_at_once(open_matter, registrar, *, rounds: int, people: int) -> None:
    for _ in range(rounds):
        matter = open_matter()

        def decide(number: int, pk: int = matter.pk) -> Decision:
            return actions.record_decision(
                matter=Matter.objects.get(pk=pk),
                body="TAG",
                outcome=("AGREE", "REJECT")[number % 2],
                decided_at=TAG_DAY,
                by=registrar,
                expected_state="PROPOSED",
            )

        outcomes = at_once(people, decide)
        won = [outcome for outcome in outcomes if isinstance(outcome, Decision)]
        told = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert (len(won), len(told)) == (1, people - 1), outcomes
        assert all("decided meanwhile" in str(each) for each in told), told
        assert Matter.objects.get(pk=matter.pk).state == won[0].to_state
        assert Decision.objects.filter(matter=matter).count() == 1
        assert AuditEvent.objects.filter(action="record_decision", subject_id=matter.public_id).count() == 1


def test_one_of_eight_wins_and_the_others_are_told_that_it_was_decided_meanwhile(open_matter, registrar):
    decide_at_once(open_matter, registrar, rounds=5, people=8)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_one_of_twenty_wins_in_each_of_two_hundred_rounds(open_matter, registrar):
    decide_at_once(open_matter, registrar, rounds=200, people=20)


def test_references_are_given_once_however_many_ask(audience):
    outcomes: list[Any] = at_once(8, lambda number: [actions.next_reference("M") for _ in range(5)])
    given = sorted(reference for batch in outcomes for reference in batch)
    assert given == [f"M-{number:04d}" for number in range(1, 41)]
