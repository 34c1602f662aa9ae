"""Matters, and what bodies decide on them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from svtad.governance.models.files import StoredFile
from svtad.lib.models import AppendOnlyModel, PublicIdModel
from svtad.parties.models import AudienceModel


class Matter(PublicIdModel, AudienceModel):
    """Something put before a body under one procedure of the rulebook.

    The app that owns the subject points down at the matter; the matter's state follows from its
    decisions, so that the state at any past moment can be read back. `put_forward_by` are the public ids of the people
    who opened it or recorded a step that brought it before a body, a deputy and the member both: none of them records
    what another body decides on it. The system is nobody. `data` and `attachment` are what the procedure wants of
    whoever opens it, by the keys of its requirements; `received_on` is the London day from which the window for
    opening it runs, where the clause sets one.
    """

    reference = models.CharField(max_length=40, unique=True)
    procedure = models.CharField(max_length=40, db_index=True)
    document = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=300)
    proposer = models.CharField(max_length=12)
    rationale = models.TextField(blank=True)
    data = models.JSONField(default=dict, blank=True)
    attachment = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    received_on = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=30)
    scope_id = models.CharField(max_length=22, blank=True, db_index=True)
    is_synthetic = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)
    put_forward_by = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class Decision(PublicIdModel, AppendOnlyModel):
    """What a body decided on a matter, with the three times that law keeps apart.

    `decided_at` is when the body decided, `effective_at` from when it holds, `notified_at` when it was
    told. A wrong record is never edited: a new decision supersedes it. `out_of_order` marks a determination
    of the Panel or the Secretary of State that no step listed from that state (rule 16); `missing` says in
    words what the procedure wanted before the step and did not have.
    """

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="decisions")
    sequence = models.PositiveIntegerField()
    body = models.CharField(max_length=12)
    outcome = models.CharField(max_length=30)
    from_state = models.CharField(max_length=30)
    to_state = models.CharField(max_length=30)
    clause = models.CharField(max_length=60)
    rationale = models.TextField(blank=True)
    data = models.JSONField(default=dict)
    document = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    meeting = models.CharField(max_length=120, blank=True)
    against_computed = models.BooleanField(default=False)
    out_of_order = models.BooleanField(default=False)
    missing = models.JSONField(default=list)
    supersedes = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(db_index=True)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("matter", "sequence")
        constraints = (
            models.UniqueConstraint(fields=("matter", "sequence"), name="decision_sequence_once"),
            models.CheckConstraint(
                condition=Q(notified_at__isnull=True) | Q(notified_at__gte=F("decided_at")),
                name="decision_notified_after_decided",
            ),
        )

    def __str__(self) -> str:
        return f"{self.matter.reference} {self.body}: {self.outcome}"


class ViewRequest(PublicIdModel, AppendOnlyModel):
    """A body was asked for its view on a matter, in the round that began with the decision numbered `round`."""

    matter = models.ForeignKey(Matter, on_delete=models.PROTECT, related_name="view_requests")
    body = models.CharField(max_length=12)
    clause = models.CharField(max_length=60)
    what = models.CharField(max_length=300)
    round = models.PositiveIntegerField()
    respond_by = models.DateField(null=True, blank=True)
    asked_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.matter.reference}: {self.body} asked"


class View(PublicIdModel, AppendOnlyModel):
    """What a body said when it was asked; `is_none` records that it gave no view by the date. The last one holds.

    `given_by` is who gave it for the body. `is_remark` marks what a member said for themselves: it stands beside the
    body's view and is none.
    """

    request = models.ForeignKey(ViewRequest, on_delete=models.PROTECT, related_name="views")
    text = models.TextField(blank=True)
    is_none = models.BooleanField(default=False)
    is_remark = models.BooleanField(default=False)
    given_by = models.CharField(max_length=200, blank=True)
    document = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)
        constraints = (
            models.CheckConstraint(condition=Q(is_none=True) | ~Q(text=""), name="view_says_something_or_none"),
            models.CheckConstraint(condition=Q(is_none=False) | Q(is_remark=False), name="view_remark_says_something"),
        )

    def __str__(self) -> str:
        return f"{self.request}: {'no view' if self.is_none else 'view given'}"


class ReferenceCounter(models.Model):
    """The last number given out under a prefix. Prefixes never span Suppliers."""

    prefix = models.CharField(max_length=60, unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}{self.last}"
