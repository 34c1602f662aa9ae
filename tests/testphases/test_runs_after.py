"""What happens to runs after they were recorded: void, assured, given evidence; and who sees them."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction

from svtad.governance.files import store_file
from svtad.governance.models import FileCheck
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.models import AppendOnlyError, AppendOnlyModel
from testphases import actions
from testphases.models import LatestRun, PlannedTest, PlannedTestVersion, RunAssurance, TestRun
from testphases.queries import plan_counts, planned_now, runs_of
from tests.testphases.world import World, actor, at, make_world

pytestmark = pytest.mark.django_db

APPEND_ONLY = [model for model in apps.get_models() if issubclass(model, AppendOnlyModel)]


def _file(world, text=b"log"):
    return store_file(
        content=text, name="log.txt", media_type="text/plain", purpose="evidence",
        audience=actions.scope_audience(scope=world.scope), by=world.system, at=at(),
    )  # fmt: skip


def test_a_run_is_void_once_with_a_reason(world):
    run = world.run(*world.plan("a"))
    with pytest.raises(InvalidInput):
        actions.void_run(run=run, reason=" ", by=world.manager, at=at(days=1))
    actions.void_run(run=run, reason="wrong build", by=world.manager, at=at(days=1))
    with pytest.raises(Refused):
        actions.void_run(run=run, reason="again", by=world.manager, at=at(days=2))


def test_an_arrival_after_a_void_is_the_latest_again(world):
    (test,) = world.plan("a")
    run = world.run(test, "PASSED", occurred=at(days=2))
    actions.void_run(run=run, reason="wrong build", by=world.manager, at=at(days=3))
    earlier = world.run(test, "FAILED", occurred=at(days=1), recorded=at(days=4))
    assert LatestRun.objects.get(planned_test=test).execution == earlier


@pytest.mark.clause("SVTAD 1.23", "9.5(b)")
def test_passed_runs_are_assured_and_the_assured_number_stands_beside_the_passed(world):
    first, second, third = world.plan("a", "b", "c")
    runs = [world.run(first), world.run(second), world.run(third, "FAILED")]
    assert actions.assure_runs(scope=world.scope, runs=runs[:1], by=world.manager, at=at(days=1)) == 1
    cell = plan_counts(world.scope).cells[0]
    assert (cell.passed, cell.assured_passed) == (2, 1)
    assert actions.assure_runs(scope=world.scope, runs=None, by=world.manager, at=at(days=2)) == 1
    assert actions.assure_runs(scope=world.scope, runs=None, by=world.manager, at=at(days=2)) == 0
    with pytest.raises(Refused, match="passed"):
        actions.assure_runs(scope=world.scope, runs=runs[2:], by=world.manager, at=at(days=2))
    assert RunAssurance.objects.count() == 2


def test_a_void_run_and_one_of_another_phase_are_not_assured(world):
    (test,) = world.plan("a")
    run = world.run(test)
    actions.void_run(run=run, reason="wrong build", by=world.manager, at=at(days=1))
    with pytest.raises(Refused, match="void"):
        actions.assure_runs(scope=world.scope, runs=[run], by=world.manager, at=at(days=2))
    other = actions.create_scope(
        release=world.release, kind="PIT", governed_by=world.document, by=world.manager, at=at()
    )
    with pytest.raises(InvalidInput, match="another phase"):
        actions.assure_runs(scope=other, runs=[run], by=world.manager, at=at(days=2))


@pytest.mark.clause("SVTAD 1.23", "12.6(d)")
def test_an_execution_without_evidence_is_listed_until_it_has_some(world):
    first, second = world.plan("a", "b")
    run, _ = world.run(first), world.run(second, no_file_needed="witnessed")
    evidence = plan_counts(world.scope).evidence
    assert (evidence.executed, evidence.no_file_needed, evidence.missing) == (2, 1, 1)
    assert [(gap.reference, gap.hash_failed) for gap in evidence.gaps] == [("a", False)]
    actions.attach_run_evidence(runs=[run], file=_file(world), by=world.manager, at=at(days=2))
    after = plan_counts(world.scope).evidence
    assert (after.with_evidence, after.missing, after.gaps) == (1, 0, ())
    assert plan_counts(world.scope, at(days=1)).evidence == evidence


@pytest.mark.clause("SVTAD 1.23", "T13.1")
def test_a_file_that_lost_its_hash_is_no_evidence_until_another_is_there(world):
    run = world.run(*world.plan("a"))
    file = _file(world)
    actions.attach_run_evidence(runs=[run], file=file, by=world.manager, at=at(days=1))
    FileCheck.objects.create(file=file, intact=False, recorded_at=at(days=2))
    evidence = plan_counts(world.scope).evidence
    assert (evidence.with_evidence, evidence.hash_failed, evidence.gaps[0].hash_failed) == (1, 1, True)
    actions.attach_run_evidence(runs=[run], file=_file(world, b"copy"), by=world.manager, at=at(days=3))
    assert plan_counts(world.scope).evidence.hash_failed == 0


def test_evidence_is_a_file_or_a_reason_and_of_ones_own_runs(world):
    run = world.run(*world.plan("a", provider="alpha"))
    give: dict[str, Any] = {"runs": [run], "at": at(days=1)}
    wrongs: tuple[dict[str, Any], ...] = ({}, {"file": _file(world), "no_file_needed": "x"})
    for wrong in wrongs:
        with pytest.raises(InvalidInput):
            actions.attach_run_evidence(by=world.manager, **wrong, **give)
    assert actions.attach_run_evidence(by=world.tester(world.alpha), no_file_needed="witnessed", **give) == 1
    with pytest.raises(InvalidInput, match="no such run"):
        actions.attach_run_evidence(by=world.tester(world.beta), no_file_needed="witnessed", **give)


@pytest.mark.parametrize("role", ["provider_tester", "test_tooling", "registrar", "tab_member"])
def test_only_the_dcc_test_manager_voids_and_assures(world, role):
    run = world.run(*world.plan("a"))
    by = actor(role, world.alpha if role in ("provider_tester", "test_tooling") else world.dcc)
    with pytest.raises(ActionDenied):
        actions.void_run(run=run, reason="x", by=by, at=at(days=1))
    with pytest.raises(ActionDenied):
        actions.assure_runs(scope=world.scope, runs=[run], by=by, at=at(days=1))


def test_runs_are_never_changed_or_deleted_not_even_by_the_database(world):
    run = world.run(*world.plan("a"))
    run.outcome = "FAILED"
    for act in (run.save, run.delete, TestRun.objects.all().delete):
        with pytest.raises(AppendOnlyError):
            act()
    for statement in ("UPDATE testphases_testrun SET outcome = 'FAILED'", "DELETE FROM testphases_testrun"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize("model", APPEND_ONLY, ids=lambda model: model.__name__)
def test_the_database_itself_holds_every_append_only_table(db, model):
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT COUNT(*) FROM pg_trigger WHERE tgname = %s", [f"{table}_append_only"])
            assert cursor.fetchone()[0] == 1
        else:
            cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
            assert cursor.fetchone()[0] == 2


def run_one_of_each(world: World) -> World:
    for name, provider in (("a", "alpha"), ("b", "beta"), ("c", "")):
        world.run(world.plan(name, provider=provider)[0])
    return world


@pytest.fixture(scope="class")
def lent_each(lend) -> World:
    return lend(make_world, run_one_of_each)


@pytest.fixture
def each(lent_each, db) -> World:
    """A test each of Alpha, Beta and of nobody, each with a run."""
    return lent_each


@pytest.mark.parametrize(
    ("role", "organisation", "seen"),
    [
        ("test_manager", "dcc", "abc"),
        ("registrar", "dcc", "abc"),
        ("tab_member", "dcc", "abc"),
        ("tag_member", "dcc", "abc"),
        ("panel_member", "dcc", "abc"),
        ("sit_auditor", "dcc", "abc"),
        ("test_tooling", "dcc", "abc"),
        ("provider_tester", "alpha", "a"),
        ("provider_tester", "beta", "b"),
        ("test_tooling", "beta", "b"),
        ("participant", "alpha", ""),
    ],
)
def test_who_sees_which_tests_and_runs(each, role, organisation, seen):
    by = actor(role, getattr(each, organisation))
    tests = PlannedTest.objects.visible_to(by)
    assert "".join(sorted(tests.values_list("definition__external_id", flat=True))) == seen
    runs = TestRun.objects.visible_to(by).values_list("planned_test__definition__external_id", flat=True)
    assert "".join(sorted(runs)) == seen
    listed = planned_now(each.scope, by)
    assert "".join(version.planned_test.definition.external_id for version in listed) == seen
    assert PlannedTestVersion.objects.visible_to(by).count() == len(seen)
    for test in PlannedTest.objects.all():
        assert runs_of(test, by).count() == (test.definition.external_id in seen)


def test_a_provider_that_left_the_phase_sees_nothing_of_it(each):
    actions.end_participation(scope=each.scope, organisation=each.alpha, reason="left", by=each.manager, at=at(days=3))
    assert not TestRun.objects.visible_to(each.tester(each.alpha)).exists()


def test_the_list_of_planned_tests_takes_a_fixed_number_of_statements(each, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        for version in planned_now(each.scope, each.manager):
            assert version.planned_test.latest.outcome
            assert str(version.planned_test.dmc)
