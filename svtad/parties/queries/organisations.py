"""Reading organisations: a Supplier Party does not learn from a list who the others are."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind

#: Organisations that everyone deals with.
KNOWN_TO_ALL = (
    OrganisationKind.DCC,
    OrganisationKind.DCC_SERVICE_PROVIDER,
    OrganisationKind.TAB,
    OrganisationKind.TAG,
    OrganisationKind.PANEL,
    OrganisationKind.SECRETARY_OF_STATE,
    OrganisationKind.AUTHORITY,
    OrganisationKind.SIT_AUDITOR,
)


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """Return the organisations that `actor` may know of: all for those who govern, else its own and the known."""
    rows = Organisation.objects.order_by("name")
    everything = (
        actor.sees_everything or actor.may("see_all_phases") or OrganisationKind.DCC in actor.organisation_kinds
    )
    return rows if everything else rows.filter(Q(kind__in=KNOWN_TO_ALL) | Q(pk__in=actor.organisation_pks))
