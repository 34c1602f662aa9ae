"""Test Stages with their own gates (12.4): a stage goes from planned to running to done, and nothing else."""

from __future__ import annotations

import datetime as dt

import pytest

from svtad.audit.models import AuditEvent
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from testphases import actions
from testphases.models import TestScope, TestStage
from testphases.queries.stages import stages_at
from tests.factories import MAKER, at

pytestmark = pytest.mark.django_db
CLAUSE = "SVTAD 1.23"
PLAN = "Test plan 1.0, section 4"


@pytest.fixture
def sit(house):
    scope = house.scope("SIT", "MOC")
    TestScope.objects.filter(pk=scope.pk).update(state="IN_PROGRESS")
    scope.refresh_from_db()
    return scope


def stage(scope, name="Install", **plan):
    made = actions.add_stage(scope=scope, name=name, by=MAKER, at=at(days=1))
    if plan:
        actions.plan_stage(stage=made, test_plan=PLAN, by=MAKER, at=at(days=1), **plan)
    return made


def go(made, to_state, **more):
    return actions.move_stage(stage=made, to_state=to_state, by=MAKER, **{"at": at(days=5)} | more)


@pytest.mark.clause(CLAUSE, "DEF-solution-test", "DEF-test-stage", "13.11")
def test_a_sit_has_one_solution_test_from_the_beginning(house, sit):
    assert [(row.name, row.kind) for row in TestStage.objects.filter(scope=sit)] == [("Solution Test", "SOLUTION_TEST")]
    with pytest.raises(InvalidInput, match="has its Solution Test already"):
        actions.add_stage(scope=sit, name="Another", kind="SOLUTION_TEST", by=MAKER)
    with pytest.raises(InvalidInput, match="names these stages"):
        actions.add_stage(scope=sit, name="Another", kind="DMRT", by=MAKER)
    assert not TestStage.objects.filter(scope=house.scope("PIT", "MOC")).exists()


@pytest.mark.clause("MTAD", "3")
@pytest.mark.parametrize(
    ("kind", "keys"),
    [("ACTIVE_MMT", ["ST", "REG"]), ("DORMANT_MMT", ["ST", "DMRT", "REG"]), ("MIXED_MMT", ["ST", "DMRT", "REG"])],
)
def test_migration_phases_have_their_stages(house, kind, keys):
    scope = house.scope(kind, "IOC")
    assert list(TestStage.objects.filter(scope=scope).values_list("kind", flat=True)) == keys


@pytest.mark.clause(CLAUSE, "12.4")
def test_a_stage_without_gates_starts_and_finishes_freely_within_its_phase(sit):
    made = stage(sit)
    go(made, "RUNNING")
    go(made, "DONE", at=at(days=6))
    [held] = [row for row in stages_at(sit, None) if row.stage == made]
    assert held.started is not None
    assert held.finished is not None
    assert (held.state, held.started.occurred_at, held.finished.occurred_at) == ("DONE", at(days=5), at(days=6))
    assert held.gates == ()


@pytest.mark.clause(CLAUSE, "12.4", "DEF-test-stage")
def test_stages_of_a_phase_may_overlap_and_no_agreement_of_5_7_is_asked(sit):
    first, second = stage(sit, "First"), stage(sit, "Second")
    go(first, "RUNNING")
    go(second, "RUNNING")
    assert [row.state.value for row in stages_at(sit, None)] == ["PLANNED", "RUNNING", "RUNNING"]


@pytest.mark.clause(CLAUSE, "12.4")
@pytest.mark.parametrize(
    ("path", "then"),
    [
        ((), "DONE"), ((), "PLANNED"), (("RUNNING",), "RUNNING"), (("RUNNING",), "PLANNED"),
        (("RUNNING", "DONE"), "RUNNING"), (("RUNNING", "DONE"), "PLANNED"), ((), "ABANDONED"),
    ],
)  # fmt: skip
def test_every_other_step_is_refused(sit, path, then):
    made = stage(sit)
    for state in path:
        go(made, state)
    with pytest.raises(Refused, match="may go to") as refused:
        go(made, then)
    assert refused.value.clause == "SVTAD 12.4"


