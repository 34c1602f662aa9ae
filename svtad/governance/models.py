"""Matter, Decision, Job, StoredFile, FileCheck and NonWorkingDayOverride."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from svtad.lib.models import AppendOnlyModel, IntervalModel, PublicIdModel
from svtad.parties.models import AudienceModel, Person


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


class Matter(PublicIdModel, AudienceModel):
    """Something put before a body under one procedure of the rulebook.

    The app that owns the subject points down at the matter; the matter's state follows from its
    decisions, so that the state at any past moment can be read back.
    """

    reference = models.CharField(max_length=40, unique=True)
    procedure = models.CharField(max_length=40, db_index=True)
    document = models.CharField(max_length=40)
    version = models.CharField(max_length=20)
    title = models.CharField(max_length=300)
    proposer = models.CharField(max_length=12)
    rationale = models.TextField(blank=True)
    state = models.CharField(max_length=30)
    scope_id = models.CharField(max_length=22, blank=True, db_index=True)
    is_synthetic = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"


class Decision(PublicIdModel, AppendOnlyModel):
    """What a body decided on a matter, with the three times that law keeps apart.

    `decided_at` is when the body decided, `effective_at` from when it holds, `notified_at` when it was
    told. A wrong record is never edited: a new decision supersedes it.
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


class JobState(models.TextChoices):
    """Where a job is."""

    QUEUED = "QUEUED", "Waiting"
    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


class Job(PublicIdModel, AudienceModel):
    """A piece of long work. The row is the truth; the broker only wakes a worker.

    A worker holds the job by a lease that its progress extends. A sweep queues a job again whose
    lease ran out, so that a killed worker loses nothing; `unique_key` keeps two of the same apart.
    """

    kind = models.CharField(max_length=40, db_index=True)
    unique_key = models.CharField(max_length=120, blank=True)
    title = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    progress_done = models.PositiveIntegerField(default=0)
    progress_total = models.PositiveIntegerField(default=0)
    progress_message = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    lease_token = models.CharField(max_length=22, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    woken_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True)
    requested_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "unique_key"),
                condition=Q(state__in=("QUEUED", "RUNNING")) & ~Q(unique_key=""),
                name="job_once_while_open",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id} {self.state}"


class NonWorkingDayOverride(IntervalModel):
    """A day that the published holiday list gets wrong, added or taken away by an administrator.

    Interval-versioned in recorded time: a day proclaimed later changes no past verdict.
    """

    jurisdiction = models.CharField(max_length=8, default="ENG")
    day = models.DateField()
    is_working_day = models.BooleanField()
    reason = models.CharField(max_length=200)
    source = models.CharField(max_length=200)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("day",)
        constraints = (
            models.UniqueConstraint(
                fields=("jurisdiction", "day"), condition=Q(valid_to__isnull=True), name="override_once_per_day"
            ),
        )

    def __str__(self) -> str:
        return f"{self.day} {'working' if self.is_working_day else 'not working'}"


class ReferenceCounter(models.Model):
    """The last number given out under a prefix. Prefixes never span Suppliers."""

    prefix = models.CharField(max_length=60, unique=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.prefix}{self.last}"


__all__ = [
    "Decision",
    "FileCheck",
    "Job",
    "JobState",
    "Matter",
    "NonWorkingDayOverride",
    "ReferenceCounter",
    "StoredFile",
]
