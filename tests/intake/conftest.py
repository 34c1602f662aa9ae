"""The world that these tests stand on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.testphases.world import World, make_world


@pytest.fixture(autouse=True)
def files_of_this_test(files_of_this_test: Path) -> Path:
    return files_of_this_test


@pytest.fixture(scope="class")
def lent_world(lend) -> World:
    return lend(make_world)


@pytest.fixture
def world(lent_world, db) -> World:
    return lent_world
