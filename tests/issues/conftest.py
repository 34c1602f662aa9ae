"""The house that these tests stand in."""

from __future__ import annotations

from pathlib import Path

import pytest

from testphases.models import TestScope
from tests.factories import House, make_house


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
    """SIT of MOC."""
    return house.scope("SIT", "MOC")
