"""The machine behind every board procedure: states, listed steps, and the refusal of any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from svtad.rulebook.deadlines import Window
from svtad.rulebook.vocabulary import Body


class Group(StrEnum):
    """What a procedure is about, for pages that list many."""

    DOCUMENTS = "DOCUMENTS"
    PHASES = "PHASES"
    SIT = "SIT"
    ISSUES = "ISSUES"
    DMCS = "DMCS"
    DMCT = "DMCT"
    MIGRATION = "MIGRATION"
    RELEASE = "RELEASE"


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """A statement or datum without which a step, or the opening of a matter, is not recorded.

    ``kind``: text, severity, date, file, flag, choices, named, days, views, redactions. ``key`` names it in the
    decision's data. ``choices`` are those of that kind, each with what it is called: one or several of them are given,
    as a list. Of a ``named`` one likewise, but what can be chosen depends on the matter (certificates, criteria): the
    app that owns its subject says. ``days`` is a date for each thing by its reference, ``views`` a view (VIEWS) and
    words for each criterion. ``redactions`` is a list, which may be empty, of what is redacted of a report
    (REDACTED_REPORTS): a section, a row or words of it (REDACTED_PARTS), and why. ``given_to`` are the bodies that are
    given a document in place of what is hidden from them (``Procedure.redacted_for``).
    """

    key: str
    kind: str
    title: str
    choices: tuple[tuple[str, str], ...] = ()
    given_to: tuple[Body, ...] = ()


VIEWS: tuple[tuple[str, str], ...] = (("MET", "met"), ("NOT_MET", "not met"), ("NO_VIEW", "no view"))
"""What may be said of one criterion where a body's view is asked criterion by criterion (13.15(c))."""

REDACTED_REPORTS: tuple[tuple[str, str], ...] = (
    ("COMPLETION_REPORT", "Completion Report"),
    ("SIT_AUDIT_REPORT", "SIT Auditor Report"),
)
"""The reports of which something may be redacted before the Parties are given copies (13.15(b), 13.17)."""

