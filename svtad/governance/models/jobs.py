"""Long work."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.lib.models import PublicIdModel
from svtad.parties.models import AudienceModel, Person


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
