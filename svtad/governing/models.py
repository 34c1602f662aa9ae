"""GoverningDocument, DocumentVersion and Parameter: the law that applies, as data."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.lib.models import IntervalModel, PublicIdModel


class GoverningDocument(PublicIdModel):
    """A document that governs testing: the SVTAD, a Testing Approach Document, the next release's."""

    code = models.SlugField(max_length=40, unique=True)
    title = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.code


class DocumentVersion(PublicIdModel):
    """One version of a document. `edition` names the rulebook's module for it, or is empty where none is held."""

    document = models.ForeignKey(GoverningDocument, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=20)
    edition = models.CharField(max_length=60, blank=True)
    effective_from = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("document", "version")
        constraints = (models.UniqueConstraint(fields=("document", "version"), name="document_version_once"),)

    def __str__(self) -> str:
        return f"{self.document} v{self.version}"


class Parameter(PublicIdModel, IntervalModel):
    """A number or a reading that the document leaves open, set by an administrator with its source.

    Empty means CANNOT_EVALUATE, never a guess. Interval-versioned in recorded time.
    """

    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="parameters")
    key = models.CharField(max_length=80, db_index=True)
    value = models.JSONField()
    source = models.CharField(max_length=300)
    approver = models.CharField(max_length=200)
    effective_from = models.DateField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("version", "key", "-valid_from")
        constraints = (
            models.UniqueConstraint(
                fields=("version", "key", "effective_from"), condition=Q(valid_to__isnull=True), name="parameter_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.key}"
