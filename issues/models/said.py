"""What people say of a Testing Issue and send in with it: comments and attachments, each for whom it is for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from issues.models.issue import TestingIssue
from svtad.governance.models import StoredFile
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from svtad.parties.audiences import visible_audience_ids
from svtad.parties.models import Audience, Person

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class Reach(models.TextChoices):
    """Whom a comment or an attachment is for. Nobody reads it who may not see the issue."""

    ISSUE = "ISSUE", "Whoever may see the issue"
    GOVERNANCE = "GOVERNANCE", "Those who govern, and the author's organisation"
    OWN = "OWN", "The DCC, and the author's organisation"


class SaidQuerySet(AppendOnlyQuerySet):
    """Comments and attachments by who may read them."""

    def visible_to(self, actor: Actor) -> SaidQuerySet:
        """Return what `actor` may read: of issues they may see, and said to whoever sees them, or to them."""
        if actor.sees_everything:
            return self
        seen = TestingIssue.objects.visible_to(actor).order_by().values("pk")
        to_them = Q(reach=Reach.ISSUE) | Q(audience_id__in=visible_audience_ids(actor))
        return self.filter(to_them, issue__in=seen)

    def recorded_by_moment(self, moment: dt.datetime | None) -> SaidQuerySet:
        """Return what had been recorded at `moment` (None: now)."""
        return self if moment is None else self.filter(recorded_at__lte=moment)


class Said(PublicIdModel, AppendOnlyModel):
    """Something said of an issue, for whom, by whom."""

    reach = models.CharField(max_length=10, choices=Reach.choices)
    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="+")
    author = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[models.Manager[Any]] = SaidQuerySet.as_manager()

    class Meta:
        abstract = True


class IssueComment(Said):
    """A comment. It is never edited: its author adds a correction, and both stay readable."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    corrects = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="corrected_by"
    )

    class Meta:
        ordering = ("id",)
        constraints = (models.CheckConstraint(condition=~Q(text=""), name="issue_comment_says_something"),)

    def __str__(self) -> str:
        return f"comment on {self.issue} by {self.recorded_by}"


class IssueAttachment(Said):
    """A file kept with an issue under its SHA-256."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.file} of {self.issue}"


class AttachmentWithdrawal(AppendOnlyModel):
    """An attachment that was withdrawn, by whom and why: it stays listed with its hash, and is handed out no more."""

    attachment = models.OneToOneField(IssueAttachment, on_delete=models.PROTECT, related_name="withdrawal")
    reasons = models.TextField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(reasons=""), name="attachment_withdrawn_with_reasons"),)

    def __str__(self) -> str:
        return f"withdrawal of {self.attachment}"
