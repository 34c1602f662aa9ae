"""TestingIssue and its append-only history: states, severities, attributions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from svtad.devices.models import DeviceModelCombination
from svtad.governance.models import Decision, StoredFile
from svtad.intake.models import ImportBatch
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
from svtad.parties.audiences import visible_audience_ids
from svtad.parties.models import Organisation
from testphases.models import TestRun, TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class IssueState(models.TextChoices):
    """The life of a Testing Issue. Open is all but CLOSED and REJECTED (rule 5)."""

    RAISED = "RAISED", "Raised"
    DETERMINED = "DETERMINED", "Determined"
    IN_FIX = "IN_FIX", "In fix"
    FIXED = "FIXED", "Fixed"
    RETEST = "RETEST", "In retest"
    CLOSED = "CLOSED", "Closed"
    REJECTED = "REJECTED", "Rejected"


class Cause(models.TextChoices):
    """What the issue has arisen from (13.19). Empty: not yet determined."""

    UNDETERMINED = "", "Not yet determined"
    DCC_SYSTEM = "DCC_SYSTEM", "Modified DCC Total System (one provider's part)"
    DCC = "DCC", "The DCC itself"
    DEVICE = "DEVICE", "Device"
    PARTICIPANT = "PARTICIPANT", "Testing Participant"
    OTHER = "OTHER", "Other"


#: Causes outside the DCC and the Modified DCC Total System (13.19): an issue leaves the count by one.
NOT_DCC_CAUSES = (Cause.DEVICE.value, Cause.PARTICIPANT.value, Cause.OTHER.value)


class TestingIssueQuerySet(models.QuerySet[Any]):
    """Issues by state and by who may see them."""

    def open(self) -> TestingIssueQuerySet:
        """Return the issues not finally closed."""
        return self.exclude(state__in=(IssueState.CLOSED, IssueState.REJECTED))

    def visible_to(self, actor: Actor) -> TestingIssueQuerySet:
        """Return what `actor` may see.

        All for those who govern and for the DCC's own tooling; a DCC Service Provider what it raised
        or answers for; anyone else what its organisation raised.
        """
        if actor.sees_everything or actor.may("see_all_issues"):
            return self
        if actor.may("see_own_phases") and "DCC" in actor.organisation_kinds:
            return self
        own = Q(raised_by_id__in=actor.organisation_pks)
        if actor.may("see_own_phases"):
            own |= Q(provider_id__in=actor.organisation_pks)
        return self.filter(own)


class TestingIssue(PublicIdModel):
    """A Testing Issue raised in a scope. Never deleted; the current columns are kept in step by the actions."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=64, unique=True)
    source = models.CharField(max_length=60, default="product")
    external_id = models.CharField(max_length=120)
    title = models.CharField(max_length=300)
    description = models.TextField(blank=True)
    raised_by = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    dmc = models.ForeignKey(DeviceModelCombination, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    functional_group = models.CharField(max_length=120, blank=True)
    environment = models.CharField(max_length=80, blank=True)
    requirement = models.CharField(max_length=120, blank=True, default="", db_default="")
    batch = models.ForeignKey(ImportBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)
    is_synthetic = models.BooleanField(default=False)
    # The current picture, derived from the append-only rows below and tested equal to them.
    state = models.CharField(max_length=10, choices=IssueState.choices, default=IssueState.RAISED, db_index=True)
    severity = models.CharField(max_length=4, blank=True, db_index=True)
    priority = models.CharField(max_length=20, blank=True)
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True, default="")
    provider = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = TestingIssueQuerySet.as_manager()
    #: Who reworded what, and when. It judges nothing: what a judgement rests on is in the append-only rows.
    history = HistoricalRecords(
        excluded_fields=[
            "state", "severity", "priority", "cause", "provider",
            "scope", "source", "external_id", "raised_by", "batch", "recorded_by", "is_synthetic",
        ]
    )  # fmt: skip

    class Meta:
        ordering = ("reference",)
        constraints = (models.UniqueConstraint(fields=("source", "external_id"), name="issue_external_once"),)
        indexes = (models.Index(fields=("scope", "state", "provider", "severity"), name="issue_count"),)

    def __str__(self) -> str:
        return self.reference


class SeverityDetermination(PublicIdModel, AppendOnlyModel):
    """A severity (and priority) determined for an issue, by the DCC (H14.39(a)) or by a body's decision."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="severities")
    severity = models.CharField(max_length=4)
    priority = models.CharField(max_length=20, blank=True)
    body = models.CharField(max_length=12, default="DCC")
    reasons = models.TextField(blank=True)
    decision = models.ForeignKey(Decision, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    occurred_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)
    #: The tracker that said so; "" where a person of the DCC or a body determined it.
    mirrored_from = models.CharField(max_length=60, blank=True, default="", db_default="")

    class Meta:
        ordering = ("issue", "effective_at", "id")

    def __str__(self) -> str:
        return f"{self.issue}: severity {self.severity}"


class Attribution(PublicIdModel, AppendOnlyModel):
    """Whose the issue is and what caused it, with reasons; leaving the count by it is listed (rule 4)."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="attributions")
    cause = models.CharField(max_length=12, choices=Cause.choices, blank=True)
    provider = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reasons = models.TextField(blank=True)
    occurred_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)
    #: The tracker that said so; "" where a person of the DCC or a body determined it.
    mirrored_from = models.CharField(max_length=60, blank=True, default="", db_default="")

    class Meta:
        ordering = ("issue", "effective_at", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(cause__in=("", "DCC_SYSTEM", "DCC")) | ~Q(reasons=""), name="attribution_away_has_reasons"
            ),
        )

    def __str__(self) -> str:
        return f"{self.issue}: {self.cause or 'undetermined'}"


class IssueStateChange(PublicIdModel, AppendOnlyModel):
    """A move of an issue from one state to another; rejecting one needs reasons."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=10, choices=IssueState.choices, blank=True)
    to_state = models.CharField(max_length=10, choices=IssueState.choices)
    reasons = models.TextField(blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)
    #: The tracker that said so; "" where a person of the DCC or a body determined it.
    mirrored_from = models.CharField(max_length=60, blank=True, default="", db_default="")

    class Meta:
        ordering = ("issue", "occurred_at", "id")
        constraints = (
            models.CheckConstraint(condition=~Q(to_state="REJECTED") | ~Q(reasons=""), name="rejected_has_reasons"),
            models.CheckConstraint(condition=~Q(from_state=F("to_state")), name="state_change_moves"),
        )

    def __str__(self) -> str:
        return f"{self.issue}: {self.to_state}"


class IssueRunLink(models.Model):
    """The issue showed in this run."""

    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="run_links")
    run = models.ForeignKey(TestRun, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issue", "run"), name="issue_run_once"),)

    def __str__(self) -> str:
        return f"{self.issue} in run {self.run_id}"


class IssueLogQuerySet(AppendOnlyQuerySet):
    """Logs by who may see their file."""

    def visible_to(self, actor: Actor) -> IssueLogQuerySet:
        """Return the logs whose file `actor` may see."""
        return self.filter(file__audience_id__in=visible_audience_ids(actor))


class IssueLog(PublicIdModel, AppendOnlyModel):
    """The Testing Issue log of a scope as produced at a moment (9.2, 12.6(e)), with what it covers."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    issue_count = models.PositiveIntegerField()
    covers_to = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[models.Manager[Any]] = IssueLogQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"log of {self.scope}, {self.issue_count} issues"
