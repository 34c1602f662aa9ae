"""Who may do what: the checks that every app's policies are made of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any, NoReturn

from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Deputyship, Membership, Person
from svtad.parties.queries import organisations_chaired, own_decision_allowed, second_factor_roles
from svtad.parties.roles import ACT_FOR, RECORDS_FOR, ROLES
from svtad.rulebook.vocabulary import Body

#: What a session proves besides a password: any one of these is a second factor.
SECOND_FACTORS = frozenset({"totp", "recovery_code", "passkey", "sso_mfa"})


def require(actor: Actor, permission: str, *, clause: str = "", what: str = "") -> None:
    """Raise ActionDenied unless `actor` holds `permission`. `what` finishes "You may not …"."""
    if actor.may(permission):
        return
    titles = [role.title for role in ROLES.values() if permission in role.permissions]
    _deny(actor, permission, titles, clause=clause, what=what or permission.replace("_", " "))


def _deny(actor: Actor, permission: str, titles: Collection[str], *, clause: str, what: str) -> NoReturn:
    who = f" It is for: {', '.join(titles)}." if titles else ""
    opening = "Sign in to" if actor.kind == "ANONYMOUS" else "You may not"
    raise ActionDenied(clause, f"{opening} {what}.{who}", permission=permission)


def allowed(check: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[bool, str]:
    """Run a policy's check; return (True, "") or (False, why not). For pages, which show the reason."""
    try:
        check(*args, **kwargs)
    except (ActionDenied, Refused) as turned:
        return False, str(turned)
    return True, ""


def check_records_for(actor: Actor, body: Body, *, clause: str = "") -> None:
    """The registrar records what any body does; a body's own members, where they act in the product, its own steps.

    Who holds the permission (`RECORDS_FOR`) does it for that body only as a member of a kind of organisation that acts
    for it (`ACT_FOR`). Every policy on recording a step asks this, and so does the page that says who may.
    """
    own, kinds = RECORDS_FOR.get(body), ACT_FOR.get(body)
    if actor.may("record_decision"):
        return
    if own is None or not actor.may(own):
        _deny(actor, "record_decision", _titles_recording(body), clause=clause, what=f"record a step of {body}")
    elif kinds is not None and not kinds & actor.organisation_kinds:
        known = ", ".join(sorted(str(kind.label) for kind in kinds))
        raise ActionDenied(
            clause, f"You may not record a step of {body}: only members of these do: {known}.", permission=own
        )


def _titles_recording(body: Body) -> list[str]:
    own, kinds = RECORDS_FOR.get(body), ACT_FOR.get(body)
    return [
        role.title
        for role in ROLES.values()
        if "record_decision" in role.permissions
        or (own in role.permissions and (kinds is None or kinds.intersection(role.organisations)))
    ]


def check_can_manage_people(actor: Actor) -> None:
    """Administering people, memberships and tokens is for administrators."""
    require(actor, "manage_people", what="administer people and organisations")


def check_own_hand(actor: Actor) -> None:
    """What is about somebody's own account or standing is done as oneself, not as a deputy."""
    if actor.acting_for:
        raise ActionDenied("", f"You act as {actor.label}: act as yourself to do this.")


def check_has_second_factor(actor: Actor, factors: Collection[str]) -> None:
    """Who holds a role that needs a second factor may go on only with one. Reads one query where none was given."""
    if not actor.roles or SECOND_FACTORS.intersection(factors):
        return
    wanting = sorted(ROLES[role].title for role in actor.roles & second_factor_roles())
    if wanting:
        raise ActionDenied("", f"A second factor is needed: {', '.join(wanting)} may do nothing without one.")


def entered_recently(entered_at: dt.datetime | None, *, within: dt.timedelta, now: dt.datetime) -> bool:
    """Return whether credentials entered at `entered_at` (None: never) are no older than `within`."""
    return entered_at is not None and dt.timedelta(0) <= now - entered_at <= within


def check_entered_recently(entered_at: dt.datetime | None, *, within: dt.timedelta, now: dt.datetime) -> None:
    """Raise ActionDenied unless credentials were entered within that time."""
    if not entered_recently(entered_at, within=within, now=now):
        raise ActionDenied("", "Enter your credentials again first: what is signed needs them anew.")


def check_token_may_sign(granted: bool) -> None:
    """A decision by token needs a token that an administrator marked for it."""
    if not granted:
        raise ActionDenied("", "This token may not sign: administrators mark the tokens that may record decisions.")


def check_not_own(actor: Actor, *opened_by: Person | str | None, procedure: str, clause: str = "") -> None:
    """Who proposed a thing or recorded its proposal does not record the decision on it.

    `opened_by` are people or their public ids ("" and None are nobody). A deputy counts as both people. An
    administrator may allow it for a procedure. Raises ActionDenied.
    """
    opened = {each.public_id if isinstance(each, Person) else each for each in opened_by if each}
    if actor.kind == "SYSTEM" or not opened & actor.stands_for:
        return
    if not own_decision_allowed(procedure):
        raise ActionDenied(
            clause, "You put this forward: somebody else records the decision. Administrators set this by procedure."
        )


def check_can_name_deputy(actor: Actor, membership: Membership) -> None:
    """A person names a deputy for a role of their own; an administrator for anybody's."""
    check_own_hand(actor)
    if membership.person_id != actor.person_pk:
        check_can_manage_people(actor)


def check_can_answer_deputyship(actor: Actor, deputyship: Deputyship, *, now: dt.datetime) -> None:
    """An administrator, or the chair of the member's board, confirms a deputy: neither of the two, nor who named it."""
    if deputyship.membership.organisation_id not in organisations_chaired(actor, at=now):
        require(actor, "manage_people", what=f"confirm deputies of {deputyship.membership.organisation}")
    involved = {deputyship.deputy_id, deputyship.membership.person_id, deputyship.named_by_id}
    if actor.kind != "SYSTEM" and (actor.acting_for or actor.person_pk in involved):
        raise ActionDenied("", "Somebody else confirms it: not the member, the deputy, who named it, or a deputy.")


def check_can_end_deputyship(actor: Actor, deputyship: Deputyship, *, now: dt.datetime) -> None:
    """The member, the deputy, the board's chair or an administrator ends it."""
    if actor.person_pk in (deputyship.deputy_id, deputyship.membership.person_id):
        return
    if deputyship.membership.organisation_id not in organisations_chaired(actor, at=now):
        require(actor, "manage_people", what="end this deputyship")


def check_can_let_sign(actor: Actor, person: Person) -> None:
    """An administrator lets somebody else's token record decisions, never their own."""
    check_can_manage_people(actor)
    if actor.person_pk == person.pk:
        raise ActionDenied("", "Another administrator lets your token sign.")
