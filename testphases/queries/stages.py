"""Test Stages as they stood at a moment: state, plan, criteria with their answers, and how the gates are judged."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from svtad.rulebook.case import Result
from svtad.rulebook.facts import EnteredCriterionFact
from svtad.rulebook.stages import judge_stage_gate
from svtad.rulebook.vocabulary import CriterionGate, StageState
from testphases.models import StageAnswer, StageCriterion, StagePlan, StageStateChange, TestScope, TestStage


@dataclass(frozen=True)
class StageGate:
    """One gate of a stage: its criteria with their answers, and what it comes to."""

    gate: CriterionGate
    is_there: bool
    criteria: tuple[EnteredCriterionFact, ...]
    judged: Result


@dataclass(frozen=True)
class StageAt:
    """A stage as it stood at a moment. `started` and `finished` are its moves, None where it had not made them."""

    stage: TestStage
    state: StageState
    plan: StagePlan | None
    entry: StageGate
    exit: StageGate
    changes: tuple[StageStateChange, ...]

    @property
    def started(self) -> StageStateChange | None:
        """Return when it started."""
        return next((row for row in self.changes if row.to_state == StageState.RUNNING), None)

    @property
    def finished(self) -> StageStateChange | None:
        """Return when it finished."""
        return next((row for row in self.changes if row.to_state == StageState.DONE), None)

    @property
    def gates(self) -> tuple[StageGate, ...]:
        """Return the gates that it has."""
        return tuple(gate for gate in (self.entry, self.exit) if gate.is_there)


def plan_at(stage: TestStage, moment: dt.datetime | None) -> StagePlan | None:
    """Return what was planned of a stage at `moment` (None: now)."""
    found: StagePlan | None = StagePlan.objects.held_at(moment).filter(stage=stage).first()
    return found


def stages_at(scope: TestScope, moment: dt.datetime | None) -> list[StageAt]:
    """Return the stages of a phase as they stood at `moment` (None: now), in their order. Five queries at most."""
    rows = TestStage.objects.filter(scope=scope).select_related("scope")
    if moment is not None:
        rows = rows.filter(recorded_at__lte=moment)
    stages = list(rows.order_by("position", "pk"))
    plans = {row.stage_id: row for row in StagePlan.objects.held_at(moment).filter(stage__in=stages)}
    changes = StageStateChange.objects.filter(stage__in=stages).order_by("stage_id", "pk")
    if moment is not None:
        changes = changes.filter(recorded_at__lte=moment)
    moves = {pk: tuple(found) for pk, found in groupby(changes, key=lambda row: row.stage_id)}
    criteria = criteria_facts(stages, moment)
    return [
        _stage_at(stage, plans.get(stage.pk), moves.get(stage.pk, ()), criteria.get(stage.pk, ())) for stage in stages
    ]


def stages_held_up(scope: TestScope, moment: dt.datetime | None) -> list[str]:
    """Return in words which stages a gate of their own held up at `moment`: shown, never judged (12.4)."""
    found = []
    for held in stages_at(scope, moment):
        gate = {StageState.PLANNED: held.entry, StageState.RUNNING: held.exit}.get(held.state)
        if gate is not None and gate.is_there and not gate.judged.verdict.opens_gate:
            found.append(f"{held.stage.name} ({gate.gate.capitalize()} gate: {gate.judged.summary.rstrip('.')})")
    return found


def _stage_at(
    stage: TestStage,
    plan: StagePlan | None,
    moves: tuple[StageStateChange, ...],
    criteria: tuple[EnteredCriterionFact, ...],
) -> StageAt:
    def gate(which: CriterionGate, is_there: bool) -> StageGate:
        rows = tuple(row for row in criteria if row.gate is which)
        return StageGate(which, is_there, rows, judge_stage_gate(gate=which, has_gate=is_there, criteria=rows))

    return StageAt(
        stage=stage,
        state=StageState(moves[-1].to_state) if moves else StageState.PLANNED,
        plan=plan,
        entry=gate(CriterionGate.ENTRY, plan is not None and plan.has_entry_gate),
        exit=gate(CriterionGate.EXIT, plan is not None and plan.has_exit_gate),
        changes=moves,
    )


def criteria_facts(
    stages: Iterable[TestStage], moment: dt.datetime | None
) -> dict[int, tuple[EnteredCriterionFact, ...]]:
    """Return the criteria of stages with their last answers, as recorded by `moment`, by the stage's primary key."""
    held = list(
        StageCriterion.objects.held_at(moment).filter(stage__in=list(stages)).order_by("stage_id", "gate", "pk")
    )
    answers = StageAnswer.objects.filter(criterion__in=held).order_by("pk")
    if moment is not None:
        answers = answers.filter(recorded_at__lte=moment)
    last = {row.criterion_id: row for row in answers}
    found: dict[int, tuple[EnteredCriterionFact, ...]] = {}
    for row in held:
        answer = last.get(row.pk)
        fact = EnteredCriterionFact(
            id=row.public_id,
            gate=CriterionGate(row.gate),
            clause=row.clause,
            text=row.text,
            met=answer.met if answer else None,
            reasons=answer.reasons if answer else "",
        )
        found[row.stage_id] = (*found.get(row.stage_id, ()), fact)
    return found