@pytest.mark.clause(CLAUSE, "12.4")
def test_a_stage_lives_within_its_phase(sit):
    made = stage(sit)
    TestScope.objects.filter(pk=sit.pk).update(state="PLANNED")
    with pytest.raises(Refused, match="starts within its Test Phase, which is planned"):
        go(made, "RUNNING")
    TestScope.objects.filter(pk=sit.pk).update(state="IN_PROGRESS")
    go(made, "RUNNING")
    TestScope.objects.filter(pk=sit.pk).update(state="COMPLETE")
    with pytest.raises(Refused, match="finishes within its Test Phase, which is complete"):
        go(made, "DONE")
    TestScope.objects.filter(pk=sit.pk).update(state="SUSPENDED")
    go(made, "DONE")


@pytest.mark.clause(CLAUSE, "12.4")
def test_a_gate_without_criteria_cannot_be_evaluated_and_holds_the_stage(sit):
    made = stage(sit, has_entry_gate=True)
    [held] = [row for row in stages_at(sit, None) if row.stage == made]
    assert held.entry.judged.verdict == "CANNOT_EVALUATE"
    with pytest.raises(Refused, match="no criteria of the test plan are entered"):
        go(made, "RUNNING")


@pytest.mark.clause(CLAUSE, "12.4")
def test_a_stage_starts_and_finishes_by_its_own_criteria(sit):
    made = stage(sit, has_entry_gate=True, has_exit_gate=True)
    rig = actions.enter_stage_criterion(stage=made, gate="ENTRY", clause="4.1", text="The rig is wired", by=MAKER)
    with pytest.raises(Refused, match="without an answer"):
        go(made, "RUNNING")
    actions.answer_stage_criterion(criterion=rig, met=False, reasons="Two cables lack.", by=MAKER)
    with pytest.raises(Refused, match="recorded as not met"):
        go(made, "RUNNING")
    actions.answer_stage_criterion(criterion=rig, met=True, reasons="Wired.", by=MAKER)
    change = go(made, "RUNNING")
    assert [(row["text"], row["met"], row["reasons"]) for row in change.criteria] == [
        ("The rig is wired", True, "Wired.")
    ]
    for act in (
        lambda: actions.answer_stage_criterion(criterion=rig, met=False, reasons="After all.", by=MAKER),
        lambda: actions.withdraw_stage_criterion(criterion=rig, reason="Not needed.", by=MAKER),
        lambda: actions.enter_stage_criterion(stage=made, gate="ENTRY", text="More", by=MAKER),
    ):
        with pytest.raises(Refused, match="is through its Entry gate"):
            act()
    with pytest.raises(Refused, match="no criteria of the test plan"):
        go(made, "DONE")
    runs = actions.enter_stage_criterion(stage=made, gate="EXIT", text="Every test ran", by=MAKER)
    actions.withdraw_stage_criterion(criterion=runs, reason="Said twice.", by=MAKER)
    with pytest.raises(Refused, match="withdrawn"):
        actions.answer_stage_criterion(criterion=runs, met=True, reasons="Ran.", by=MAKER)
    with pytest.raises(Refused, match="withdrawn already"):
        actions.withdraw_stage_criterion(criterion=runs, reason="Again.", by=MAKER)
    again = actions.enter_stage_criterion(stage=made, gate="EXIT", text="Every test ran", by=MAKER)
    actions.answer_stage_criterion(criterion=again, met=True, reasons="Ran.", by=MAKER)
    go(made, "DONE", at=at(days=6))


