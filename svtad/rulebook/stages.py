"""Test Stages (12.4): what may follow what, and whether a stage's own gate is open."""

from __future__ import annotations

from svtad.rulebook.case import Result
from svtad.rulebook.criteria.approach import entered_criteria
from svtad.rulebook.facts import EnteredCriterionFact
from svtad.rulebook.findings import Missing
from svtad.rulebook.vocabulary import CriterionGate, StageState, Verdict

CLAUSE = "12.4"

TRANSITIONS: dict[StageState, tuple[StageState, ...]] = {
    StageState.PLANNED: (StageState.RUNNING,),
    StageState.RUNNING: (StageState.DONE,),
    StageState.DONE: (),
}
"""What may follow what; every other step is refused. Stages of a phase may overlap."""

GATE_OF: dict[StageState, CriterionGate] = {
    StageState.RUNNING: CriterionGate.ENTRY,
    StageState.DONE: CriterionGate.EXIT,
}
"""Which gate stands before a state."""


def judge_stage_gate(*, gate: CriterionGate, has_gate: bool, criteria: tuple[EnteredCriterionFact, ...]) -> Result:
    """Judge one gate of a Test Stage by the criteria that the test plan gave it (12.4).

    A stage with no gate starts, or finishes, freely within its phase. A gate for which no criteria are entered
    cannot be evaluated, and so is not open. A stage's gate is the DCC's own: it never enters the phase's verdict.
    """
    words = gate.capitalize()
    if not has_gate:
        return Result(verdict=Verdict.MET, summary=f"The stage has no {words} gate of its own.")
    rows = tuple(row for row in criteria if row.gate is gate)
    missing = Missing(
        kind="parameter",
        key=f"stage.{gate.lower()}",
        text=f"The stage has an {words} gate, and no criteria of the test plan are entered for it.",
    )
    return entered_criteria(rows, of=f"{words} Criteria of the stage", none=missing)
