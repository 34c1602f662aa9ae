"""Eligibility (13.25): how far a Party has come with Eligibility Testing in a User Role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from svtad.lib.models import AppendOnlyModel, PublicIdModel
from svtad.parties.models import Organisation, OrganisationKind
from svtad.rulebook.vocabulary import EligibilityState

if TYPE_CHECKING:
    from svtad.parties.actors import Actor

ELIGIBILITY_STATES = [(state.value, state.replace("_", " ").capitalize()) for state in EligibilityState]
#: Who is a Party that may undertake Eligibility Testing.
PARTY_KINDS = (OrganisationKind.SUPPLIER_PARTY, OrganisationKind.TESTING_PARTICIPANT)


class EligibilityQuerySet(models.QuerySet[Any]):
    """Eligibility by who may see it."""

    def visible_to(self, actor: Actor) -> EligibilityQuerySet:
        """Return what `actor` may see: all for those who govern, its own for a Party.

        Nothing in 13.25 to 13.27 gives one Party another's; 13.27 has each tell the DCC (our reading).
        """
        if actor.sees_everything or actor.may("see_all_phases"):
            return self
        return self.filter(organisation_id__in=actor.organisation_pks)


class Eligibility(PublicIdModel):
    """One Party in one User Role, recorded from when it began; `state` is where it is now.

    The Code's User Roles are not held: `role` is entered as the Party has it.
    """

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=60)
    state = models.CharField(
        max_length=12, choices=ELIGIBILITY_STATES, default=EligibilityState.NOT_STARTED.value, db_index=True
    )
    recorded_at = models.DateTimeField()

    objects = EligibilityQuerySet.as_manager()

    class Meta:
        ordering = ("organisation", "role")
        constraints = (models.UniqueConstraint(fields=("organisation", "role"), name="eligibility_once"),)

    def __str__(self) -> str:
        return f"{self.organisation}, {self.role}"


class EligibilityChange(AppendOnlyModel):
    """A move of a Party's Eligibility Testing, and what it rests on. The first has no state before it."""

    eligibility = models.ForeignKey(Eligibility, on_delete=models.PROTECT, related_name="changes")
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12, choices=ELIGIBILITY_STATES)
    basis = models.CharField(max_length=400, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.eligibility}: {self.to_state}"