@pytest.mark.clause(CLAUSE, "12.4")
def test_a_gate_is_specified_in_the_test_plan_and_stays_once_it_was_passed(sit):
    made = stage(sit)
    with pytest.raises(InvalidInput, match="test_plan"):
        actions.plan_stage(stage=made, has_entry_gate=True, by=MAKER)
    first, second = dt.date(2026, 3, 9), dt.date(2026, 3, 8)
    with pytest.raises(InvalidInput, match="ends_on"):
        actions.plan_stage(stage=made, starts_on=first, ends_on=second, by=MAKER)
    with pytest.raises(Refused, match="has no Entry gate"):
        actions.enter_stage_criterion(stage=made, gate="ENTRY", text="More", by=MAKER)
    plan = actions.plan_stage(stage=made, starts_on=second, ends_on=first, by=MAKER)
    assert actions.plan_stage(stage=made, starts_on=second, ends_on=first, by=MAKER) == plan
    go(made, "RUNNING")
    with pytest.raises(Refused, match="Entry gate stays"):
        actions.plan_stage(stage=made, has_entry_gate=True, test_plan=PLAN, by=MAKER)
    go(made, "DONE")
    with pytest.raises(Refused, match="Exit gate stays"):
        actions.plan_stage(stage=made, has_exit_gate=True, test_plan=PLAN, by=MAKER)


@pytest.mark.clause(CLAUSE, "12.4")
def test_the_stages_of_a_past_moment_are_as_they_were_recorded_then(sit):
    made = stage(sit, has_entry_gate=True)
    rig = actions.enter_stage_criterion(stage=made, gate="ENTRY", text="The rig is wired", by=MAKER, at=at(days=2))
    actions.answer_stage_criterion(criterion=rig, met=False, reasons="Two cables lack.", by=MAKER, at=at(days=3))
    actions.answer_stage_criterion(criterion=rig, met=True, reasons="Wired.", by=MAKER, at=at(days=4))
    go(made, "RUNNING", occurred_at=at(days=4.5))

    def stood(days):
        found = [row for row in stages_at(sit, at(days=days)) if row.stage == made]
        return (found[0].state.value, found[0].entry.judged.verdict.value) if found else None

    assert [stood(day) for day in (0.5, 1, 2, 3, 4, 5)] == [
        None, ("PLANNED", "CANNOT_EVALUATE"), ("PLANNED", "CANNOT_EVALUATE"), ("PLANNED", "NOT_MET"),
        ("PLANNED", "MET"), ("RUNNING", "MET"),
    ]  # fmt: skip


def test_who_keeps_stages(house, sit):
    made = stage(sit, has_entry_gate=True)
    for role in ("registrar", "tab_member", "provider_tester", "administrator"):
        with pytest.raises(ActionDenied):
            actions.move_stage(stage=made, to_state="RUNNING", by=house.actor(role))
    administrator = house.actor("administrator")
    criterion = actions.enter_stage_criterion(stage=made, gate="ENTRY", text="The rig is wired", by=administrator)
    with pytest.raises(ActionDenied):
        actions.answer_stage_criterion(criterion=criterion, met=True, reasons="Yes.", by=administrator)
    manager = house.actor("test_manager")
    actions.answer_stage_criterion(criterion=criterion, met=True, reasons="Yes.", by=manager)
    actions.move_stage(stage=made, to_state="RUNNING", by=manager)
    written = AuditEvent.objects.filter(scope_id=sit.public_id).order_by("pk").values_list("action", flat=True)
    assert list(written)[-3:] == ["enter_stage_criterion", "answer_stage_criterion", "move_stage"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"gate": "MIDDLE"}, "gate"), ({"text": " "}, "text"), ({"text": "x" * 401}, "text"),
        ({"clause": "x" * 61}, "clause"),
    ],
)  # fmt: skip
def test_a_criterion_that_cannot_be_taken_names_its_field(sit, wrong, field):
    made = stage(sit, has_entry_gate=True)
    with pytest.raises(InvalidInput, match=field):
        actions.enter_stage_criterion(stage=made, by=MAKER, **{"gate": "ENTRY", "text": "It is so"} | wrong)


def test_a_stage_is_not_moved_before_its_time(sit):
    with pytest.raises(InvalidInput, match="occurred_at"):
        go(stage(sit), "RUNNING", occurred_at=at(days=9))
