"""Actor: whoever does a thing, reduced to what policies and lists need to know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from svtad.lib.errors import ActionDenied
from svtad.parties.models import Deputyship, Membership, OrganisationKind, Person
from svtad.parties.roles import ROLES

#: The longest label: what `recorded_by` columns hold.
LABEL = 200

#: The audience key that members of each kind of body share, whatever their organisation.
BODY_KEYS = {
    OrganisationKind.DCC: "dcc",
    OrganisationKind.TAB: "tab",
    OrganisationKind.TAG: "tag",
    OrganisationKind.PANEL: "panel",
    OrganisationKind.SECRETARY_OF_STATE: "sos",
    OrganisationKind.AUTHORITY: "authority",
    OrganisationKind.SIT_AUDITOR: "sit_auditor",
    OrganisationKind.SUPPLIER_PARTY: "parties",
}


@dataclass(frozen=True)
class Actor:
    """A person, an API client or the system, with what they may do at one moment.

    A deputy who acts for somebody is labelled "X for Y" and holds what Y's membership holds, nothing of their own:
    `actor_id` is X, `acting_for` is Y's public id, `deputyship` the deputyship's.
    """

    kind: Literal["PERSON", "API_CLIENT", "SYSTEM", "ANONYMOUS"]
    actor_id: str
    label: str
    person_pk: int | None = None
    organisation_pks: frozenset[int] = frozenset()
    organisation_kinds: frozenset[str] = frozenset()
    audience_keys: frozenset[str] = frozenset({"public"})
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    acting_for: str = ""
    deputyship: str = ""

    def may(self, permission: str) -> bool:
        """Return whether the actor holds `permission`; the system holds all."""
        return self.kind == "SYSTEM" or permission in self.permissions

    @property
    def stands_for(self) -> frozenset[str]:
        """Return the public ids of the people whose act this is: the person, and whom they deputise for."""
        return frozenset({self.actor_id, self.acting_for} - {""})

    @property
    def sees_everything(self) -> bool:
        """Return whether no list is filtered for this actor (the system itself)."""
        return self.kind == "SYSTEM"


ANONYMOUS = Actor(kind="ANONYMOUS", actor_id="", label="Anonymous")


def system_actor(label: str = "System") -> Actor:
    """Return the actor of a job or a command that nobody pressed a button for."""
    return Actor(kind="SYSTEM", actor_id="", label=label)


def actor_for(person: Person, *, at: dt.datetime, deputyship: str = "") -> Actor:
    """Return the actor that `person` is at the instant `at`: memberships that hold at that instant.

    With the public id of a `deputyship` of theirs: the deputy, with that membership alone. Reads one query. A
    disabled person holds nothing. Raises ActionDenied where the deputyship does not hold (any more).
    """
    if deputyship:
        return _deputy(person, deputyship, at=at)
    if not person.is_active:
        return acting(person, [])
    return acting(person, list(person.memberships.select_related("organisation").held_at(at)))


def _deputy(person: Person, public_id: str, *, at: dt.datetime) -> Actor:
    held = Deputyship.objects.held_at(at).with_names().filter(public_id=public_id, deputy=person).first()
    if held is None:
        raise ActionDenied("", "You are no deputy there, or not at this time: act as yourself.")
    absent = held.membership.person
    return replace(
        acting(person, [held.membership]),
        label=f"{person.name} for {absent.name}"[:LABEL],
        acting_for=absent.public_id,
        deputyship=held.public_id,
    )


def acting(person: Person, held: Sequence[Membership]) -> Actor:
    """Return the actor that `person` is by those memberships, which have their organisation, and by no other."""
    organisations = [membership.organisation for membership in held]
    roles = frozenset(membership.role for membership in held if membership.role in ROLES)
    keys = {"public"}
    for organisation in organisations:
        keys.add(f"org:{organisation.public_id}")
        body = BODY_KEYS.get(OrganisationKind(organisation.kind))
        if body:
            keys.add(body)
    return Actor(
        kind="API_CLIENT" if person.is_service_account else "PERSON",
        actor_id=person.public_id,
        label=person.name,
        person_pk=person.pk,
        organisation_pks=frozenset(organisation.pk for organisation in organisations),
        organisation_kinds=frozenset(organisation.kind for organisation in organisations),
        audience_keys=frozenset(keys),
        permissions=frozenset().union(*(ROLES[role].permissions for role in roles)),
        roles=roles,
    )
