"""Which app acts on the decisions of which procedure. Filled by the apps when they are ready."""

from __future__ import annotations

import datetime as dt
from typing import Protocol

from svtad.governance.models import Decision, Matter
from svtad.parties.actors import Actor
from svtad.parties.models import Audience

#: Procedures whose decisions are only recorded until the app that owns their subject exists.
RECORD_ONLY: frozenset[str] = frozenset(
    {
        "CODE_PROMOTION",
        "COMPLETION_REPORT",
        "CORRECTION_PLAN",
        "DMCT_APPEAL",
        "DMCT_ECONOMIC",
        "DMCT_EQUIVALENCE",
        "DMCT_EXCLUSION",
        "DMCT_ISSUE",
        "DMCT_OUTCOME",
        "DMCT_ROUTE",
        "DMCT_TIMING",
        "DMCT_VERSIONS",
        "DMC_DESELECTION",
        "DMC_SELECTION",
        "END_OF_CYCLE_MT",
        "END_OF_CYCLE_SIT",
        "INTERFACE_COUNT",
        "INTERFACE_REPEAT",
        "MODIFICATION_CONSULTED",
        "MODIFICATION_DIRECTED",
        "MODIFICATION_MINOR",
        "MTAD_DEPTH_BREADTH",
        "NOV20_BEIS_COMPLETION",
        "NOV20_BEIS_ELEMENTS",
        "NOV20_GO_LIVE",
        "NOV20_SEC_ELEMENTS",
        "OTHER_DISPUTE",
        "REDACTED_COPIES",
        "REGRESSION_SCOPE",
        "SVTAD_REDESIGNATION",
        "TEST_PACK_NON_STANDARD",
        "TEST_PACK_STANDARD",
    }
)


class Handler(Protocol):
    """What the app that owns a procedure's subject knows and does.

    `revises` says whether `apply` may be called again with a decision that supersedes another, because the effect is
    the matter's state itself or is written anew. Where it is False, a correction cannot change the outcome.
    """

    revises: bool

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


def register(procedure_key: str, handler: Handler) -> None:
    """Let `handler` act on the decisions of that procedure. A second one for the same is an error."""
    known = _handlers.get(procedure_key)
    if known is not None and type(known) is not type(handler):
        raise ValueError(f"{procedure_key} has a handler already: {known!r}")
    _handlers[procedure_key] = handler


def handler_for(procedure_key: str) -> Handler | None:
    """Return the procedure's handler, or None where decisions are only recorded."""
    return _handlers.get(procedure_key)
