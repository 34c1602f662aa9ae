"""Who may set what a document leaves open."""

from __future__ import annotations

from svtad.parties.actors import Actor
from svtad.parties.policies import require


def check_can_set_parameter(actor: Actor) -> None:
    """Parameters and document versions are for administrators."""
    require(actor, "set_parameter", what="set what a governing document leaves open")
