"""Actor: whoever does a thing, reduced to what policies and lists need to know."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from svtad.parties.models import Organisation, OrganisationKind, Person
from svtad.parties.roles import ROLES

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
    """A person, an API client or the system, with what they may do at one moment."""

    kind: Literal["PERSON", "API_CLIENT", "SYSTEM", "ANONYMOUS"]
    actor_id: str
    label: str
    person_pk: int | None = None
    organisation_pks: frozenset[int] = frozenset()
    organisation_kinds: frozenset[str] = frozenset()
    audience_keys: frozenset[str] = frozenset({"public"})
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Return whether the actor holds `permission`; the system holds all."""
        return self.kind == "SYSTEM" or permission in self.permissions

    @property
    def sees_everything(self) -> bool:
        """Return whether no list is filtered for this actor (the system itself)."""
        return self.kind == "SYSTEM"


ANONYMOUS = Actor(kind="ANONYMOUS", actor_id="", label="Anonymous")


def system_actor(label: str = "System") -> Actor:
    """Return the actor of a job or a command that nobody pressed a button for."""
    return Actor(kind="SYSTEM", actor_id="", label=label)


def actor_for(person: Person, *, at: dt.datetime) -> Actor:
    """Return the actor that `person` is at the instant `at`: memberships that hold at that instant.

    Reads one query. A disabled person holds nothing.
    """
    kind: Literal["PERSON", "API_CLIENT"] = "API_CLIENT" if person.is_service_account else "PERSON"
    if not person.is_active:
        return Actor(kind=kind, actor_id=person.public_id, label=person.name, person_pk=person.pk)
    held = list(person.memberships.select_related("organisation").held_at(at))
    organisations: list[Organisation] = [membership.organisation for membership in held]
    roles = frozenset(membership.role for membership in held if membership.role in ROLES)
    keys = {"public"}
    for organisation in organisations:
        keys.add(f"org:{organisation.public_id}")
        body = BODY_KEYS.get(OrganisationKind(organisation.kind))
        if body:
            keys.add(body)
    return Actor(
        kind=kind,
        actor_id=person.public_id,
        label=person.name,
        person_pk=person.pk,
        organisation_pks=frozenset(organisation.pk for organisation in organisations),
        organisation_kinds=frozenset(organisation.kind for organisation in organisations),
        audience_keys=frozenset(keys),
        permissions=frozenset().union(*(ROLES[role].permissions for role in roles)),
        roles=roles,
    )
