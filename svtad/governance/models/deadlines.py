"""Deadlines of steps: dates with their clause and their count."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from svtad.governance.models.matters import Matter
from svtad.lib.models import PublicIdModel
from svtad.parties.models import AudienceModel


class DeadlineKind(models.TextChoices):
    """What a deadline is of: a step of the procedure; a duty under it that is no step; or one of a day that was set."""

    STEP = "STEP"
    DUTY = "DUTY"
    SET_DAY = "SET_DAY"


class Deadline(PublicIdModel, AudienceModel):
    """The last London day of one step of a matter, or of a duty under it, as it was reckoned when it was set.

    A duty is kept by the app that owns the matter's subject (15.1: Testing Issues are resolved). Where a body set the
    day itself, no calendar reckons it: `trigger_on` is then the day on which it did.

    It is never moved: where a holiday proclaimed later gives another day and somebody confirms that, a new one takes
    its place (`replaces`). Whether it is over is derived on read, never stored.
    """

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="deadlines")
    kind = models.CharField(max_length=8, choices=DeadlineKind.choices, default=DeadlineKind.STEP)
    window = models.CharField(max_length=20)
    clause = models.CharField(max_length=60)
    text = models.CharField(max_length=200)
    body = models.CharField(max_length=12)
    outcome = models.CharField(max_length=30)
    trigger_on = models.DateField()
    working_days = models.PositiveSmallIntegerField()
    jurisdiction = models.CharField(max_length=20)
    count_trigger_day = models.BooleanField(default=False)
    last_day = models.DateField(db_index=True)
    replaces = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True, blank=True)
    end = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ("last_day", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="") | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="deadline_ended_says_how",
            ),
            models.CheckConstraint(condition=Q(last_day__gte=F("trigger_on")), name="deadline_after_trigger"),
        )
        indexes = (models.Index(fields=("matter", "ended_at"), name="deadline_open"),)

    def __str__(self) -> str:
        return f"{self.matter.reference} {self.body} {self.outcome} by {self.last_day}"
