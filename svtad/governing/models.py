"""Governing documents, how their versions came into force, and what they leave open: the law that applies, as data."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.governance.models import Matter
from svtad.lib.models import IntervalModel, PublicIdModel
from svtad.rulebook.vocabulary import CriterionGate


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


class Route(models.TextChoices):
    """How a version of a document came to be (clauses 3 and 4)."""

    APPROVED = "APPROVED", "Approved by the Secretary of State (3.4)"
    DESIGNATED = "DESIGNATED", "Designated by the Secretary of State"
    DIRECTED = "DIRECTED", "Modified as the Secretary of State directed (4.1)"
    CONSULTED = "CONSULTED", "Modified after consultation (4.2)"
    MINOR = "MINOR", "Minor modification (4.3)"


class VersionStanding(PublicIdModel, IntervalModel):
    """How a version of a document came into force, and from which London day: entered with its source.

    `matter` is the matter by which it was decided, where there is one here. Interval-versioned in recorded time; one
    that was entered wrongly is taken back, and stays readable as of earlier moments.
    """

    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="standings")
    route = models.CharField(max_length=12, choices=Route.choices)
    decided_on = models.DateField()
    effective_from = models.DateField()
    source = models.CharField(max_length=300)
    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("version", "-valid_from")
        constraints = (
            models.UniqueConstraint(fields=("version",), condition=Q(valid_to__isnull=True), name="standing_once"),
            models.CheckConstraint(
                condition=Q(effective_from__gte=models.F("decided_on")), name="standing_in_effect_after_decided"
            ),
        )

    def __str__(self) -> str:
        return f"{self.version}, in effect from {self.effective_from:%Y-%m-%d}"


class EnteredCriterion(PublicIdModel, IntervalModel):
    """An Entry or Exit Criterion of a kind of Test Phase, entered from a version of its approach document (12.3)."""

    version = models.ForeignKey(DocumentVersion, on_delete=models.PROTECT, related_name="criteria")
    phase_kind = models.CharField(max_length=20)
    gate = models.CharField(max_length=5, choices=[(gate.value, gate.capitalize()) for gate in CriterionGate])
    clause = models.CharField(max_length=60)
    text = models.CharField(max_length=400)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("version", "phase_kind", "gate", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("version", "phase_kind", "gate", "clause"),
                condition=Q(valid_to__isnull=True),
                name="entered_criterion_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.version}, {self.clause}"
