"""Copies of the SIT reports for the Parties (13.17): of which package, made by which direction, and given when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from svtad.gates.models.assessment import FiledReport
from svtad.gates.models.evidence import EvidenceItem
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from testphases.models import TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class PartyCopiesQuerySet(AppendOnlyQuerySet):
    """Lists of redactions by who may see them."""

    def visible_to(self, actor: Actor) -> PartyCopiesQuerySet:
        """Return those whose matter `actor` may see: the DCC, the Panel, the Authority, the Secretary of State."""
        return self.filter(matter__in=Matter.objects.visible_to(actor).order_by().values("pk"))


class PartyCopies(PublicIdModel, AppendOnlyModel):
    """The reports of one package of 13.15(b) whose copies are for the Parties once the Panel directs it.

    Both lists, the DCC's and the Panel's, are decisions of `matter`. `package` is the decision by which the package
    was sent, None where none was sent yet. `report` is the Completion Report that was made here and from which the
    copy is made; None where the Completion Report came from elsewhere, so that the DCC brings the copy itself.
    `sections` are the places of that report that can be redacted, each `[key, title]`.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    package = models.ForeignKey(Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(FiledReport, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    audit = models.ForeignKey(EvidenceItem, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    sections = models.JSONField(default=list)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = PartyCopiesQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.matter.reference}: copies for the Parties"


class PartyCopy(PublicIdModel, AppendOnlyModel):
    """One copy as a direction of the Panel wants it, before it is given to anybody: one file of one report.

    `part` is COMPLETION_REPORT, ANNEX (with its `number`) or SIT_AUDIT_REPORT. `found` says of each row and each words
    of the list in how many places the report had them. `made_by` is the job that made it, or its own id where the DCC
    brought it; a job that runs again files once. The last of a part is the one that counts.
    """

    copies = models.ForeignKey(PartyCopies, on_delete=models.PROTECT, related_name="files")
    direction = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=20)
    number = models.PositiveIntegerField(default=0)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    source_sha256 = models.CharField(max_length=64)
    found = models.JSONField(default=dict)
    pages = models.PositiveIntegerField(default=0)
    made_by = models.CharField(max_length=22)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=("made_by", "part", "number"), name="party_copy_once"),)

    def __str__(self) -> str:
        return f"{self.part} for the Parties"


class SharedCopyQuerySet(AppendOnlyQuerySet):
    """Copies that the Parties were given, by who may open them."""

    def visible_to(self, actor: Actor) -> SharedCopyQuerySet:
        """Return those whose file `actor` may open."""
        return self.filter(file__in=StoredFile.objects.visible_to(actor).order_by().values("pk"))


class SharedCopy(PublicIdModel, AppendOnlyModel):
    """A copy that the Parties were given by one decision of the DCC. `file` has the same bytes, for their eyes."""

    copy = models.ForeignKey(PartyCopy, on_delete=models.PROTECT, related_name="+")
    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = SharedCopyQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=("copy", "decision"), name="shared_copy_once"),)

    def __str__(self) -> str:
        return f"{self.file} for the Parties"
