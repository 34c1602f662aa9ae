"""The house that these tests stand in."""

from __future__ import annotations

import pytest

from testphases.models import TestScope
from tests.factories import House, make_house


@pytest.fixture(autouse=True)
def files_of_this_test(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def house(db) -> House:
    return make_house()


@pytest.fixture
def sit(house) -> TestScope:
    """SIT of MOC."""
    return house.scope("SIT", "MOC")
