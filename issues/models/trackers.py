"""What a tracker's words mean here, and where it says otherwise than the DCC or a body determined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from issues.models.issue import TestingIssue
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class TermKind(models.TextChoices):
    """What a word of a tracker is said of."""

    STATE = "state", "State"
    SEVERITY = "severity", "Severity"
    PRIORITY = "priority", "Priority"
    CAUSE = "cause", "Cause"
    PROVIDER = "provider", "Provider"


class TrackerTerm(PublicIdModel, AppendOnlyModel):
    """What one word of a tracker means here, set by a person; the newest holds. `ours` "": it says nothing."""

    source = models.CharField(max_length=60, db_index=True)
    kind = models.CharField(max_length=10, choices=TermKind.choices)
    theirs = models.CharField(max_length=120)
    ours = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("source", "kind", "theirs", "-id")

    def __str__(self) -> str:
        return f"{self.source}: {self.kind} “{self.theirs}” is {self.ours or 'passed over'}"


class DisagreementQuerySet(AppendOnlyQuerySet):
    """Disagreements by who may see their issue."""

    def visible_to(self, actor: Actor) -> DisagreementQuerySet:
        """Return those of issues that `actor` may see."""
        if actor.sees_everything:
            return self
        return self.filter(issue__in=TestingIssue.objects.visible_to(actor).order_by().values("pk"))


class TrackerDisagreement(PublicIdModel, AppendOnlyModel):
    """A tracker said one thing where the DCC or a body had determined another, and was not followed."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="disagreements")
    field = models.CharField(max_length=10, choices=TermKind.choices)
    theirs = models.CharField(max_length=120)
    held = models.CharField(max_length=120)
    why = models.CharField(max_length=300)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[models.Manager[Any]] = DisagreementQuerySet.as_manager()

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.issue}: {self.field} {self.theirs} where {self.held} holds"
