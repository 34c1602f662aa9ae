"""What is one party's is in no answer to another: words that occur nowhere else are looked for everywhere."""

from __future__ import annotations

import pytest

from issues.actions import dispute_severity
from svtad.parties.actors import Actor
from tests.api.test_access import METHODS, call
from tests.api.world import CALLS, World, make_world
from tests.factories import House, make_house, make_issue

pytestmark = pytest.mark.django_db

CANARY = "QZXJ7Canary"


def plant(world: World) -> World:
    """Fill the world with words of one Supplier Party and of one DCC Service Provider."""
    house = world.house
    supplier: Actor = house.actor("participant")
    issue = make_issue(
        world.sit,
        raised_by=house.supplier,
        title=f"{CANARY} title",
        description=f"{CANARY} description",
        external_id=f"{CANARY}-1",
        functional_group=f"{CANARY} group",
        environment=f"{CANARY} environment",
        severity="4",
        provider=house.alpha,
        reasons=f"{CANARY} reasons",
        state="IN_FIX",
    )
    dispute_severity(
        issue=issue,
        participant_severity="2",
        reasons=f"{CANARY} because",
        raised_by=house.supplier,
        by=supplier,
    )
    house.plan(world.sit, f"{CANARY}-test")
    return world


@pytest.fixture(scope="class")
def lent_world(lend) -> World:
    return lend(make_house, make_world, plant)


@pytest.fixture
def house(world) -> House:
    return world.house


@pytest.mark.parametrize(
    ("role", "organisation"),
    [("participant", "other_supplier"), ("provider_tester", "beta"), ("provider_tester", "gamma")],
)
def test_no_word_of_another_party_is_in_any_answer(world, house, caller, role, organisation):
    foreign = caller(role, getattr(house, organisation))
    for operation in CALLS:
        answer = call(foreign, operation, world)
        content = b"" if answer.streaming else answer.content
        assert CANARY.encode() not in content + str(answer.headers).encode(), operation
    for params in ({"q": CANARY}, {"provider": "alpha"}, {"raised_by": "supplier"}, {"disputed": "yes"}):
        assert foreign.all("/issues", **params) == [], params
    assert "supplier" not in {each["code"] for each in foreign.get("/organisations").json()}


def test_the_words_are_there_for_whom_they_are(world, house, caller):
    for known in (caller("participant"), caller("provider_tester", house.alpha), caller("tag_member")):
        assert CANARY.encode() in call(known, "issues_list", world).content
    assert METHODS["issues_list"] == "get"
