"""Planning tests: new, edited, withdrawn; a plan that has started loses a test only by 12.6(a)."""

from __future__ import annotations

import pytest

from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases import actions
from testphases.actions import PlanRow
from testphases.models import FactsChanged, PlannedTest, PlannedTestVersion, TestDefinition, TestScope
from testphases.queries import plan_counts
from tests.testphases.world import actor, at, make_world

pytestmark = pytest.mark.django_db


def _plan(world, *rows, by=None, moment=None):
    return actions.plan_tests(scope=world.scope, rows=rows, by=by or world.manager, at=moment or at(hours=1))


def _row(name="a", **more):
    return PlanRow(external_id=name, **({"title": name, "dmc": "D1", "provider": "alpha"} | more))


def _versions(test):
    return list(PlannedTestVersion.objects.filter(planned_test=test).order_by("number"))


def test_new_tests_are_planned_and_the_same_again_changes_nothing(world):
    assert _plan(world, _row("a"), _row("a", dmc="D2"), _row("b", dmc="")) == actions.PlanResult(3, 0, 0)
    assert _plan(world, _row("a"), _row("b", dmc=""), moment=at(hours=2)) == actions.PlanResult(0, 0, 2)
    assert (PlannedTest.objects.count(), PlannedTestVersion.objects.count(), TestDefinition.objects.count()) == (
        3,
        3,
        2,
    )


def test_an_edit_closes_one_version_and_opens_the_next(world):
    _plan(world, _row("a", functional_group="Billing"))
    result = _plan(world, _row("a", functional_group="Tariffs"), moment=at(hours=2))
    first, second = _versions(world.test("a"))
    assert result.changed == 1
    assert (first.valid_from, first.valid_to) == (at(hours=1), at(hours=2))
    assert (second.valid_from, second.valid_to, second.number) == (at(hours=2), None, 2)
    groups = [plan_counts(world.scope, moment).cells[0].functional_group for moment in (at(hours=1.5), at(hours=2))]
    assert groups == ["Billing", "Tariffs"]


def test_a_later_version_is_never_overtaken_by_an_earlier_one(world):
    _plan(world, _row("a"), moment=at(hours=5))
    with pytest.raises(InvalidInput, match="later version"):
        _plan(world, _row("a", functional_group="Tariffs"), moment=at(hours=4))


@pytest.mark.parametrize(
    ("field", "row"),
    [
        ("dmc", {"dmc": "D9"}),
        ("provider", {"provider": "gamma"}),
        ("stage", {"stage": "Stage 9"}),
        ("kind", {"kind": "SMOKE"}),
        ("installation_type", {"installation_type": "HALF"}),
        ("title", {"title": "x" * 301}),
    ],
)
def test_every_bad_row_is_named_and_nothing_is_stored(world, field, row):
    with pytest.raises(InvalidInput) as wrong:
        _plan(world, _row("a", row=2), _row("b", row=3, **row), _row("", row=4))
    assert [(error.row, error.field) for error in wrong.value.errors] == [(3, field), (4, "external_id")]
    assert not PlannedTest.objects.exists()


def test_the_same_test_twice_in_one_plan_is_an_error(world):
    with pytest.raises(InvalidInput, match=r"row 3.*in row 2 already"):
        _plan(world, _row("a", row=2), _row("a", row=3, title="other"))


def test_the_same_id_of_two_sources_is_two_tests(world):
    _plan(world, _row("a", source="alm"), _row("a", source="rig"))
    assert PlannedTest.objects.count() == 2


def test_a_provider_plans_its_own_tests_only(world):
    tooling = actor("test_tooling", world.alpha)
    assert _plan(world, _row("a"), by=tooling).created == 1
    with pytest.raises(InvalidInput, match="own organisation"):
        _plan(world, _row("b", provider="beta"), by=tooling)
    _plan(world, _row("c", provider="beta"))
    with pytest.raises(InvalidInput, match="own organisation"):
        _plan(world, _row("c", provider="alpha"), by=tooling)


@pytest.mark.parametrize("role", ["provider_tester", "registrar", "tab_member", "administrator"])
def test_who_may_not_plan_is_told_so(world, role):
    with pytest.raises(ActionDenied):
        _plan(world, _row("a"), by=actor(role, world.alpha if role == "provider_tester" else world.dcc))


def test_a_test_is_withdrawn_freely_before_the_phase_starts_and_keeps_its_past(db):
    world = make_world(state="PLANNED")
    (test,) = world.plan("a")
    assert actions.withdraw_tests(
        scope=world.scope, planned_tests=[test], reason="planned twice", by=world.manager, at=at(hours=3)
    ) == 1  # fmt: skip
    assert plan_counts(world.scope).cells == ()
    assert plan_counts(world.scope, at(hours=2)).cells[0].planned == 1
    _plan(world, _row("a"), moment=at(hours=4))
    assert world.test("a").pk == test.pk
    assert [version.number for version in _versions(test)] == [1, 2]


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
@pytest.mark.parametrize("state", ["IN_PROGRESS", "SUSPENDED", "EXIT_PROPOSED", "EXIT_ASSESSED", "COMPLETE"])
def test_once_the_phase_has_started_a_test_is_not_withdrawn(db, state):
    world = make_world(state=state)
    (test,) = world.plan("a")
    with pytest.raises(Refused, match=r"12\.6\(a\)"):
        actions.withdraw_tests(scope=world.scope, planned_tests=[test], reason="x", by=world.manager, at=at(hours=3))
    assert plan_counts(world.scope).cells[0].planned == 1


@pytest.mark.clause("SVTAD 1.23", "12.6(a)")
def test_once_the_phase_has_started_a_test_does_not_leave_its_criterion_by_becoming_another_kind(world):
    world.plan("a", kind="FUNCTIONAL")
    with pytest.raises(InvalidInput, match=r"12\.6\(a\)"):
        _plan(world, _row("a", kind="REGRESSION"), moment=at(hours=2))
    TestScope.objects.filter(pk=world.scope.pk).update(state="PLANNED")
    assert _plan(world, _row("a", kind="REGRESSION"), moment=at(hours=2)).changed == 1


def test_one_planned_test_is_edited_with_a_reason(world):
    (test,) = world.plan("a", title="Old")
    with pytest.raises(InvalidInput, match="why"):
        actions.edit_planned_test(planned_test=test, title="New", reason=" ", by=world.manager, at=at(hours=2))
    actions.edit_planned_test(planned_test=test, title="New", reason="typo", by=world.manager, at=at(hours=2))
    last = _versions(test)[-1]
    assert (last.title, last.reason, last.provider) == ("New", "typo", world.alpha)


def test_a_change_of_plan_leaves_word_for_those_who_judge_and_no_change_leaves_none(world):
    before = FactsChanged.objects.count()
    _plan(world, _row("a"))
    assert FactsChanged.objects.count() == before + 1
    _plan(world, _row("a"), moment=at(hours=2))
    assert FactsChanged.objects.count() == before + 1
