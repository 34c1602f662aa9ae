"""The one aggregate: the kept latest results, the window over all runs and a brute-force count agree, now and as at."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import Any

import pytest

from svtad.governance.files import store_file
from svtad.governance.models import FileCheck
from testphases import actions
from testphases.actions import RunRow
from testphases.models import Descoping, PlannedTest, RunVoid, TestRun
from testphases.queries import add_up, plan_counts
from tests.testphases.oracle import brute_force
from tests.testphases.world import World, at

pytestmark = pytest.mark.django_db

SETS = ({"DSP": "5.1"}, {"DSP": "5.2"}, {"DSP": "5.2", "S1SP": "3"}, None)


def _as_oracle(counts):
    """Put `plan_counts` in the oracle's shape: zero counts left out."""
    cells = {}
    for cell in counts.cells:
        values = dataclasses.asdict(cell)
        key = (cell.dmc, cell.functional_group, cell.kind, cell.provider)
        numbers = {name: value for name, value in values.items() if isinstance(value, int) and value}
        cells[key] = numbers
    return {
        "cells": cells,
        "rows": {row.id: row.status for row in counts.rows},
        "gaps": {gap.id: gap.hash_failed for gap in counts.evidence.gaps},
    }


class Story:
    """A phase lived through at random: planned, edited, run, re-run, voided, assured, de-scoped, frozen, checked."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.now = at(hours=1)
        self.position = 0
        kept: dict[str, Any] = {
            "media_type": "text/plain", "purpose": "evidence", "by": world.system, "at": self.now,
            "audience": actions.scope_audience(scope=world.scope),
        }  # fmt: skip
        self.files = [store_file(content=f"evidence {n}".encode(), name=f"{n}.txt", **kept) for n in range(3)]

    def live(self, steps: int) -> list[dt.datetime]:
        """Take steps; return the moments after each."""
        acts = [self.plan] * 3 + [self.run] * 8 + [self.edit, self.void, self.assure, self.descope]
        acts += [self.freeze, self.check, self.give_evidence]
        moments = []
        self.plan()
        for _ in range(steps):
            # Sometimes two things are recorded at the very same moment.
            self.now += dt.timedelta(minutes=self.random.choice([0, 1, 30]))
            self.random.choice(acts)()
            moments.append(self.now)
        return moments

    def _by(self):
        return {"by": self.world.system, "at": self.now}

    def _some_test(self):
        return self.random.choice(list(PlannedTest.objects.order_by("pk")))

    def _some_run(self):
        runs = list(TestRun.objects.order_by("pk"))
        return self.random.choice(runs) if runs else None

    def plan(self):
        names = [f"t{self.random.randrange(12)}" for _ in range(4)]
        rows = {
            (name, dmc): actions.PlanRow(
                external_id=name,
                kind="REGRESSION" if int(name[1:]) % 3 == 0 else "FUNCTIONAL",
                functional_group=self.random.choice(["Billing", "Prepayment"]),
                dmc=dmc,
                provider=self.random.choice(["alpha", "beta", ""]),
            )
            for name in names
            for dmc in [self.random.choice(["D1", "D2", ""])]
        }
        actions.plan_tests(scope=self.world.scope, rows=rows.values(), **self._by())

    def edit(self):
        group = self.random.choice(["Billing", "Tariffs"])
        actions.edit_planned_test(
            planned_test=self._some_test(), functional_group=group, reason="regrouped", **self._by()
        )

    def run(self):
        rows = []
        for _ in range(self.random.randrange(1, 6)):
            self.position += 1
            outcome = self.random.choice(["PASSED"] * 5 + ["FAILED"] * 3 + ["SKIPPED", "IMPEDED"])
            # Hours, so that runs of one test often fall on one moment; some long before they are recorded.
            occurred = self.now - dt.timedelta(hours=self.random.randrange(40))
            rows.append(
                RunRow(
                    position=self.position, names=(), outcome=outcome, planned_test_id=self._some_test().pk,
                    occurred_at=occurred.replace(minute=0), components=self.random.choice(SETS),
                    no_file_needed=self.random.choice(["", "", "seen by the auditor"]),
                )
            )  # fmt: skip
        evidence = self.random.choice([None, *self.files])
        actions.record_runs(
            scope=self.world.scope, rows=rows, source="story", run_id="r", evidence=evidence, **self._by()
        )

    def void(self):
        run = self._some_run()
        if run and not RunVoid.objects.filter(run=run).exists():
            actions.void_run(run=run, reason="wrong build", **self._by())

    def assure(self):
        actions.assure_runs(scope=self.world.scope, runs=None, **self._by())

    def freeze(self):
        versions = actions.version_set(components=self.random.choice(SETS[:3]))
        actions.freeze_stage_exit_versions(scope=self.world.scope, version_set=versions, **self._by())

    def check(self):
        file = self.random.choice(self.files)
        FileCheck.objects.create(file=file, intact=self.random.random() < 0.5, recorded_at=self.now)

    def give_evidence(self):
        run = self._some_run()
        if run:
            file: dict[str, Any] = {"file": self.random.choice(self.files)}
            given = self.random.choice([file, {"no_file_needed": "witnessed"}])
            actions.attach_run_evidence(runs=[run], **given, **self._by())

    def descope(self):
        test = self._some_test()
        if Descoping.objects.filter(planned_test=test).exists():
            return
        self.world.approve_descoping(
            test, now=self.now, effective=self.now + dt.timedelta(hours=self.random.choice([0, 2]))
        )


@pytest.mark.clause("SVTAD 1.23", "12.6(a)", "12.6(d)", "13.10")
@pytest.mark.parametrize("seed", range(6))
def test_latest_table_window_and_brute_force_agree_at_every_moment(world, seed):
    moments = Story(world, seed).live(60)
    end = moments[-1] + dt.timedelta(days=1)  # every de-scoping has taken effect
    now, then = plan_counts(world.scope), plan_counts(world.scope, end)
    assert dataclasses.astuple(now) == dataclasses.astuple(then)
    assert _as_oracle(now) == brute_force(world.scope, end)
    for moment in random.Random(seed).sample(moments, 10):
        assert _as_oracle(plan_counts(world.scope, moment)) == brute_force(world.scope, moment), moment


def test_the_stories_reach_what_they_are_for(world):
    """Otherwise two counts might agree on nothing."""
    moments = Story(world, 0).live(60)
    found = brute_force(world.scope, moments[-1] + dt.timedelta(days=1))
    reached = {name for cell in found["cells"].values() for name in cell}
    assert reached >= {"descoped", "exit_executed", "exit_passed", "assured_passed", "evidence_failed", "not_run"}
    assert {"WRONG_VERSION", "DESCOPED", "FAILED"} <= set(found["rows"].values())


@pytest.mark.parametrize("seed", range(2))
def test_what_came_later_leaves_yesterday_as_it_was(world, seed):
    story = Story(world, seed)
    moment = story.live(25)[-1]
    before = plan_counts(world.scope, moment)
    story.now += dt.timedelta(minutes=1)
    story.live(25)
    assert plan_counts(world.scope, moment) == before
    assert plan_counts(world.scope) != before


def test_an_empty_plan_counts_nothing(world):
    counts = plan_counts(world.scope)
    assert (counts.cells, counts.rows, counts.watermark, counts.last_execution_at) == ((), (), "", None)
    assert plan_counts(world.scope, at(days=1)) == counts


@pytest.mark.clause("SVTAD 1.23", "T13.1")
def test_a_pass_on_another_build_is_no_pass_of_a_regression_test(world):
    test, other = world.plan("a", "b", kind="REGRESSION")
    for each in (test, other):
        world.run(each, "PASSED", occurred=at(days=1), components={"DSP": "5.1" if each == test else "5.2"})
    exit_set = actions.version_set(components={"DSP": "5.2"})
    actions.freeze_stage_exit_versions(scope=world.scope, version_set=exit_set, by=world.manager, at=at(days=2))
    counts = plan_counts(world.scope)
    assert (counts.cells[0].passed, counts.cells[0].exit_executed, counts.cells[0].exit_passed) == (2, 1, 1)
    assert [(row.reference, row.status, row.versions) for row in counts.rows] == [("a", "WRONG_VERSION", "DSP 5.1")]
    world.run(test, "PASSED", occurred=at(days=3), components={"DSP": "5.2"})
    counts = plan_counts(world.scope)
    assert (counts.cells[0].exit_passed, counts.rows) == (2, ())


def test_a_run_on_a_later_build_does_not_undo_a_pass_on_the_exit_versions(world):
    (test,) = world.plan("a", kind="REGRESSION")
    exit_set = actions.version_set(components={"DSP": "5.2"})
    actions.freeze_stage_exit_versions(scope=world.scope, version_set=exit_set, by=world.manager, at=at(hours=1))
    world.run(test, "PASSED", occurred=at(days=1), components={"DSP": "5.2"})
    world.run(test, "FAILED", occurred=at(days=2), components={"DSP": "6.0"})
    counts = plan_counts(world.scope)
    assert (counts.cells[0].failed, counts.cells[0].exit_passed, counts.rows) == (1, 1, ())


def test_cells_are_added_up_over_what_is_not_named(world):
    world.plan("a", "b", dmc="D1", functional_group="Billing")
    world.plan("a", dmc="D2", functional_group="Prepayment", provider="beta")
    cells = plan_counts(world.scope).cells
    assert [(cell.dmc, cell.planned) for cell in add_up(cells, by=("dmc_id", "dmc"))] == [("D1", 2), ("D2", 1)]
    (total,) = add_up(cells, by=())
    assert (total.planned, total.dmc_id, total.provider) == (3, None, "")


def test_the_number_of_statements_does_not_grow_with_the_plan(world, django_assert_max_num_queries):
    world.plan(*(f"t{number}" for number in range(30)))
    for moment in (None, at(days=1)):
        with django_assert_max_num_queries(11):
            plan_counts(world.scope, moment)
