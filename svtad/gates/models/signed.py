"""What leaves the product signed: papers of certificates, sealed decision packs, and by which certificate each was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from svtad.gates.models.assessment import Assessment
from svtad.gates.models.papers import TestCompletionCertificate
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from testphases.models import TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class SigningCertificate(AppendOnlyModel):
    """The X.509 certificate of a key that signed something: public, kept for good, so that rotation loses nothing."""

    fingerprint = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    pem = models.TextField()
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.name} {self.fingerprint[:16]}"


class CertificatePaper(PublicIdModel, AppendOnlyModel):
    """A Test Completion Certificate as a PDF, made when the DCC issued it or issued it again.

    `issue` is the decision that it is the paper of, `before` the paper that it takes the place of. Without a `signer`
    no key was set up when it was made, and the paper says so. The last paper of the last issue is the one that counts.
    """

    certificate = models.ForeignKey(TestCompletionCertificate, on_delete=models.PROTECT, related_name="papers")
    issue = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    signer = models.ForeignKey(SigningCertificate, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    before = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    job_id_text = models.CharField(max_length=22, unique=True)
    pages = models.PositiveIntegerField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.certificate.number}, paper of {self.recorded_at:%Y-%m-%d}"


class SealedPackQuerySet(AppendOnlyQuerySet):
    """Packs by who may see them."""

    def visible_to(self, actor: Actor) -> SealedPackQuerySet:
        """Return the packs whose file `actor` may open, if it sees whole phases."""
        if not (actor.sees_everything or actor.may("see_all_phases")):
            return self.none()
        return self.filter(file__in=StoredFile.objects.visible_to(actor).order_by().values("pk"))


class SealedPack(PublicIdModel, AppendOnlyModel):
    """A decision's inputs, findings, documents and audit trail in one zip, and the signature that seals it.

    `matter` is set where it was asked for of a matter (the completion of SIT).
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+")
    matter = models.ForeignKey(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    signature = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    signer = models.ForeignKey(SigningCertificate, on_delete=models.PROTECT, related_name="+")
    members = models.PositiveIntegerField()
    job_id_text = models.CharField(max_length=22, unique=True)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = SealedPackQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.scope}: sealed decision pack"
