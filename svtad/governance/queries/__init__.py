"""Reading matters, deadlines and what waits for whom."""

from __future__ import annotations

from svtad.governance.queries.deadlines import deadlines_for, reckoned_anew, would_move
from svtad.governance.queries.inbox import Waiting, waiting_for, waiting_in, waiting_on_others
from svtad.governance.queries.matters import (
    Lack,
    decisions_at,
    initial_state,
    lacks,
    last_decision,
    state_at,
    states_at,
)

__all__ = [
    "Lack",
    "Waiting",
    "deadlines_for",
    "decisions_at",
    "initial_state",
    "lacks",
    "last_decision",
    "reckoned_anew",
    "state_at",
    "states_at",
    "waiting_for",
    "waiting_in",
    "waiting_on_others",
    "would_move",
]