REDACTED_PARTS: tuple[tuple[str, str], ...] = (("SECTION", "section"), ("ROW", "row"), ("WORDS", "words"))
"""What may be redacted of a report: a section of it, the rows of one thing by its reference, or words wherever."""


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
    PARTICIPANTS = "PARTICIPANTS"
    """The Testing Participants that are testing in the environment concerned (9.10)."""
    STAKEHOLDERS = "STAKEHOLDERS"
    """Those whom a clause calls relevant or affected stakeholders, or other relevant persons, without naming them."""
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
    clause lets happen only after this notice; most have none. ``tells`` names the data of the step that the clause
    gives to every recipient, whoever of them may not see the rest of the matter (13.4: which DMCs). ``with_document``
    where the clause gives them the document of that step with the notice.
    """

    to: tuple[Recipient, ...]
    on: str
    clause: str
    what: str
    duty: str = "shall"
    within: Window | None = None
    before: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    with_document: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Consultation:
    """A body whose view is asked while the matter is in one of ``states``, before the steps named ``before``.

    ``duty``: shall or may. A step that comes before the view was given, or before "no view by date" was recorded, is
    refused where ``is_needed``; otherwise what is missing is shown. ``body`` may be a kind of recipient that takes no
    step of any procedure, such as the stakeholders: what they said is recorded for them. ``held_by`` names steps of the
    same procedure that are the consulting itself: where one was taken in the round, the view was had.
    """

    body: Body | Recipient
    clause: str
    what: str
    states: tuple[str, ...]
    before: tuple[str, ...] = ()
    duty: str = "shall"
    is_needed: bool = False
    held_by: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Directed:
    """What makes an act wanted: that a step with ``outcome`` gave ``choice`` under ``key`` (3.3: to re-consult)."""

    outcome: str
    key: str
    choice: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ActWanted:
    """An act that the clause wants before the steps named ``before``: ``outcome`` of ``body``, in the same round.

    What is missing is shown with the step; it refuses the step only where ``is_needed``, and never one of a determining
    body (rule 16). Where ``any_round`` the act is wanted once, in whatever round it was taken. Where ``directed`` it is
    wanted only once that was directed, and after it. ``what`` says in words what is wanted.
    """

    body: Body
    outcome: str
    clause: str
    what: str
    before: tuple[str, ...]
    any_round: bool = False
    is_needed: bool = False
    directed: Directed | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Transition:
    """One listed step: in state ``source``, ``body`` with ``outcome`` leads to ``target``.

    ``within`` is the window that the clause gives the step, None where it states none. ``requires`` is what must be
    given with it. ``duty``: may or shall; where one of several outcomes shall be chosen, each by itself is a may.
    ``refers_to`` is the body that a referral goes to, and ``while_referred``
    what holds until it has answered. ``holds_from_notice`` tells a step that holds from when it was notified, not from
    when it was decided (14.4). ``said_final`` where the text makes this decision final and binding.
    ``unless_directed_by`` is a body that is told by this step and may direct otherwise: what was told goes on unless it
    does (4.2(b), 20.20(b)). ``notes`` holds readings.
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
    said_final: bool = False
    unless_directed_by: Body | None = None
    notes: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Referral:
    """That ``by`` may or shall put the matter before ``to``: a row of the referral matrix.

    ``outcome`` is the step that does it, OPEN where opening the matter is the referral itself. ``within`` is None where
    the clause states no window. ``while_pending`` is what holds until ``to`` has answered.
    """

    by: Body
    to: Body
    outcome: str
    clause: str
    within: Window | None
    duty: str
    while_pending: str
    requires: tuple[Requirement, ...]
    said_final: bool


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
            f"{procedure.citation} ({procedure.title}): {body} {outcome} is not a step from {state}; listed: {options}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Procedure:
    """A board procedure of one document and version. ``version`` is empty where the sources name none.

    ``clause`` is one clause, a range (``13.20-13.21``) or several with commas; ``summary`` says it in our words.
    ``deciders`` is empty where nobody has a choice (20.12(a)). ``initial`` is the state of a matter without a decision.
    In a ``final`` state the matter is at rest: no listed step leads onward, or only ones that open it anew. In a
    ``settled`` one steps remain, but ``effect_while_pending`` holds no longer.
    ``opens_with`` is what must be given to open a matter, ``opens_within`` the window for opening it where the clause
    states one, and ``opens_refers_to`` the body that it is put before where opening it is itself the referral.
    ``phase_kinds`` limits it to those Test Phases; empty means any. ``rounds_begin_with`` names the outcomes after
    which views are asked anew, and ``acts_wanted`` what is to be done before an outcome of the round. ``redacted_for``
    are the bodies to which the clause gives the matter anonymised and redacted: their members read only what they are
    given. ``notes`` holds readings: what the text leaves open, and how it is taken here.
    """

    key: str
    document: str
    version: str
    clause: str
    title: str
    summary: str
    group: Group
    proposer: Body
    deciders: tuple[Body, ...]
    initial: str
    transitions: tuple[Transition, ...]
    final: tuple[str, ...]
    effect_while_pending: str
    settled: tuple[str, ...] = ()
    opens_with: tuple[Requirement, ...] = ()
    opens_within: Window | None = None
    opens_refers_to: Body | None = None
    consultations: tuple[Consultation, ...] = ()
    acts_wanted: tuple[ActWanted, ...] = ()
    notices: tuple[NoticeDue, ...] = ()
    phase_kinds: tuple[str, ...] = ()
    subject: str = ""
    rounds_begin_with: tuple[str, ...] = ()
    redacted_for: tuple[Body, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def citation(self) -> str:
        """Document, version and clause as people write them."""
        return self.cite(self.clause)

    def cite(self, clause: str) -> str:
        """A clause of the procedure's document as people write it."""
        version = f" v{self.version}" if self.version else ""
        return f"{self.document}{version}, {clause}"

    @property
    def clauses(self) -> tuple[str, ...]:
        """Every clause that the procedure cites, ranges written out, its own first."""
        cited = [self.clause, *(step.clause for step in self.transitions), *(each.clause for each in self.notices)]
        cited += [each.clause for each in self.consultations]
        cited += [act.clause for act in self.acts_wanted]
        return tuple(dict.fromkeys(single for text in cited for single in _written_out(text)))

    @property
    def decision_is_final(self) -> bool:
        """Whether the text makes a decision under this procedure final and binding."""
        return any(step.said_final for step in self.transitions)

    @property
    def consulted(self) -> tuple[Body | Recipient, ...]:
        """The bodies that are consulted, each once."""
        return tuple(dict.fromkeys(each.body for each in self.consultations))

    @property
    def informed(self) -> tuple[Recipient, ...]:
        """Those who are told, each once."""
        return tuple(dict.fromkeys(who for notice in self.notices for who in notice.to))

    @property
    def referrals(self) -> tuple[Referral, ...]:
        """How the matter is put before another body: by being opened, or by a step, each outcome once."""
        found = {}
        if self.opens_refers_to is not None:
            found[self.proposer, "OPEN"] = Referral(
                by=self.proposer,
                to=self.opens_refers_to,
                outcome="OPEN",
                clause=self.clause,
                within=self.opens_within,
                duty="may",
                while_pending=self.effect_while_pending,
                requires=self.opens_with,
                said_final=self._says_final(self.opens_refers_to),
            )
        for step in self.transitions:
            if step.refers_to is not None and (step.body, step.outcome) not in found:
                found[step.body, step.outcome] = Referral(
                    by=step.body,
                    to=step.refers_to,
                    outcome=step.outcome,
                    clause=step.clause,
                    within=step.within,
                    duty=step.duty,
                    while_pending=step.while_referred,
                    requires=step.requires,
                    said_final=self._says_final(step.refers_to, from_state=step.target),
                )
        return tuple(found.values())

    def _says_final(self, body: Body, *, from_state: str | None = None) -> bool:
        """Whether the text makes what that body decides, from that state or any, final."""
        steps = self.transitions if from_state is None else self.transitions_from(from_state)
        return any(step.said_final for step in steps if step.body is body)

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

    def determinations_elsewhere(self, state: str) -> tuple[Transition, ...]:
        """What a determining body may decide from a state that does not list it, each outcome once (rule 16)."""
        listed = {(step.body, step.outcome) for step in self.transitions_from(state)}
        found: dict[tuple[Body, str], Transition] = {}
        for step in self.transitions:
            if step.body in DETERMINING and (step.body, step.outcome) not in listed:
                found.setdefault((step.body, step.outcome), step)
        return tuple(found.values())

    def notices_on(self, outcome: str) -> tuple[NoticeDue, ...]:
        """What must be told, and to whom, once that outcome is recorded ("OPEN": once the matter is open)."""
        return tuple(notice for notice in self.notices if notice.on == outcome)

    def consultations_in(self, state: str) -> tuple[Consultation, ...]:
        """Whose views are asked in a state."""
        return tuple(each for each in self.consultations if state in each.states)

    def next_state(self, state: str, *, body: str, outcome: str) -> str:
        """The state that a step leads to. Raises :class:`UnlistedStep` where it is not listed."""
        return self.transition(state, body=body, outcome=outcome).target

    def puts_forward(self, step: Transition) -> bool:
        """Whether the step brings the matter before a body: one of the body that proposes, or a referral."""
        return step.body is self.proposer or step.refers_to is not None

    def answers(self, step: Transition) -> bool:
        """Whether the step is a decision on what others put forward, so that none of those people records it.

        No clause speaks of it; the reading, in this one place (ours): a matter's decision is what one of its
        ``deciders`` other than the proposer decides on it. Whoever put it forward, by opening it or by recording a
        step that brought it there, does not record that, or one person would have approved their own proposal. The
        steps of the body that proposes are its own (a DCC step of a matter that the DCC's test manager opened
        approves nothing), a referral is itself a proposal, and a step of a body that does not decide here (the DCC
        sends on a participant's dispute, a provider reports) leaves the decision open.
        """
        return step.body in self.deciders and not self.puts_forward(step)

    def is_final(self, state: str) -> bool:
        """Whether the matter is at rest in that state."""
        return state in self.final

    def is_pending(self, state: str) -> bool:
        """Whether what the clause says of the time until the decision still holds in that state."""
        return state not in self.final and state not in self.settled


def _written_out(text: str) -> Iterator[str]:
    """The clauses of a text such as ``13.20-13.21, 14.2``, one by one."""
    for part in text.split(","):
        single = part.strip()
        ends = re.fullmatch(r"(\d+)\.(\d+)-\1\.(\d+)", single)
        if ends is None:
            yield single
        else:
            yield from (f"{ends[1]}.{number}" for number in range(int(ends[2]), int(ends[3]) + 1))
