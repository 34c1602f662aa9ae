"""Which app acts on the decisions of which procedure. Filled by the apps when they are ready."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from svtad.governance.models import Decision, Matter
from svtad.parties.actors import Actor
from svtad.parties.models import Audience, OrganisationKind
from svtad.rulebook.vocabulary import Body

#: Procedures whose decisions are only recorded until the app that owns their subject exists.
RECORD_ONLY: frozenset[str] = frozenset(
    {
        "DMCT_APPEAL",
        "DMCT_ECONOMIC",
        "DMCT_EQUIVALENCE",
        "DMCT_EXCLUSION",
        "DMCT_ISSUE",
        "DMCT_OUTCOME",
        "DMCT_ROUTE",
        "DMCT_TIMING",
        "DMCT_VERSIONS",
        "DMC_SELECTION",
        "END_OF_CYCLE_MT",
        "END_OF_CYCLE_SIT",
        "MODIFICATION_CONSULTED",
        "MODIFICATION_DIRECTED",
        "MODIFICATION_MINOR",
        "MTAD_DEPTH_BREADTH",
        "NOV20_BEIS_COMPLETION",
        "NOV20_BEIS_ELEMENTS",
        "NOV20_GO_LIVE",
        "NOV20_SEC_ELEMENTS",
        "OTHER_DISPUTE",
        "REGRESSION_SCOPE",
        "SVTAD_REDESIGNATION",
        "TEST_PACK_NON_STANDARD",
        "TEST_PACK_STANDARD",
    }
)


class Handler(Protocol):
    """What the app that owns a procedure's subject knows and does.

    `lasting` names the outcomes whose effect cannot be taken back: a correction keeps those. Of any other, because it
    had no effect but the matter's state, or one that `apply` writes anew, a correction may change the outcome, and
    `apply` is called with the decision that supersedes the wrong one. `keeps_dates` says that the effect keeps the
    decision's dates in rows of its own, so that `apply` is called for a corrected day of effect too.
    """

    lasting: frozenset[str]
    keeps_dates: bool

    def describe(self, matter: Matter) -> str:
        """Return in one sentence what the matter is about."""
        ...

    def url(self, matter: Matter) -> str:
        """Return the address of the page of the matter's subject, or "" where it has none."""
        ...

    def audience(self, matter: Matter) -> Audience:
        """Return who may see what is decided on the matter."""
        ...

    def apply(self, *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
        """Give the decision its effect, in the decision's own transaction. May raise Refused or InvalidInput."""
        ...


_handlers: dict[str, Handler] = {}

#: Subjects that are no phase's, or that of several.
WITHOUT_PHASE = frozenset({"document_version", "dmc", "release"})
#: Which kinds of organisation bring a matter that the DCC does not: a Supplier Party is a Testing Participant too.
OWNERS: dict[str, tuple[OrganisationKind, ...]] = {
    Body.PARTICIPANT: (OrganisationKind.SUPPLIER_PARTY, OrganisationKind.TESTING_PARTICIPANT),
    Body.SUPPLIER: (OrganisationKind.SUPPLIER_PARTY,),
}


@dataclass(frozen=True, kw_only=True)
class Phase:
    """What a matter has to know of the Test Phase that it is about."""

    public_id: str
    kind: str
    is_synthetic: bool


#: Tells the Test Phase of that public id where the actor may see it, else None.
PhaseSource = Callable[[Actor, str], Phase | None]
_phases: list[PhaseSource] = []


def register_phases(source: PhaseSource) -> None:
    """Let the app that holds the Test Phases tell of them. The last one counts."""
    _phases[:] = [source]


def phase_for(actor: Actor, public_id: str) -> Phase | None:
    """Return the Test Phase of that public id, or None where there is none among those that `actor` may see."""
    return _phases[0](actor, public_id) if _phases else None


#: Tells which Test Phases of those public ids are where an earlier decision of a body put them though the body has
#: decided otherwise since, and by which decision.
ContradictionSource = Callable[[Iterable[str]], dict[str, Decision]]
_contradictions: list[ContradictionSource] = []


def register_contradictions(source: ContradictionSource) -> None:
    """Let the app that knows what became of the phases tell which are contradicted. The last one counts."""
    _contradictions[:] = [source]


def contradicted_phases(public_ids: Iterable[str]) -> dict[str, Decision]:
    """Return the decision that contradicts where a Test Phase is, by its public id, of those that are contradicted."""
    wanted = {each for each in public_ids if each}
    return _contradictions[0](wanted) if _contradictions and wanted else {}


#: Tells what may be named under each key of a matter's statements of the kind `named` or `views`, each with its words.
OptionSource = Callable[[Matter], dict[str, tuple[tuple[str, str], ...]]]
_options: dict[str, OptionSource] = {}


def register_options(procedure_key: str, source: OptionSource) -> None:
    """Let the app that owns the procedure's subject tell what its statements may name. The last one counts."""
    _options[procedure_key] = source


def options_of(matter: Matter) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return what may be named under each key of the matter's statements, with the words for it."""
    source = _options.get(matter.procedure)
    return source(matter) if source else {}


#: Tells in words what the app that owns the subject finds missing before an outcome of a matter.
MissingSource = Callable[[Matter, str], list[str]]
_missing: dict[str, MissingSource] = {}


def register_missing(procedure_key: str, source: MissingSource) -> None:
    """Let the app that owns the subject tell what is missing before an outcome: shown, never refused for (rule 16)."""
    _missing[procedure_key] = source


def found_missing(matter: Matter, outcome: str) -> list[str]:
    """Return in words what the app that owns the matter's subject finds missing before `outcome`."""
    source = _missing.get(matter.procedure)
    return source(matter, outcome) if source else []


def register(procedure_key: str, handler: Handler) -> None:
    """Let `handler` act on the decisions of that procedure. A second one for the same is an error."""
    known = _handlers.get(procedure_key)
    if known is not None and type(known) is not type(handler):
        raise ValueError(f"{procedure_key} has a handler already: {known!r}")
    _handlers[procedure_key] = handler


def handler_for(procedure_key: str) -> Handler | None:
    """Return the procedure's handler, or None where decisions are only recorded."""
    return _handlers.get(procedure_key)
