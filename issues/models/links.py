"""What a Testing Issue has to do with others: related ones, and those it says again. Nothing is taken away."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q

from issues.models.issue import TestingIssue
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class LinkKind(models.TextChoices):
    """How one issue is tied to another. A duplicate counts like any issue: no clause takes it out of the count."""

    RELATED = "RELATED", "Related to"
    DUPLICATE_OF = "DUPLICATE_OF", "Duplicate of"


class IssueLinkQuerySet(AppendOnlyQuerySet):
    """Links between issues by when they held and by who may see both ends."""

    def held_at(self, moment: dt.datetime | None) -> IssueLinkQuerySet:
        """Return the links that stood at `moment` (None: now)."""
        if moment is None:
            return self.filter(end__isnull=True)
        return self.filter(Q(end__isnull=True) | Q(end__recorded_at__gt=moment), recorded_at__lte=moment)

    def of(self, issue: TestingIssue) -> IssueLinkQuerySet:
        """Return the links at either end of which `issue` is."""
        return self.filter(Q(issue=issue) | Q(other=issue))

    def visible_to(self, actor: Actor) -> IssueLinkQuerySet:
        """Return the links of which `actor` may see both ends: a link must not tell of an issue."""
        if actor.sees_everything:
            return self
        seen = TestingIssue.objects.visible_to(actor).order_by().values("pk")
        return self.filter(issue__in=seen, other__in=seen)


class IssueLink(PublicIdModel, AppendOnlyModel):
    """`issue` is related to `other`, or says again what `other` says. Its end, where it was taken back, is a row."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="links")
    other = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="links_back")
    kind = models.CharField(max_length=12, choices=LinkKind.choices)
    reasons = models.TextField(blank=True)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[models.Manager[Any]] = IssueLinkQuerySet.as_manager()

    class Meta:
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(issue=F("other")), name="issue_link_to_another"),)

    def __str__(self) -> str:
        return f"{self.issue} {self.get_kind_display().lower()} {self.other}"


class IssueLinkEnd(AppendOnlyModel):
    """A link that was taken back, by whom and why; from then on it does not stand."""

    link = models.OneToOneField(IssueLink, on_delete=models.PROTECT, related_name="end")
    reasons = models.TextField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(reasons=""), name="issue_link_end_has_reasons"),)

    def __str__(self) -> str:
        return f"end of {self.link}"
