"""Which planned test a result is of: by name, DMC, installation type and source; else why none."""

from __future__ import annotations

import pytest

from testphases.actions import RunRow
from testphases.actions.matching import NoMatch, PlanIndex

pytestmark = pytest.mark.django_db


def _find(world, *names, source="plan", limit=None, **more):
    index = PlanIndex(world.scope, limit=limit)
    found = index.find(RunRow(position=1, names=names, outcome="PASSED", **more), source)
    return found.reason if isinstance(found, NoMatch) else found


def test_the_most_telling_name_wins(world):
    short, long = world.plan("login", "Suite.login")
    assert _find(world, "Suite.login", "login") == long.pk
    assert _find(world, "Other.login", "login") == short.pk


def test_what_no_plan_knows_is_said_so(world):
    world.plan("a")
    assert _find(world, "b") == "No test of this name is planned."
    assert _find(world) == "The result names no test."


def test_the_result_names_the_dmc_or_the_file_does_or_there_is_only_one(world):
    (one,) = world.plan("a", dmc="D1")
    (two,) = world.plan("a", dmc="D2")
    (only,) = world.plan("b", dmc="D2")
    assert _find(world, "a", dmc="D1", default_dmc="D2") == one.pk
    assert _find(world, "a", default_dmc="D2") == two.pk
    assert _find(world, "b") == only.pk


def test_with_several_dmcs_and_none_named_they_are_named_to_the_reader(world):
    world.plan("a", dmc="D1")
    world.plan("a", dmc="D2")
    assert _find(world, "a") == "Planned on several DMCs, and the result names none: D1, D2."
    assert _find(world, "a", dmc="D9") == "Planned, but not on DMC D9: D1, D2."


def test_a_test_tied_to_no_dmc_takes_a_dmc_said_of_the_whole_file_but_not_one_of_its_own(world):
    (test,) = world.plan("a", dmc="")
    assert _find(world, "a", default_dmc="D1") == test.pk
    assert _find(world, "a", dmc="D1") == "Planned, but not on DMC D1: none."


def test_installation_types_are_told_apart(world):
    world.plan("a", installation_type="DORMANT")
    active = world.plan_one("a", installation_type="ACTIVE")
    assert _find(world, "a", installation_type="ACTIVE") == active.pk
    assert "several installation types, and the result names none: ACTIVE, DORMANT" in _find(world, "a")
    assert _find(world, "a", installation_type="MIXED") == (
        "Planned, but not for installation type MIXED: ACTIVE, DORMANT."
    )
    world.plan("b", installation_type="ACTIVE")
    assert "not for installation type DORMANT" in _find(world, "b", installation_type="DORMANT")


def test_one_id_of_two_sources_is_told_apart_by_the_results_source(world):
    world.plan("a", source="alm")
    rig = world.plan_one("a", source="rig")
    assert _find(world, "a", source="rig") == rig.pk
    assert _find(world, "a", source="other") == "Planned by several sources under this name: alm, rig."


def test_what_is_planned_for_others_is_as_if_not_planned(world):
    world.plan("a", provider="beta", dmc="D1")
    (mine,) = world.plan("a", provider="alpha", dmc="D2")
    assert _find(world, "a", limit=frozenset({world.alpha.pk})) == mine.pk
    assert _find(world, "a", dmc="D1", limit=frozenset({world.alpha.pk})) == "Planned, but not on DMC D1: D2."


def test_a_known_planned_test_is_taken_only_if_it_is_planned_in_the_phase(world):
    (test,) = world.plan("a")
    assert _find(world, planned_test_id=test.pk) == test.pk
    assert _find(world, planned_test_id=test.pk + 1) == "This test is not planned in the phase."
