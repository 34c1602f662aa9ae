"""What hangs on a Capability Release (7.3, 9.8), and how criteria that were entered are answered (12.3)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.gates.models.evidence import EvidenceItem
from svtad.governance.models import Matter
from svtad.governing.models import DocumentVersion, EnteredCriterion
from svtad.lib.models import AppendOnlyModel, IntervalModel, PublicIdModel
from testphases.models import CapabilityRelease, TestScope


class ReleaseMatter(AppendOnlyModel):
    """A matter is about a release: whether Interface Testing is repeated (7.3), or a promotion of code (9.8)."""

    release = models.ForeignKey(CapabilityRelease, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.matter} of {self.release}"


class RepeatDocument(PublicIdModel, IntervalModel):
    """A document version that the DCC changed for a repeated Interface Testing of a release (7.3)."""

    release = models.ForeignKey(CapabilityRelease, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("release", "version"), condition=Q(valid_to__isnull=True), name="repeat_document_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} for {self.release}"


class CriterionAnswer(AppendOnlyModel):
    """Whether a criterion of the approach document is met in a phase, as the DCC recorded it: the last one holds."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    criterion = models.ForeignKey(EnteredCriterion, on_delete=models.PROTECT, related_name="+")
    met = models.BooleanField()
    reasons = models.CharField(max_length=400)
    evidence = models.ForeignKey(EvidenceItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.criterion}: {'met' if self.met else 'not met'}"
