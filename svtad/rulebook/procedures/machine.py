"""The machine behind every board procedure: states, listed steps, and the refusal of any other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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


class Recipient(StrEnum):
    """Who must be told."""

    TAB = "TAB"
    TAG = "TAG"
    PANEL = "PANEL"
    SOS = "SOS"
    AUTHORITY = "AUTHORITY"
    PARTIES = "PARTIES"
    """All Parties to the Code."""
    SUPPLIERS = "SUPPLIERS"
    """Every Supplier Party."""
    SUPPLIERS_OF_DMC = "SUPPLIERS_OF_DMC"
    """The Supplier Parties whose submissions included the DMC."""
    USERS = "USERS"
    SECAS = "SECAS"
    """The Code Administrator."""
    DCC = "DCC"
    PROPOSER = "PROPOSER"
    """Whoever brought the matter."""
    PUBLIC = "PUBLIC"
    """Published, for anybody."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticeDue:
    """Somebody must be told something: ``to`` whom, ``on`` which outcome (OPEN: when the matter is opened), by what.

    ``within`` is the window where the clause states one. ``before`` names outcomes of the same procedure that the
    clause lets happen only after this notice; most have none.
    """

    to: tuple[Recipient, ...]
    on: str
    clause: str
    what: str
    duty: str = "shall"
    within: Window | None = None
    before: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Consultation:
    """A body whose view is asked while the matter is in one of ``states``, before the steps named ``before``.

    ``duty``: shall or may. A step that comes before the view was given, or before "no view by date" was recorded, is
    refused where ``is_needed``; otherwise what is missing is shown.
    """

    body: Body
    clause: str
    what: str
    states: tuple[str, ...]
    before: tuple[str, ...] = ()
    duty: str = "shall"
    is_needed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One listed step: in state ``source``, ``body`` with ``outcome`` leads to ``target``.

    ``within`` is the window that the clause gives the step, None where it states none. ``requires`` is what must be
    given with it. ``duty``: may or shall. ``refers_to`` is the body that a referral goes to, and ``while_referred``
    what holds until it has answered. ``holds_from_notice`` tells a step that holds from when it was notified, not from
    when it was decided (14.4). ``notes`` holds readings.
    """

    source: str
    body: Body
    outcome: str
    target: str
    clause: str
    requires: tuple[Requirement, ...] = ()
    within: Window | None = None
    duty: str = "may"
    refers_to: Body | None = None
    while_referred: str = ""
    holds_from_notice: bool = False
    notes: str = ""


DETERMINING = frozenset({Body.PANEL, Body.SOS, Body.AUTHORITY})
"""Bodies whose determinations are recorded, never stopped, whatever is missing before them (rule 16)."""


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
    that open it anew. ``opens_with`` is what must be given to open a matter, ``opens_within`` the window for opening it
    where the clause states one. ``phase_kinds`` limits it to those Test Phases; empty means any. ``rounds_begin_with``
    names the outcomes after which views are asked anew. ``decision_is_final`` where the text says so.
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
    opens_within: Window | None = None
    consultations: tuple[Consultation, ...] = ()
    notices: tuple[NoticeDue, ...] = ()
    phase_kinds: tuple[str, ...] = ()
    subject: str = ""
    rounds_begin_with: tuple[str, ...] = ()
    decision_is_final: bool = False
    notes: tuple[str, ...] = ()

    @property
    def consulted(self) -> tuple[Body, ...]:
        """The bodies that are consulted, each once."""
        return tuple(dict.fromkeys(each.body for each in self.consultations))

    @property
    def informed(self) -> tuple[Recipient, ...]:
        """Those who are told, each once."""
        return tuple(dict.fromkeys(who for notice in self.notices for who in notice.to))

    @property
    def referrals(self) -> tuple[Transition, ...]:
        """The steps that put the matter before another body, each outcome once."""
        found = {(step.body, step.outcome, step.refers_to): step for step in self.transitions if step.refers_to}
        return tuple(found.values())

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

    def determination(self, *, body: str, outcome: str) -> Transition:
        """The step of a determining body wherever it is listed, for one that comes out of its order (rule 16).

        Raises :class:`UnlistedStep` where the body determines nothing here, or not that.
        """
        for step in self.transitions:
            if step.body in DETERMINING and (step.body, step.outcome) == (body, outcome):
                return step
        raise UnlistedStep(self, self.initial, body, outcome)

    def notices_on(self, outcome: str) -> tuple[NoticeDue, ...]:
        """What must be told, and to whom, once that outcome is recorded ("OPEN": once the matter is open)."""
        return tuple(notice for notice in self.notices if notice.on == outcome)

    def consultations_in(self, state: str) -> tuple[Consultation, ...]:
        """Whose views are asked in a state."""
        return tuple(each for each in self.consultations if state in each.states)

    def next_state(self, state: str, *, body: str, outcome: str) -> str:
        """The state that a step leads to. Raises :class:`UnlistedStep` where it is not listed."""
        return self.transition(state, body=body, outcome=outcome).target

    def is_final(self, state: str) -> bool:
        """Whether the matter is at rest in that state."""
        return state in self.final
