"""Recording runs: once, in order of when they ran, and never dropping one that no plan knows."""

from __future__ import annotations

import pytest
from django.db import transaction

from svtad.lib.errors import ActionDenied, InvalidInput
from testphases import actions
from testphases.actions import RunRow
from testphases.models import LatestRun, ResultArrival, TestRun
from testphases.queries import plan_counts
from tests.testphases.world import actor, at

pytestmark = pytest.mark.django_db


def _rows(*named: tuple[str, str], **more) -> list[RunRow]:
    return [
        RunRow(position=place, names=(name,), outcome=outcome, occurred_at=at(hours=1), **more)
        for place, (name, outcome) in enumerate(named, start=1)
    ]


def _latest(test):
    return LatestRun.objects.get(planned_test=test)


def test_the_same_arrival_arrives_once(world):
    world.plan("a", "b")
    rows = _rows(("a", "PASSED"), ("b", "FAILED"))
    first = actions.record_runs(scope=world.scope, rows=rows, source="rig", run_id="1", by=world.system, at=at(hours=2))
    again = actions.record_runs(scope=world.scope, rows=rows, source="rig", run_id="1", by=world.system, at=at(hours=3))
    assert (first.recorded, first.already) == (2, 0)
    assert (again.recorded, again.already) == (0, 2)
    assert TestRun.objects.count() == 2


def test_another_run_id_or_source_is_another_run(world):
    world.plan("a")
    for source, run_id in (("rig", "1"), ("rig", "2"), ("other", "1")):
        actions.record_runs(
            scope=world.scope,
            rows=_rows(("a", "PASSED")),
            source=source,
            run_id=run_id,
            by=world.system,
            at=at(hours=2),
        )
    assert TestRun.objects.count() == 3


@pytest.mark.clause("SVTAD 1.23", "13.10")
def test_a_late_import_of_an_earlier_run_does_not_win(world):
    (test,) = world.plan("a")
    world.run(test, "PASSED", occurred=at(days=2))
    world.run(test, "FAILED", occurred=at(days=1), recorded=at(days=3))
    assert _latest(test).outcome == "PASSED"


@pytest.mark.parametrize("outcome", ["SKIPPED", "IMPEDED"])
def test_a_test_passed_then_skipped_or_impeded_is_still_passed(world, outcome):
    (test,) = world.plan("a")
    passed = world.run(test, "PASSED", occurred=at(days=1))
    later = world.run(test, outcome, occurred=at(days=2))
    latest = _latest(test)
    assert (latest.outcome, latest.execution, latest.last_attempt) == ("PASSED", passed, later)


@pytest.mark.parametrize("order", [("PASSED", "FAILED"), ("FAILED", "PASSED")])
def test_at_the_very_same_moment_no_pass_hides_a_failure(world, order):
    (test,) = world.plan("a")
    for outcome in order:
        world.run(test, outcome, occurred=at(days=1))
    assert _latest(test).outcome == "FAILED"
    assert plan_counts(world.scope).cells[0].failed == 1


def test_a_void_run_gives_way_to_the_one_before_and_to_nothing_in_the_end(world):
    (test,) = world.plan("a")
    first = world.run(test, "FAILED", occurred=at(days=1))
    second = world.run(test, "PASSED", occurred=at(days=2))
    actions.void_run(run=second, reason="wrong build", by=world.manager, at=at(days=3))
    assert _latest(test).execution == first
    actions.void_run(run=first, reason="wrong build", by=world.manager, at=at(days=3))
    assert (_latest(test).execution, _latest(test).outcome) == (None, "")
    assert plan_counts(world.scope).cells[0].not_run == 1


def test_a_result_of_no_planned_test_needs_a_file_to_be_kept_by(world):
    with pytest.raises(InvalidInput, match=r"row 1.*No test of this name"):
        actions.record_runs(
            scope=world.scope, rows=_rows(("zzz", "PASSED")), source="rig", run_id="1", by=world.system, at=at(hours=2)
        )
    assert not TestRun.objects.exists()


def test_a_result_from_the_future_is_refused_and_nothing_is_stored(world):
    world.plan("a", "b")
    rows = [*_rows(("a", "PASSED")), RunRow(position=2, names=("b",), outcome="PASSED", occurred_at=at(days=9))]
    with pytest.raises(InvalidInput, match=r"row 2.*future"):
        actions.record_runs(scope=world.scope, rows=rows, source="rig", run_id="1", by=world.system, at=at(hours=2))
    assert not TestRun.objects.exists()


def test_one_position_twice_is_an_error_and_nothing_is_stored(world):
    world.plan("a", "b")
    rows = [RunRow(position=1, names=(name,), outcome="PASSED", occurred_at=at(hours=1)) for name in "ab"]
    with pytest.raises(InvalidInput, match=r"row 1, position: Is given twice"):
        actions.record_runs(scope=world.scope, rows=rows, source="rig", run_id="1", by=world.system, at=at(hours=2))
    assert not TestRun.objects.exists()


def test_more_of_a_run_that_has_arrived_is_added_to_it(world):
    world.plan("a", "b")
    first, second = _rows(("a", "PASSED"), ("b", "FAILED"))
    send = {"scope": world.scope, "source": "rig", "run_id": "1", "by": world.system, "at": at(hours=2)}
    assert actions.record_runs(rows=[first], **send).recorded == 1
    assert actions.record_runs(rows=[first, second], **send) == actions.RunsResult(recorded=1, already=1, unmatched=0)


def test_an_error_late_in_a_long_file_leaves_nothing(world, monkeypatch):
    from testphases.actions import arrivals

    monkeypatch.setattr(arrivals, "CHUNK", 3)
    world.plan(*(f"t{number}" for number in range(10)))
    outcomes = ["PASSED"] * 9 + ["PERHAPS"]
    rows = _rows(*((f"t{number}", outcome) for number, outcome in enumerate(outcomes)))
    with pytest.raises(InvalidInput, match=r"row 10, outcome"), transaction.atomic():
        actions.record_runs(scope=world.scope, rows=rows, source="rig", run_id="1", by=world.system, at=at(hours=2))
    assert not TestRun.objects.exists()
    assert not ResultArrival.objects.exists()


def test_a_provider_records_results_of_its_own_tests_only(world):
    world.plan("a", provider="alpha")
    world.plan("b", provider="beta")
    alpha = world.tester(world.alpha)
    send = {"scope": world.scope, "source": "rig", "by": alpha, "at": at(hours=2)}
    assert actions.record_runs(rows=_rows(("a", "PASSED")), run_id="1", **send).recorded == 1
    with pytest.raises(InvalidInput, match="No test of this name is planned"):
        actions.record_runs(rows=_rows(("b", "PASSED")), run_id="2", **send)


@pytest.mark.parametrize("role", ["tab_member", "registrar", "administrator", "panel_member", "sit_auditor"])
def test_who_only_governs_sends_in_no_results(world, role):
    world.plan("a")
    with pytest.raises(ActionDenied):
        actions.record_runs(
            scope=world.scope,
            rows=_rows(("a", "PASSED")),
            source="rig",
            run_id="1",
            by=actor(role, world.dcc),
            at=at(hours=2),
        )
