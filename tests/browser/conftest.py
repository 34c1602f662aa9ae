"""Pages as people meet them: a browser on a live server, or Django's client where no browser is needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from issues.actions import propose_exclusion
from issues.models import TestingIssue
from svtad.gates.actions import assess_scope
from svtad.governance.models import Matter
from svtad.lib import clock
from svtad.parties.models import Organisation, Person
from svtad.portal.demo.load import load
from testphases.models import PlannedTest, TestScope
from tests.factories import MAKER, House, make_dmc, make_house, make_issue


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "locale": "en-GB"}


@dataclass
class World:
    """A house with one phase in which something is planned, run, raised and put before TAG."""

    house: House
    sit: TestScope
    tests: list[PlannedTest]
    issue: TestingIssue
    matter: Matter
    _people: dict[tuple[str, int], Person] = field(default_factory=dict)

    def person(self, role: str, organisation: Organisation | None = None) -> Person:
        """Return somebody of that role, the same one each time."""
        actor = self.house.actor(role, organisation)
        return Person.objects.get(public_id=actor.actor_id)


def make_world(house: House) -> World:
    sit = house.scope("SIT", "MOC")
    dmc = make_dmc("DMC-A")
    tests = house.plan(sit, "TC-1", "TC-2", "TC-3", dmc=dmc)
    house.run(tests[0], "PASSED")
    house.run(tests[1], "FAILED")
    issue = make_issue(sit, raised_by=house.supplier, severity="3", provider=house.alpha, state="IN_FIX", dmc=dmc)
    matter = propose_exclusion(
        issue=issue, scope=sit, rationale="It concerns one device.", by=house.actor("test_manager")
    ).matter
    assess_scope(scope=sit, by=MAKER)
    return World(house=house, sit=sit, tests=tests, issue=issue, matter=matter)


@pytest.fixture(scope="class")
def lent_world(lend: Callable[..., Any]) -> World:
    return lend(make_house, make_world)


@pytest.fixture
def world(lent_world: World, db: None, files_of_this_test: Path) -> World:
    """A small world, for tests with Django's client."""
    return lent_world


@pytest.fixture
def live_world(transactional_db: None, live_server: LiveServer) -> World:
    """A small world that a browser and a worker see."""
    return make_world(make_house())


@pytest.fixture
def demo(transactional_db: None, live_server: LiveServer) -> TestScope:
    """The demonstration, seen by a browser; returns the phase that is almost there."""
    load(now=clock.now())
    return TestScope.objects.get(release__code="MOC", kind="SIT")


@pytest.fixture
def visit(page: Page, live_server: LiveServer) -> Callable[..., int]:
    """`visit("/issues/")`: go there and return the status."""

    def go(path: str) -> int:
        answer = page.goto(f"{live_server.url}{path}")
        assert answer is not None
        return answer.status

    return go
