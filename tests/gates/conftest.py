"""The phase that these tests judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from testphases.models import TestScope
from tests.factories import House, make_house
from tests.gates.world import Phase, make_phase


@pytest.fixture(autouse=True)
def files_of_this_test(files_of_this_test: Path) -> Path:
    return files_of_this_test


@pytest.fixture(scope="class")
def lent_house(lend) -> House:
    return lend(make_house)


@pytest.fixture
def house(lent_house, db) -> House:
    return lent_house


@pytest.fixture
def sit(house) -> TestScope:
    """SIT of MOC, empty."""
    return house.scope("SIT", "MOC")


@pytest.fixture(scope="class")
def lent_phase(lend) -> Phase:
    return lend(make_house, make_phase)


@pytest.fixture
def phase(lent_phase, db) -> Phase:
    """SIT of MOC, in progress, of which everything up to the reports is met."""
    return lent_phase
