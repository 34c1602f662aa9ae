"""Who may set what a document leaves open."""

from __future__ import annotations

from svtad.parties.actors import Actor
from svtad.parties.policies import require


def check_can_set_parameter(actor: Actor) -> None:
    """Parameters and document versions are for administrators."""
    require(actor, "set_parameter", what="set what a governing document leaves open")


def check_can_record_standing(actor: Actor) -> None:
    """How a version came into force is recorded by the registrar, who holds the letters, or an administrator."""
    if not actor.may("record_decision"):
        require(actor, "set_parameter", clause="SVTAD 3.4", what="record how a document came into force")


def check_can_enter_criterion(actor: Actor) -> None:
    """What an approach document asks of a Test Phase is entered by an administrator (12.3)."""
    require(actor, "set_parameter", clause="SVTAD 12.3", what="enter the criteria of an approach document")
