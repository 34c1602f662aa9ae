"""What boards are asked about Testing Issues; the answers are the matter's decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models

from issues.models.issue import TestingIssue
from svtad.governance.models import Matter
from svtad.lib.models import PublicIdModel
from svtad.parties.audiences import visible_audience_ids
from svtad.parties.models import Organisation
from testphases.models import TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class BeforeABoardQuerySet(models.QuerySet[Any]):
    """What is asked of a board, by who may see its matter."""

    def visible_to(self, actor: Actor) -> BeforeABoardQuerySet:
        """Return those whose matter's audience shares a key with `actor`."""
        return self.filter(matter__audience_id__in=visible_audience_ids(actor))


class ExclusionProposal(PublicIdModel):
    """A proposal that an issue should not count in a scope (13.20); it counts until TAG agrees."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="exclusions")
    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    rationale = models.TextField()
    recorded_at = models.DateTimeField(db_index=True)

    objects = BeforeABoardQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.matter.reference}: exclude {self.issue}"


class SeverityDispute(PublicIdModel):
    """A Testing Participant disagrees with the DCC's severity (14.2)."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="disputes")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    dcc_severity = models.CharField(max_length=4)
    participant_severity = models.CharField(max_length=4)
    raised_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    reasons = models.TextField()
    recorded_at = models.DateTimeField(db_index=True)

    objects = BeforeABoardQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.matter.reference}: severity of {self.issue}"


class CountingQuestion(PublicIdModel):
    """Whether an SCT issue counts in SIT (13.22), or a presented issue in Interface Testing (13.23)."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="counting_questions")
    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)

    objects = BeforeABoardQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("issue", "scope"), name="counting_question_once"),)

    def __str__(self) -> str:
        return f"{self.matter.reference}: does {self.issue} count"
