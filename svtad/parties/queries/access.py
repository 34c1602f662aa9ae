"""Reading the rules of access, second factors, tokens that sign, and deputies."""

from __future__ import annotations

import datetime as dt

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Q, QuerySet
from knox.models import AuthToken

from svtad.parties.actors import Actor
from svtad.parties.models import AccessRule, Deputyship, Membership, Person, RuleKind, SigningGrant
from svtad.parties.roles import ROLES, decides_or_administers


def second_factor_roles(*, at: dt.datetime | None = None) -> frozenset[str]:
    """Return the roles that need a second factor (now, or as it was set at a moment).

    What an administrator set holds; where nothing was set, the installation's default: those who decide and those
    who administer, or nobody (`SECOND_FACTOR`).
    """
    default = settings.SECOND_FACTOR == "deciders"
    chosen = _latest(RuleKind.SECOND_FACTOR, at=at)
    return frozenset(key for key, role in ROLES.items() if chosen.get(key, default and decides_or_administers(role)))


def own_decision_allowed(procedure: str, *, at: dt.datetime | None = None) -> bool:
    """Return whether who opened a matter of that procedure may record its decision: refused unless it was set."""
    return procedure in own_decisions(at=at)


def own_decisions(*, at: dt.datetime | None = None) -> frozenset[str]:
    """Return the procedures in which who opened a matter may record its decision."""
    return frozenset(key for key, value in _latest(RuleKind.OWN_DECISION, at=at).items() if value)


def _latest(kind: RuleKind, *, at: dt.datetime | None) -> dict[str, bool]:
    """Return the value that holds of each key of that kind."""
    rows = AccessRule.objects.filter(kind=kind)
    if at is not None:
        rows = rows.filter(recorded_at__lte=at)
    return {str(key): bool(value) for key, value in rows.order_by("id").values_list("key", "value")}


def latest_rules(kind: RuleKind) -> dict[str, AccessRule]:
    """Return the row that holds of each key of that kind: who set it, when and why."""
    return {rule.key: rule for rule in AccessRule.objects.filter(kind=kind).order_by("id")}


def may_sign(token: AuthToken) -> bool:
    """Return whether an administrator let this token record decisions."""
    return SigningGrant.objects.filter(token_digest=token.digest).exists()


def tokens_that_sign(person: Person) -> frozenset[str]:
    """Return the digests of the person's tokens that may record decisions."""
    return frozenset(SigningGrant.objects.filter(person=person).values_list("token_digest", flat=True))


def factors_of(person: Person) -> tuple[Authenticator, ...]:
    """Return the second factors that the person has set up (an app, passkeys), recovery codes left out."""
    rows = Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return tuple(rows.order_by("type", "id"))


def organisations_chaired(actor: Actor, *, at: dt.datetime) -> frozenset[int]:
    """Return the organisations whose deputies `actor` confirms in a role of their own (not as somebody's deputy)."""
    if actor.person_pk is None or actor.acting_for or not actor.may("confirm_deputy"):
        return frozenset()
    roles = [key for key, role in ROLES.items() if "confirm_deputy" in role.permissions]
    held = Membership.objects.held_at(at).filter(person_id=actor.person_pk, role__in=roles)
    return frozenset(held.values_list("organisation_id", flat=True))


def deputyships_for(actor: Actor, *, at: dt.datetime) -> QuerySet[Deputyship]:
    """Return the deputyships that `actor` may know of, the newest first.

    Administrators know all, a chair those of the board, everyone the ones they are part of.
    """
    rows: QuerySet[Deputyship] = Deputyship.objects.with_names()
    if actor.sees_everything or actor.may("manage_people"):
        return rows
    mine = Q(deputy_id=actor.person_pk) | Q(membership__person_id=actor.person_pk)
    return rows.filter(mine | Q(membership__organisation_id__in=organisations_chaired(actor, at=at)))
