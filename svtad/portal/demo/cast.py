"""Who is in the demonstration: invented organisations and people, each with a role."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from svtad.parties.actions import add_membership, create_organisation, create_person
from svtad.parties.actors import Actor, actor_for, system_actor
from svtad.parties.models import Organisation, OrganisationKind, Person

#: The one password of every demonstration account. It exists in no other installation.
DEMO_PASSWORD = "demonstration-only-2019"  # noqa: S105 - it opens invented data only
DEMO_DOMAIN = "demo.example"

ORGANISATIONS = (
    (OrganisationKind.DCC, "dcc", "DCC"),
    (OrganisationKind.TAB, "tab", "Test Assurance Board"),
    (OrganisationKind.TAG, "tag", "Testing Advisory Group"),
    (OrganisationKind.PANEL, "panel", "Panel"),
    (OrganisationKind.SECRETARY_OF_STATE, "sos", "Secretary of State"),
    (OrganisationKind.SIT_AUDITOR, "auditor", "Quillon Assurance"),
    (OrganisationKind.DCC_SERVICE_PROVIDER, "arden", "Arden Data"),
    (OrganisationKind.DCC_SERVICE_PROVIDER, "brack", "Brack Communications"),
    (OrganisationKind.DCC_SERVICE_PROVIDER, "corve", "Corve SMETS1 Services"),
    (OrganisationKind.SUPPLIER_PARTY, "dunmere", "Dunmere Energy"),
    (OrganisationKind.SUPPLIER_PARTY, "eskdale", "Eskdale Power"),
)

PEOPLE = (
    ("manager", "Asha Verity", "dcc", "test_manager"),
    ("registrar", "Rowan Pell", "dcc", "registrar"),
    ("admin", "Noor Hadley", "dcc", "administrator"),
    ("tab", "Imogen Stray", "tab", "tab_member"),
    ("tag", "Callum Wray", "tag", "tag_member"),
    ("panel", "Bettina Lowe", "panel", "panel_member"),
    ("auditor", "Femi Quist", "auditor", "sit_auditor"),
    ("arden", "Petra Holm", "arden", "provider_tester"),
    ("brack", "Joss Arkle", "brack", "provider_tester"),
    ("dunmere", "Sian Kerr", "dunmere", "participant"),
    ("eskdale", "Tom Rudd", "eskdale", "participant"),
)

TOOLING = ("tooling", "Test tooling", "dcc", "test_tooling")


@dataclass(frozen=True)
class Cast:
    """The organisations by code and the people by the name before the @."""

    organisations: dict[str, Organisation]
    people: dict[str, Person]

    def actor(self, name: str, at: dt.datetime) -> Actor:
        """Return the actor that person is at that moment."""
        return actor_for(self.people[name], at=at)

    @property
    def providers(self) -> tuple[Organisation, ...]:
        """The DCC Service Providers."""
        return tuple(self.organisations[code] for code in ("arden", "brack", "corve"))


def enter_cast(*, at: dt.datetime) -> Cast:
    """Enter the organisations, the people and their roles as of the instant `at`."""
    by = system_actor("Demonstration")
    organisations = {
        code: create_organisation(kind=kind, code=code, name=name, by=by, is_synthetic=True, at=at)
        for kind, code, name in ORGANISATIONS
    }
    people = {}
    for handle, name, organisation, role in (*PEOPLE, TOOLING):
        is_tool = handle == TOOLING[0]
        person = create_person(
            email=f"{handle}@{DEMO_DOMAIN}",
            name=name,
            by=by,
            password=None if is_tool else DEMO_PASSWORD,
            is_service_account=is_tool,
            is_synthetic=True,
            at=at,
        )
        add_membership(person=person, organisation=organisations[organisation], role=role, by=by, at=at)
        people[handle] = person
    return Cast(organisations=organisations, people=people)
