"""Stored files and their checks."""

from __future__ import annotations

from django.db import models

from svtad.lib.models import AppendOnlyModel, PublicIdModel
from svtad.parties.models import AudienceModel


class StoredFile(PublicIdModel, AudienceModel):
    """Bytes kept by their SHA-256, written to storage before this row names them."""

    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=120)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64, db_index=True)
    purpose = models.CharField(max_length=40)
    redaction_set = models.CharField(max_length=40, blank=True)
    is_synthetic = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.name


class FileCheck(AppendOnlyModel):
    """One re-reading of a stored file: whether its bytes still have the hash they were stored under."""

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="checks")
    intact = models.BooleanField()
    found_sha256 = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.file}: {'intact' if self.intact else 'not intact'}"
