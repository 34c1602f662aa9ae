"""Deputyship: somebody who acts for a member of an organisation while that member is away."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from svtad.lib.clock import london_date
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from svtad.parties.models.memberships import Membership
from svtad.parties.models.people import Person


class DeputyStep(models.TextChoices):
    """What can become of a deputyship after it was named."""

    CONFIRMED = "CONFIRMED", "Confirmed"
    REFUSED = "REFUSED", "Refused"
    ENDED = "ENDED", "Ended"


class DeputyshipQuerySet(AppendOnlyQuerySet):
    """Deputyships by when they hold."""

    def held_at(self, moment: dt.datetime) -> DeputyshipQuerySet:
        """Return the deputyships that hold at the instant `moment`.

        Confirmed by then and not ended, on one of their London days, of a membership that holds itself, of two
        people who are not shut out.
        """
        day = london_date(moment)
        steps = DeputyshipStep.objects.filter(deputyship=OuterRef("pk"), recorded_at__lte=moment)
        return self.filter(
            Exists(steps.filter(step=DeputyStep.CONFIRMED)),
            ~Exists(steps.filter(step=DeputyStep.ENDED)),
            starts_on__lte=day,
            ends_on__gte=day,
            membership__in=Membership.objects.held_at(moment),
            membership__person__is_active=True,
            deputy__is_active=True,
        )

    def with_names(self) -> DeputyshipQuerySet:
        """Return them with the people and the organisation that a page names, and their steps."""
        return self.select_related("membership__person", "membership__organisation", "deputy").prefetch_related("steps")


class Deputyship(PublicIdModel, AppendOnlyModel):
    """A deputy for one membership, from one London day to another, both included.

    It holds once somebody else confirmed it (a `DeputyshipStep`), and until it was ended.
    """

    membership = models.ForeignKey(Membership, on_delete=models.PROTECT, related_name="deputyships")
    deputy = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="deputyships")
    starts_on = models.DateField()
    ends_on = models.DateField()
    reason = models.CharField(max_length=200)
    named_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    objects = DeputyshipQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="deputyship_ends_after_start"),
        )

    def __str__(self) -> str:
        return f"{self.deputy} for {self.membership}"

    @property
    def state(self) -> str:
        """Return the last step (`DeputyStep`), WAITING before the first; days are not looked at."""
        steps = list(self.steps.all())
        return str(steps[-1].step) if steps else "WAITING"


class DeputyshipStep(AppendOnlyModel):
    """A deputyship was confirmed or refused, once; or ended, once."""

    deputyship = models.ForeignKey(Deputyship, on_delete=models.PROTECT, related_name="steps")
    step = models.CharField(max_length=10, choices=DeputyStep.choices)
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("deputyship",),
                condition=Q(step__in=("CONFIRMED", "REFUSED")),
                name="deputyship_answered_once",
            ),
            models.UniqueConstraint(fields=("deputyship",), condition=Q(step="ENDED"), name="deputyship_ended_once"),
        )

    def __str__(self) -> str:
        return f"{self.deputyship}: {self.step}"
