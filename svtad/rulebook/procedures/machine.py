"""The machine behind every board procedure: states, listed steps, and the refusal of any other."""

from __future__ import annotations

from dataclasses import dataclass

from svtad.rulebook.deadlines import Window
from svtad.rulebook.vocabulary import Body


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """A statement or datum without which a step, or the opening of a matter, is not recorded.

    ``kind``: text, severity, date, file, flag. ``key`` names it in the decision's data.
    """

    key: str
    kind: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One listed step: in state ``source``, ``body`` with ``outcome`` leads to ``target``.

    ``within`` is the window counted from the last decision, None where the clause states none. ``requires`` is what
    must be given with it. ``duty``: may or shall. ``notes`` holds readings.
    """

    source: str
    body: Body
    outcome: str
    target: str
    clause: str
    requires: tuple[Requirement, ...] = ()
    within: Window | None = None
    duty: str = "may"
    notes: str = ""


class UnlistedStep(ValueError):
    """A step that the procedure does not list. ``clause`` is the procedure's; ``allowed`` what could be done."""

    def __init__(self, procedure: Procedure, state: str, body: str, outcome: str) -> None:
        self.procedure = procedure
        self.clause = procedure.clause
        self.state = state
        self.body = body
        self.outcome = outcome
        self.allowed = procedure.transitions_from(state)
        options = ", ".join(f"{step.body} {step.outcome}" for step in self.allowed) or "nothing more"
        super().__init__(
            f"{procedure.document} v{procedure.version}, {procedure.clause} ({procedure.title}): "
            f"{body} {outcome} is not a step from {state}; listed: {options}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Procedure:
    """A board procedure of one document and version.

    ``initial`` is the state of a matter without a decision. ``final`` states have no listed step onward, or only ones
    that open it anew. ``opens_with`` is what must be given to open a matter. ``consulted`` and ``informed`` are the
    bodies that the clause names besides. ``phase_kinds`` limits it to those Test Phases; empty means any.
    """

    key: str
    document: str
    version: str
    clause: str
    title: str
    proposer: Body
    deciders: tuple[Body, ...]
    initial: str
    transitions: tuple[Transition, ...]
    final: tuple[str, ...]
    effect_while_pending: str
    opens_with: tuple[Requirement, ...] = ()
    consulted: tuple[Body, ...] = ()
    informed: tuple[Body, ...] = ()
    phase_kinds: tuple[str, ...] = ()
    subject: str = ""
    decision_is_final: bool = False
    notes: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """Every state, the initial one first, in the order in which the transitions name them."""
        seen = {self.initial: None}
        for step in self.transitions:
            seen.update({step.source: None, step.target: None})
        return tuple(seen)

    def transitions_from(self, state: str) -> tuple[Transition, ...]:
        """The steps listed from a state."""
        return tuple(step for step in self.transitions if step.source == state)

    def transition(self, state: str, *, body: str, outcome: str) -> Transition:
        """The listed step. Raises :class:`UnlistedStep`, which names the clause, where there is none."""
        for step in self.transitions_from(state):
            if step.body == body and step.outcome == outcome:
                return step
        raise UnlistedStep(self, state, body, outcome)

    def next_state(self, state: str, *, body: str, outcome: str) -> str:
        """The state that a step leads to. Raises :class:`UnlistedStep` where it is not listed."""
        return self.transition(state, body=body, outcome=outcome).target

    def is_final(self, state: str) -> bool:
        """Whether the matter is at rest in that state."""
        return state in self.final
