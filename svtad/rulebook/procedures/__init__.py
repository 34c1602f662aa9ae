"""Every board procedure as data: who proposes, who decides, which step leads where, and what holds meanwhile.

A matter before a board moves only by a listed step; anything else is refused with the clause
(:class:`UnlistedStep`). What the Panel or the Secretary of State determines is recorded whatever the machine computed
(rule 16): their steps are listed from every state in which they may speak.

The effect of a state on the facts is read from the vocabulary (``ExclusionState.excludes``,
``CountState.counts``, ``CertificateState.is_in_force``), whose values are the states used here.

A module for each subject; ``wording`` says a procedure in words, ``drawing`` draws it.
"""

from __future__ import annotations

from svtad.rulebook.procedures import (
    completion,
    dmcs,
    dmct,
    dmct_1_5,
    dmct_issue,
    documents,
    issues,
    mtad,
    nov20,
    phases,
)
from svtad.rulebook.procedures.machine import (
    DETERMINING,
    ActWanted,
    Consultation,
    Directed,
    Group,
    NoticeDue,
    Procedure,
    Recipient,
    Referral,
    Requirement,
    Transition,
    UnlistedStep,
)

__all__ = [
    "DETERMINING",
    "PROCEDURES",
    "ActWanted",
    "Consultation",
    "Directed",
    "Group",
    "NoticeDue",
    "Procedure",
    "Recipient",
    "Referral",
    "Requirement",
    "Transition",
    "UnlistedStep",
    "procedure",
]

_MODULES = (documents, phases, completion, issues, dmcs, dmct, dmct_issue, dmct_1_5, mtad, nov20)

PROCEDURES: dict[str, Procedure] = {item.key: item for module in _MODULES for item in module.ALL}
"""Every procedure by key."""


def procedure(key: str) -> Procedure:
    """The procedure of that key. Raises ``KeyError`` with the known keys."""
    if key not in PROCEDURES:
        raise KeyError(f"no procedure {key!r}; known: {', '.join(PROCEDURES)}")
    return PROCEDURES[key]
