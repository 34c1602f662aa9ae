"""Membership: a person's role in an organisation."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from svtad.lib.clock import london_date
from svtad.lib.models import PublicIdModel
from svtad.parties.models.organisations import Organisation
from svtad.parties.models.people import Person


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships by when they hold."""

    def held_on(self, day: dt.date) -> MembershipQuerySet:
        """Return the memberships that hold on the London `day` (both ends included), or for a part of it."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day), starts_on__lte=day)

    def held_at(self, moment: dt.datetime) -> MembershipQuerySet:
        """Return the memberships that hold at the instant `moment`: one that was ended holds no more at once."""
        return self.held_on(london_date(moment)).filter(Q(ended_at__isnull=True) | Q(ended_at__gt=moment))


class Membership(PublicIdModel):
    """A person's role in an organisation, from one London day to another, both included.

    `ended_at` is set where an administrator ended it with immediate effect, in the middle of its last day.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=40)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()

    objects = MembershipQuerySet.as_manager()
    history = HistoricalRecords(related_name="+")

    class Meta:
        ordering = ("person", "organisation", "role")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="membership_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=("person", "organisation", "role", "starts_on"),
                condition=Q(ended_at__isnull=True),
                name="membership_once_per_start",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ends_on__isnull=False), name="membership_ended_has_last_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} — {self.role} — {self.organisation}"
