"""Test Stages (12.4): planned, given gates and criteria of their own, answered, started and finished."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.governing.queries import edition_held
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.rulebook import codec
from svtad.rulebook.stages import GATE_OF, TRANSITIONS, judge_stage_gate
from svtad.rulebook.vocabulary import CriterionGate, StageState
from testphases import policies
from testphases.actions.scopes import audit, lock_scope
from testphases.models import StageAnswer, StageCriterion, StagePlan, StageStateChange, TestScope, TestStage
from testphases.models.scopes import ScopeState
from testphases.queries.stages import criteria_facts, plan_at

CLAUSE = "SVTAD 12.4"
#: In which states of its phase a stage may start, and finish: within the phase, not before it or after.
STARTS_IN = (ScopeState.IN_PROGRESS,)
FINISHES_IN = (ScopeState.IN_PROGRESS, ScopeState.SUSPENDED, ScopeState.EXIT_PROPOSED, ScopeState.EXIT_ASSESSED)


@transaction.atomic
def add_stage(
    *,
    scope: TestScope,
    name: str,
    by: Actor,
    kind: str = "",
    position: int | None = None,
    at: dt.datetime | None = None,
) -> TestStage:
    """Add a Test Stage (12.4) to `scope`, last unless a position is given.

    `kind` is a stage that the governing edition names (the Solution Test of SIT); a phase has one of each.
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    _check_text("name", name, 80)
    lock_scope(scope=scope)
    stages = TestStage.objects.filter(scope=scope)
    if stages.filter(name=name).exists():
        raise InvalidInput.one("name", f"{scope} has a stage {name} already.")
    if kind:
        _check_kind(scope, kind)
    made = TestStage.objects.create(
        scope=scope,
        name=name,
        kind=kind,
        position=stages.count() + 1 if position is None else position,
        recorded_at=at,
    )
    audit(scope=scope, action="add_stage", by=by, at=at, clause=CLAUSE, detail={"stage": name, "kind": kind})
    return made


def _check_kind(scope: TestScope, kind: str) -> None:
    edition = edition_held(scope.governed_by)
    named = {each.key: each.stages for each in edition.phase_kinds}.get(scope.kind, ()) if edition else ()
    if kind not in {each.key for each in named}:
        known = ", ".join(each.key for each in named) or "none"
        raise InvalidInput.one(
            "kind", f"{scope.governed_by} names these stages of {scope.kind}: {known}; not {kind!r}."
        )
    held = TestStage.objects.filter(scope=scope, kind=kind).first()
    if held is not None:
        raise InvalidInput.one("kind", f"{scope} has its {held.name} already.")


@transaction.atomic
def plan_stage(
    *,
    stage: TestStage,
    by: Actor,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    has_entry_gate: bool = False,
    has_exit_gate: bool = False,
    test_plan: str = "",
    at: dt.datetime | None = None,
) -> StagePlan:
    """Record what the test plan says of a stage: its days, and whether it has an Entry or an Exit gate of its own.

    A stage with no gate starts and finishes freely within its phase. `test_plan` names where a gate is specified. The
    gate of a step that was taken already cannot be changed. The same again changes nothing.
    Raises ActionDenied, Refused, and InvalidInput by field.
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    lock_scope(scope=stage.scope)
    fresh = TestStage.objects.get(pk=stage.pk)
    held = plan_at(fresh, None)
    errors = []
    if starts_on and ends_on and ends_on < starts_on:
        errors.append(FieldError(None, "ends_on", "It ends no earlier than it starts."))
    if (has_entry_gate or has_exit_gate) and not test_plan.strip():
        errors.append(FieldError(None, "test_plan", "Where the gate is specified: 12.4 has it in the test plan."))
    if len(test_plan) > 300:
        errors.append(FieldError(None, "test_plan", "At most 300 characters."))
    if errors:
        raise InvalidInput(errors)
    if fresh.state != StageState.PLANNED and has_entry_gate != bool(held and held.has_entry_gate):
        raise Refused(CLAUSE, f"{fresh} has started: its Entry gate stays as it was then.")
    if fresh.state == StageState.DONE and has_exit_gate != bool(held and held.has_exit_gate):
        raise Refused(CLAUSE, f"{fresh} is done: its Exit gate stays as it was then.")
    given = {
        "starts_on": starts_on,
        "ends_on": ends_on,
        "has_entry_gate": has_entry_gate,
        "has_exit_gate": has_exit_gate,
        "test_plan": test_plan.strip(),
    }
    if held is not None and all(getattr(held, key) == value for key, value in given.items()):
        return held
    StagePlan.objects.current().filter(stage=fresh).update(valid_to=at)
    made: StagePlan = StagePlan.objects.create(stage=fresh, **given, valid_from=at, recorded_by=by.label)
    detail = {"stage": fresh.name} | {
        key: value.isoformat() if isinstance(value, dt.date) else value for key, value in given.items()
    }
    audit(scope=stage.scope, action="plan_stage", by=by, at=at, clause=CLAUSE, detail=detail)
    return made


@transaction.atomic
def enter_stage_criterion(
    *, stage: TestStage, gate: str, text: str, by: Actor, clause: str = "", at: dt.datetime | None = None
) -> StageCriterion:
    """Enter a criterion that the test plan gives a stage's gate (12.4); `clause` is its place there.

    Raises ActionDenied, InvalidInput, and Refused where the stage has no such gate, or is through it.
    """
    at = at or clock.now()
    policies.check_can_enter_stage_criterion(by)
    if gate not in CriterionGate.__members__:
        raise InvalidInput.one("gate", "ENTRY or EXIT.")
    _check_text("text", text, 400)
    if len(clause) > 60:
        raise InvalidInput.one("clause", "At most 60 characters.")
    lock_scope(scope=stage.scope)
    _check_gate_open(stage, gate)
    if not policies.has_gate(stage, gate):
        raise Refused(CLAUSE, f"{stage} has no {gate.capitalize()} gate: say in its plan that it has one first.")
    made: StageCriterion = StageCriterion.objects.create(
        stage=stage, gate=gate, clause=clause.strip(), text=text.strip(), valid_from=at, recorded_by=by.label
    )
    detail = {"stage": stage.name, "criterion": made.public_id, "gate": gate, "text": text}
    audit(scope=stage.scope, action="enter_stage_criterion", by=by, at=at, clause=CLAUSE, detail=detail)
    return made


@transaction.atomic
def withdraw_stage_criterion(
    *, criterion: StageCriterion, reason: str, by: Actor, at: dt.datetime | None = None
) -> None:
    """Withdraw a criterion of a stage from now on, with the reason. Raises Refused where it is, or was judged."""
    at = at or clock.now()
    policies.check_can_enter_stage_criterion(by)
    _check_text("reason", reason, 300)
    stage = criterion.stage
    lock_scope(scope=stage.scope)
    _check_gate_open(stage, criterion.gate)
    if not StageCriterion.objects.current().filter(pk=criterion.pk).update(valid_to=at):
        raise Refused(CLAUSE, "This criterion is withdrawn already.")
    detail = {"stage": stage.name, "criterion": criterion.public_id, "reason": reason}
    audit(scope=stage.scope, action="withdraw_stage_criterion", by=by, at=at, clause=CLAUSE, detail=detail)


@transaction.atomic
def answer_stage_criterion(
    *, criterion: StageCriterion, met: bool, reasons: str, by: Actor, at: dt.datetime | None = None
) -> StageAnswer:
    """Record whether a stage's criterion is met, with the reasons; the last answer holds.

    Raises ActionDenied, InvalidInput, and Refused for a criterion that was withdrawn or whose gate was passed.
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    _check_text("reasons", reasons, 400)
    stage = criterion.stage
    lock_scope(scope=stage.scope)
    _check_gate_open(stage, criterion.gate)
    if not StageCriterion.objects.current().filter(pk=criterion.pk).exists():
        raise Refused(CLAUSE, "This criterion is withdrawn.")
    made: StageAnswer = StageAnswer.objects.create(
        criterion=criterion, met=met, reasons=reasons.strip(), recorded_at=at, recorded_by=by.label
    )
    detail = {"stage": stage.name, "criterion": criterion.public_id, "met": met, "reasons": reasons}
    audit(scope=stage.scope, action="answer_stage_criterion", by=by, at=at, clause=CLAUSE, detail=detail)
    return made


