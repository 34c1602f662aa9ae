"""Every board procedure as data: who proposes, who decides, which step leads where, and what holds meanwhile.

A matter before a board moves only by a listed step; anything else is refused with the clause
(:class:`UnlistedStep`). What the Panel or the Secretary of State determines is recorded whatever the machine computed
(rule 16): their steps are listed from every state in which they may speak.

The effect of a state on the facts is read from the vocabulary (``ExclusionState.excludes``,
``CountState.counts``, ``CertificateState.is_in_force``), whose values are the states used here.
"""

from __future__ import annotations

from svtad.rulebook.procedures.machine import (
    DETERMINING,
    Consultation,
    NoticeDue,
    Procedure,
    Recipient,
    Requirement,
    Transition,
    UnlistedStep,
)
from svtad.rulebook.procedures.svtad_1_23 import ALL as SVTAD_1_23

__all__ = [
    "DETERMINING",
    "PROCEDURES",
    "Consultation",
    "NoticeDue",
    "Procedure",
    "Recipient",
    "Requirement",
    "Transition",
    "UnlistedStep",
    "procedure",
]

PROCEDURES: dict[str, Procedure] = {item.key: item for item in SVTAD_1_23}
"""Every procedure by key."""


def procedure(key: str) -> Procedure:
    """The procedure of that key. Raises ``KeyError`` with the known keys."""
    if key not in PROCEDURES:
        raise KeyError(f"no procedure {key!r}; known: {', '.join(PROCEDURES)}")
    return PROCEDURES[key]
