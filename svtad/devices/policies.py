"""Who may change Device Models and DMCs."""

from __future__ import annotations

from svtad.parties.actors import Actor
from svtad.parties.policies import require


def check_can_manage_devices(actor: Actor) -> None:
    """Device Models and DMCs are kept by the DCC."""
    require(actor, "manage_devices", what="change Device Models and DMCs")
