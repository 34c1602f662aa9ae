"""Who may do what: the checks that every app's policies are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.roles import ROLES


def require(actor: Actor, permission: str, *, clause: str = "", what: str = "") -> None:
    """Raise ActionDenied unless `actor` holds `permission`. `what` finishes "You may not …"."""
    if actor.may(permission):
        return
    thing = what or permission.replace("_", " ")
    holders = [role.title for role in ROLES.values() if permission in role.permissions]
    who = f" It is for: {', '.join(holders)}." if holders else ""
    if actor.kind == "ANONYMOUS":
        raise ActionDenied(clause, f"Sign in to {thing}.{who}")
    raise ActionDenied(clause, f"You may not {thing}.{who}")


def allowed(check: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[bool, str]:
    """Run a policy's check; return (True, "") or (False, why not). For pages, which show the reason."""
    try:
        check(*args, **kwargs)
    except (ActionDenied, Refused) as turned:
        return False, str(turned)
    return True, ""


def check_can_manage_people(actor: Actor) -> None:
    """Administering people, memberships and tokens is for administrators."""
    require(actor, "manage_people", what="administer people and organisations")
