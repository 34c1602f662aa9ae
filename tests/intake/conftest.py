"""The world that these tests stand on."""

from __future__ import annotations

import pytest

from tests.testphases.world import World, make_world


@pytest.fixture(autouse=True)
def files_of_this_test(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def world(db) -> World:
    return make_world()
