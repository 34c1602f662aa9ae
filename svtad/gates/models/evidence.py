"""EvidenceItem: a hashed file (and what it states) that an evidence-type criterion hangs on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from svtad.governance.models import Matter, StoredFile
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from svtad.parties.models import Organisation
from testphases.models import TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class EvidenceItemQuerySet(AppendOnlyQuerySet):
    """Evidence by who may see it."""

    def visible_to(self, actor: Actor) -> EvidenceItemQuerySet:
        """Return what `actor` may see: all for those who govern, its own for a provider, none for a Supplier Party.

        A member of TAG sees an assurance report only once TAB has approved it (9.6).
        """
        if actor.sees_everything:
            return self
        if actor.may("see_all_phases"):
            if "tag" not in actor.audience_keys or actor.audience_keys & {"dcc", "tab"}:
                return self
            unapproved = models.Q(kind="ASSURANCE_REPORT") & ~models.Q(
                matter__state__in=("APPROVED", "SHARED_WITH_TAG")
            )
            return self.exclude(unapproved)
        if actor.may("see_own_phases"):
            visible = TestScope.objects.visible_to(actor).values("pk")
            if "DCC" in actor.organisation_kinds:
                return self.filter(scope__in=visible)
            return self.filter(scope__in=visible, provider_id__in=actor.organisation_pks)
        return self.none()


class EvidenceItem(PublicIdModel, AppendOnlyModel):
    """A document of a named kind attached to a scope, of one provider where the kind is per provider.

    `state` is how far it had come when it was attached; its reviews, or the decisions of `matter` (9.6),
    take it on from there. `statements` holds what the document states, key by key (the six readiness
    items of 12.5(d), the SIT Auditor's confirmations of 19.4).
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=40, db_index=True)
    provider = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=20)
    statements = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    matter = models.OneToOneField(Matter, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = EvidenceItemQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.kind} {self.file}"


class EvidenceReview(AppendOnlyModel):
    """The DCC's answer to a piece of evidence: a test plan signed off (12.5(a)), a 9.4 report accepted or returned."""

    item = models.ForeignKey(EvidenceItem, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=20)
    reasons = models.CharField(max_length=400, blank=True)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="RETURNED") | ~models.Q(reasons=""), name="evidence_returned_has_reasons"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.state}"


class EvidenceWithdrawal(AppendOnlyModel):
    """An item of evidence withdrawn with a reason; from `recorded_at` on it proves nothing."""

    item = models.OneToOneField(EvidenceItem, on_delete=models.PROTECT, related_name="withdrawal")
    reason = models.CharField(max_length=400)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.item} withdrawn"
