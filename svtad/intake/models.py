"""ImportBatch and RowError: what was sent in, what it would change, what is wrong with it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.governance.models import Job, StoredFile
from svtad.lib.models import PublicIdModel
from svtad.parties.models import AudienceModel


class BatchState(models.TextChoices):
    """Where a batch is. Nothing of a batch is stored before COMMITTED, and then all of it."""

    RECEIVED = "RECEIVED", "Received"
    PREVIEWED = "PREVIEWED", "Previewed"
    COMMITTED = "COMMITTED", "Imported"
    REFUSED = "REFUSED", "Refused"
    CANCELLED = "CANCELLED", "Cancelled"


class ImportBatch(PublicIdModel, AudienceModel):
    """One file that somebody or some tool sent in for one scope."""

    importer = models.CharField(max_length=40, db_index=True)
    scope_id = models.CharField(max_length=22, db_index=True)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60)
    run_id = models.CharField(max_length=120, blank=True)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.RECEIVED)
    summary = models.JSONField(default=dict)
    error_count = models.PositiveIntegerField(default=0)
    refusal = models.TextField(blank=True)
    job = models.ForeignKey(Job, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)
    committed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(state="COMMITTED", committed_at__isnull=False)
                | (~Q(state="COMMITTED") & Q(committed_at__isnull=True)),
                name="batch_committed_has_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.importer} {self.file} {self.state}"


class RowError(models.Model):
    """One thing wrong with one row of a batch: the row (1-based; 0 for the file), the field, the reason."""

    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="row_errors")
    row = models.PositiveIntegerField()
    field = models.CharField(max_length=80, blank=True)
    value = models.CharField(max_length=200, blank=True)
    message = models.CharField(max_length=400)

    class Meta:
        ordering = ("row", "id")

    def __str__(self) -> str:
        return f"row {self.row}, {self.field}: {self.message}"
