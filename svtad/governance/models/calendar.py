"""The calendar as administrators corrected it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.lib.models import IntervalModel


class NonWorkingDayOverride(IntervalModel):
    """A day that the published holiday list gets wrong, added or taken away by an administrator.

    Interval-versioned in recorded time: a day proclaimed later changes no past verdict.
    """

    jurisdiction = models.CharField(max_length=8, default="ENG")
    day = models.DateField()
    is_working_day = models.BooleanField()
    reason = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("day",)
        constraints = (
            models.UniqueConstraint(
                fields=("jurisdiction", "day"), condition=Q(valid_to__isnull=True), name="override_once_per_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {'working' if self.is_working_day else 'not working'}"
