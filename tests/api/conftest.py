"""Callers of the API: real people and tooling with real tokens, in the house of the factories."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from svtad.parties import actions as party_actions
from svtad.parties.models import Organisation, Person
from testphases.models import TestScope
from tests.api.world import World, make_world
from tests.factories import MAKER, House, make_house

V1 = "/api/v1"


class Caller:
    """A client with one token. Every answer's body is JSON or nothing."""

    def __init__(self, person: Person | None = None) -> None:
        self.person = person
        self.client = APIClient()
        self.authorization = ""
        if person is not None:
            signs = "" if person.is_service_account else "A test's own."
            _, token = party_actions.issue_token(person=person, signs_because=signs, by=MAKER)
            self.authorization = f"Bearer {token}"
            self.client.credentials(HTTP_AUTHORIZATION=self.authorization)

    def get(self, path: str, **params: Any) -> Any:
        return self.client.get(f"{V1}{path}", params)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.client.post(f"{V1}{path}", body, **({"format": "json"} | more))

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"{V1}{path}", body, format="json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"{V1}{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"{V1}{path}")

    def all(self, path: str, **params: Any) -> list[Any]:
        """Return the rows of every page of a list that is cut by cursor."""
        rows: list[Any] = []
        answer = self.get(path, **params)
        while True:
            assert answer.status_code == 200, answer.content
            rows += answer.json()["results"]
            following = answer.json()["next"]
            if not following:
                return rows
            answer = self.client.get(following)


@pytest.fixture(autouse=True)
def files_of_this_test(files_of_this_test: Path) -> Path:
    return files_of_this_test


@pytest.fixture(scope="class")
def lent_house(lend) -> House:
    return lend(make_house)


@pytest.fixture
def house(lent_house, db) -> House:
    return lent_house


@pytest.fixture(scope="class")
def lent_world(lend) -> World:
    return lend(make_house, make_world)


@pytest.fixture
def world(lent_world, db) -> World:
    """One of everything. Where it is asked for, `house` has to be that world's."""
    return lent_world


@pytest.fixture
def sit(house) -> TestScope:
    """SIT of MOC."""
    return house.scope("SIT", "MOC")


@pytest.fixture
def caller(house) -> Callable[..., Caller]:
    """`caller("test_manager")`, `caller("participant", house.other_supplier)`: the same one each time."""
    made: dict[int, Caller] = {}

    def get(role: str, organisation: Organisation | None = None) -> Caller:
        pk = house.actor(role, organisation).person_pk
        if pk not in made:
            made[pk] = Caller(Person.objects.get(pk=pk))
        return made[pk]

    return get


@pytest.fixture
def tooling(caller) -> Caller:
    """The DCC's test tooling."""
    return caller("test_tooling")


@pytest.fixture
def manager(caller) -> Caller:
    """The DCC test manager."""
    return caller("test_manager")
