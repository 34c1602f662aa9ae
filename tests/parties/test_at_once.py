"""Several requests at the same moment: a code counts once, and a deputy is answered once."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest

from svtad.lib import clock
from svtad.lib.clock import london_date, now
from svtad.lib.errors import Refused
from svtad.parties import actions, factors
from svtad.parties.actors import actor_for, system_actor
from svtad.parties.models import DeputyshipStep, Person
from tests.at_once import at_once
from tests.parties.codes import code_of

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("postgres_only", "transactional_db")]
REQUESTS = 8


def _use(who: Person, code: str, _: int) -> str:
    return actions.use_code(person=who, code=code)


def test_of_one_code_sent_many_times_at_once_one_is_taken(person, monkeypatch):
    who, secret = person("participant"), factors.new_secret()
    moment = now()
    monkeypatch.setattr(clock, "now", lambda: moment)
    codes = actions.set_up_app(
        person=who,
        secret=secret,
        code=code_of(secret, at=moment - dt.timedelta(seconds=30)),
        by=actor_for(who, at=moment),
    )
    for code, kind in ((code_of(secret, at=moment), "totp"), (codes[0], "recovery_code")):
        outcomes = at_once(REQUESTS, partial(_use, who, code))
        assert sorted(map(str, outcomes)) == [""] * (REQUESTS - 1) + [kind]


def test_of_many_answers_to_one_deputyship_one_is_taken_and_the_others_are_told(person):
    today = london_date(now())
    made = actions.name_deputy(
        membership=person("tab_member").memberships.get(),
        deputy=person(),
        starts_on=today,
        ends_on=today,
        reason="Leave",
        by=system_actor(),
    )
    by = [actor_for(person("administrator"), at=now()) for _ in range(REQUESTS)]
    outcomes = at_once(
        REQUESTS,
        lambda number: actions.answer_deputyship(deputyship=made, confirm=number % 2 == 0, reason="So.", by=by[number]),
    )
    assert sum(isinstance(each, DeputyshipStep) for each in outcomes) == 1
    assert sum(isinstance(each, Refused) for each in outcomes) == REQUESTS - 1, outcomes
