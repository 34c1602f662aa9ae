"""The phase that these tests judge."""

from __future__ import annotations

import pytest

from testphases.models import TestScope
from tests.factories import House, make_house
from tests.gates.world import Phase, make_phase


@pytest.fixture(autouse=True)
def files_of_this_test(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def house(db) -> House:
    return make_house()


@pytest.fixture
def sit(house) -> TestScope:
    """SIT of MOC, empty."""
    return house.scope("SIT", "MOC")


@pytest.fixture
def phase(house) -> Phase:
    """SIT of MOC, in progress, of which everything up to the reports is met."""
    return make_phase(house)
