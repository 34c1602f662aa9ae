"""Results that no plan knows: kept, listed, recorded once the plan knows them, never dropped or handed to others."""

from __future__ import annotations

import pytest

from svtad.intake import actions as intake
from svtad.lib.errors import ActionDenied, InvalidInput
from testphases import actions
from testphases.models import LatestRun, TestRun, UnmatchedResult
from testphases.queries import unmatched_open
from tests.testphases.world import actor, at

pytestmark = pytest.mark.django_db

FILE = b"""<testsuite name="s" timestamp="2026-03-02T10:00:00"><properties><property name="versions" value="DSP=5.2"/>
</properties><testcase name="a" time="1.5"/><testcase name="b"><failure message="no answer"/></testcase></testsuite>"""


def _send(world, *, by=None, content=FILE, moment=None, **more):
    batch = intake.import_file(
        importer_key="junit", scope_id=world.scope.public_id, content=content, name="r.xml", source="rig",
        by=by or world.manager, at=moment or at(days=1), **more,
    )  # fmt: skip
    assert batch.state == "COMMITTED", (batch.refusal, batch.error_count)
    return batch.summary["counts"]


def test_an_unmatched_result_is_kept_once_and_listed(world):
    world.plan("a")
    assert _send(world)["unmatched"] == 1
    again = _send(world)
    assert (again["recorded"], again["already"], again["unmatched"]) == (0, 1, 1)
    (left,) = unmatched_open(world.scope, world.manager)
    assert (left.external_id, left.outcome, left.reason) == ("s.b", "FAILED", "No test of this name is planned.")


@pytest.mark.parametrize("again", [True, False])
def test_once_planned_it_becomes_a_run_with_all_it_came_with(world, again):
    world.plan("a")
    _send(world)
    (test,) = world.plan("b")
    if again:
        assert _send(world, moment=at(days=2))["recorded"] == 1
    else:
        result = actions.resolve_unmatched(scope=world.scope, by=world.manager, at=at(days=2))
        assert (result.recorded, result.unmatched) == (1, 0)
    run = TestRun.objects.get(planned_test=test)
    assert (run.outcome, run.message, str(run.version_set), run.recorded_at) == (
        "FAILED", "no answer", "DSP 5.2", at(days=2),
    )  # fmt: skip
    assert run.batch is not None
    assert run.evidence == run.batch.file
    assert LatestRun.objects.get(planned_test=test).outcome == "FAILED"
    assert UnmatchedResult.objects.get().resolution == "Recorded as a run"
    assert not unmatched_open(world.scope, world.manager).exists()
    assert actions.resolve_unmatched(scope=world.scope, by=world.manager, at=at(days=3)).recorded == 0


def test_what_is_still_unknown_stays(world):
    _send(world)
    world.plan("b")
    result = actions.resolve_unmatched(scope=world.scope, by=world.manager, at=at(days=2))
    assert (result.recorded, result.unmatched) == (1, 1)
    assert [left.external_id for left in unmatched_open(world.scope, world.manager)] == ["s.a"]


def test_only_the_chosen_ones_are_tried(world):
    _send(world)
    world.plan("a", "b")
    chosen = UnmatchedResult.objects.filter(external_id="s.b")
    assert actions.resolve_unmatched(scope=world.scope, results=chosen, by=world.manager, at=at(days=2)).recorded == 1
    assert TestRun.objects.get().outcome == "FAILED"


def test_a_providers_result_never_becomes_a_run_of_anothers_test(world):
    _send(world, by=world.tester(world.alpha))
    (theirs,) = world.plan("b", provider="beta")
    (mine,) = world.plan("a", provider="alpha")
    assert actions.resolve_unmatched(scope=world.scope, by=world.manager, at=at(days=2)).recorded == 1
    assert (mine.runs.count(), theirs.runs.count()) == (1, 0)


def test_a_provider_neither_sees_nor_resolves_what_another_sent(world):
    _send(world, by=world.tester(world.beta))
    alpha = world.tester(world.alpha)
    assert not unmatched_open(world.scope, alpha).exists()
    assert unmatched_open(world.scope, world.tester(world.beta)).count() == 2
    world.plan("a", "b", provider="alpha")
    assert actions.resolve_unmatched(scope=world.scope, by=alpha, at=at(days=2)).recorded == 0


def test_two_providers_may_use_one_run_id_and_neither_stops_the_other(world):
    world.plan("a", "b", provider="alpha")
    world.plan("c", provider="beta")
    assert _send(world, by=world.tester(world.alpha), run_id="nightly-1")["recorded"] == 2
    other = FILE.replace(b'"a"', b'"c"')
    assert _send(world, by=world.tester(world.beta), run_id="nightly-1", content=other)["recorded"] == 1


def test_a_result_is_dismissed_with_a_reason_and_stays_in_the_books(world):
    _send(world)
    (first, second) = UnmatchedResult.objects.order_by("position")
    with pytest.raises(InvalidInput):
        actions.dismiss_unmatched(results=[first], reason="", by=world.manager, at=at(days=2))
    with pytest.raises(ActionDenied):
        actions.dismiss_unmatched(results=[first], reason="x", by=world.tester(world.alpha), at=at(days=2))
    assert actions.dismiss_unmatched(results=[first], reason="a smoke test", by=world.manager, at=at(days=2)) == 1
    assert list(unmatched_open(world.scope, world.manager)) == [second]
    first.refresh_from_db()
    assert first.resolution == "Dismissed: a smoke test"
    assert _send(world, moment=at(days=3))["unmatched"] == 2
    assert UnmatchedResult.objects.count() == 2


def test_a_run_recorded_while_planned_stays_a_run_when_the_plan_loses_the_test(world):
    from testphases.models import PlannedTestVersion

    (test,) = world.plan("a")
    _send(world)
    PlannedTestVersion.objects.filter(planned_test=test).update(valid_to=at(days=2))
    again = _send(world, moment=at(days=3))
    assert (again["already"], again["unmatched"]) == (1, 1)


def test_who_takes_no_part_sees_none(world):
    _send(world)
    assert unmatched_open(world.scope, actor("tab_member", world.dcc)).count() == 2
    assert not unmatched_open(world.scope, actor("participant", world.alpha)).exists()