@transaction.atomic
def move_stage(
    *,
    stage: TestStage,
    to_state: str,
    by: Actor,
    reason: str = "",
    occurred_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> StageStateChange:
    """Start or finish a stage: PLANNED, RUNNING, DONE, and nothing else. Stages of a phase may run side by side.

    Raises ActionDenied; Refused citing 12.4 for another step, outside the phase's own time, or where the stage's gate
    is not open; InvalidInput for a moment that has not come.
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    scope = lock_scope(scope=stage.scope)
    fresh = TestStage.objects.select_for_update().get(pk=stage.pk)
    following = TRANSITIONS[StageState(fresh.state)]
    if to_state not in following:
        allowed = ", ".join(each.capitalize() for each in following) or "nothing further"
        wanted = to_state.capitalize() if to_state in StageState.__members__ else to_state
        raise Refused(CLAUSE, f"From “{fresh.state.capitalize()}” {fresh} may go to: {allowed}. Not to “{wanted}”.")
    within = STARTS_IN if to_state == StageState.RUNNING else FINISHES_IN
    if scope.state not in within:
        does = "starts" if to_state == StageState.RUNNING else "finishes"
        raise Refused(
            CLAUSE, f"A stage {does} within its Test Phase, which is {ScopeState(scope.state).label.lower()}."
        )
    if occurred_at is not None and occurred_at > at:
        raise InvalidInput.one("occurred_at", "This is later than the moment it is recorded.")
    gate = GATE_OF[StageState(to_state)]
    facts = criteria_facts([fresh], None).get(fresh.pk, ())
    judged = judge_stage_gate(gate=gate, has_gate=policies.has_gate(fresh, gate), criteria=facts)
    if not judged.verdict.opens_gate:
        raise Refused(CLAUSE, f"{fresh} has not passed its {gate.capitalize()} gate. {judged.summary}")
    change = StageStateChange.objects.create(
        stage=fresh,
        from_state=fresh.state,
        to_state=to_state,
        reason=reason,
        criteria=[codec.encode(row) for row in facts if row.gate is gate],
        occurred_at=occurred_at or at,
        recorded_at=at,
        recorded_by=by.label,
    )
    fresh.state = to_state
    fresh.save(update_fields=["state"])
    stage.state = to_state
    detail = {"stage": fresh.name, "to": to_state, "reason": reason}
    audit(scope=scope, action="move_stage", by=by, at=at, clause=CLAUSE, detail=detail)
    return change


def _check_gate_open(stage: TestStage, gate: str) -> None:
    """Refuse to change what a gate was judged by once the stage is through it."""
    fresh = TestStage.objects.get(pk=stage.pk)
    through = fresh.state != StageState.PLANNED if gate == CriterionGate.ENTRY else fresh.state == StageState.DONE
    if through:
        raise Refused(CLAUSE, f"{fresh} is through its {gate.capitalize()} gate: what it was judged by stays.")


def _check_text(field: str, value: str, longest: int) -> None:
    if not value.strip():
        raise InvalidInput.one(field, "Say something here.")
    if len(value) > longest:
        raise InvalidInput.one(field, f"At most {longest} characters.")
