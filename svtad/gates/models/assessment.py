"""Assessment: a judgement stored with the facts it rests on. Immutable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from svtad.governance.models import StoredFile
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from svtad.parties.models import Organisation
from testphases.models import TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class AssessmentQuerySet(AppendOnlyQuerySet):
    """Judgements by who may see them."""

    def visible_to(self, actor: Actor) -> AssessmentQuerySet:
        """Return what `actor` may see: of its own phases for a provider (findings filtered), none for a Supplier Party.

        A provider does not see the judgement of another provider's certificate.
        """
        if actor.sees_everything or actor.may("see_all_phases"):
            return self
        if not actor.may("see_own_phases"):
            return self.none()
        mine = self.filter(scope__in=TestScope.objects.visible_to(actor).values("pk"))
        if "DCC" in actor.organisation_kinds:
            return mine
        own = Organisation.objects.filter(pk__in=actor.organisation_pks).values("public_id")
        return mine.filter(models.Q(provider_id_text="") | models.Q(provider_id_text__in=own))


class Assessment(PublicIdModel, AppendOnlyModel):
    """One judgement of a scope at a step, under one edition, of the facts recorded until `as_at`.

    `facts` is the canonical JSON text whose SHA-256 (without the as-at moment) is `facts_sha256`, byte
    for byte what `python -m svtad.rulebook judge` takes. `until_now` tells a judgement of the present
    from one asked for a past moment. `provider_id_text` is the public id of the DCC Service Provider whose
    certificate it was made for, or empty for the whole scope.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    step = models.CharField(max_length=16)
    provider_id_text = models.CharField(max_length=22, blank=True)
    document = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    as_at = models.DateTimeField()
    until_now = models.BooleanField(default=True)
    facts = models.TextField()
    facts_sha256 = models.CharField(max_length=64, db_index=True)
    verdict = models.CharField(max_length=16)
    summary = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)
    trigger = models.CharField(max_length=20)
    is_synthetic = models.BooleanField(default=False)

    objects: ClassVar[Any] = AssessmentQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=("scope", "step", "-id"), name="assessment_latest"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.step} {self.verdict} {self.recorded_at:%Y-%m-%d %H:%M}"


class AssessmentFinding(AppendOnlyModel):
    """One finding of an assessment: a row a page can list, the whole finding beside it."""

    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="findings")
    position = models.PositiveSmallIntegerField()
    criterion = models.CharField(max_length=40)
    clause = models.CharField(max_length=40)
    verdict = models.CharField(max_length=16)
    data = models.JSONField()

    class Meta:
        ordering = ("assessment", "position")
        constraints = (models.UniqueConstraint(fields=("assessment", "position"), name="finding_position_once"),)

    def __str__(self) -> str:
        return f"{self.clause} {self.verdict}"


class FiledReport(PublicIdModel, AppendOnlyModel):
    """A report that exists: made from one assessment, kept as one file."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    job_id_text = models.CharField(max_length=22, unique=True)
    pages = models.PositiveIntegerField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.scope}"
