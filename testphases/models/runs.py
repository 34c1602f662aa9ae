"""Runs: append-only arrivals, the latest of each test kept beside them, and what tools sent that no plan knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models

from svtad.governance.models import StoredFile
from svtad.intake.models import ImportBatch
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, IntervalModel, PublicIdModel
from testphases.models.plan import PlannedTest, seen_through_plan
from testphases.models.scopes import TestScope

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class Outcome(models.TextChoices):
    """What a run came to. Only PASSED and FAILED are executions (rule 1)."""

    PASSED = "PASSED", "Passed"
    FAILED = "FAILED", "Failed"
    SKIPPED = "SKIPPED", "Skipped"
    IMPEDED = "IMPEDED", "Impeded"


class ComponentVersionSet(PublicIdModel):
    """The versions of the software and firmware a run was on, named by the hash of its content."""

    digest = models.CharField(max_length=64, unique=True)
    label = models.CharField(max_length=120)
    components = models.JSONField(default=dict)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("label",)

    def __str__(self) -> str:
        return self.label


class StageExitVersions(IntervalModel):
    """The version set frozen as the stage-exit one of a scope (Table 13.1 row 2)."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="stage_exit_versions")
    version_set = models.ForeignKey(ComponentVersionSet, on_delete=models.PROTECT, related_name="+")
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("scope",), condition=models.Q(valid_to__isnull=True), name="stage_exit_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.scope}: {self.version_set}"


class TestRunQuerySet(AppendOnlyQuerySet):
    """Runs by who may see them."""

    def visible_to(self, actor: Actor) -> TestRunQuerySet:
        """Return the runs of the planned tests that `actor` may see."""
        return self.filter(seen_through_plan(actor, "planned_test"))


class TestRun(AppendOnlyModel):
    """One result of one planned test, as it arrived. `run_key` makes the same arrival arrive once.

    `occurred_at` is when it ran: the latest by it is the current result, so a late import does not win.
    """

    # No index of its own: `run_latest` begins with it, and every index costs each import.
    planned_test = models.ForeignKey(PlannedTest, on_delete=models.PROTECT, related_name="runs", db_index=False)
    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+", db_index=False)
    run_key = models.CharField(max_length=64, unique=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    occurred_at = models.DateTimeField()
    time_uncertain = models.BooleanField(default=False)
    recorded_at = models.DateTimeField()
    batch = models.ForeignKey(ImportBatch, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField(default=0)
    version_set = models.ForeignKey(
        ComponentVersionSet, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    evidence = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    no_file_needed = models.CharField(max_length=200, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    message = models.CharField(max_length=400, blank=True)
    tester = models.CharField(max_length=120, blank=True)
    environment = models.CharField(max_length=80, blank=True)

    objects: ClassVar[Any] = TestRunQuerySet.as_manager()

    class Meta:
        indexes = (
            # In the very order that makes a run the latest, so that a past moment is judged by look-ups.
            models.Index(fields=("planned_test", "-occurred_at", "outcome", "-id"), name="run_latest"),
            models.Index(fields=("scope", "-id"), name="run_scope"),
        )

    def __str__(self) -> str:
        return f"{self.planned_test_id} {self.outcome} {self.occurred_at:%Y-%m-%d %H:%M}"


class ResultArrival(AppendOnlyModel):
    """A run of results that has arrived: its scope, source and run id (else its file's SHA-256).

    What is not here has never arrived, so none of its run keys is there either and its results can be
    taken in without looking for each.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60)
    run = models.CharField(max_length=400)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=("scope", "source", "run"), name="arrival_once"),)

    def __str__(self) -> str:
        return f"{self.source} {self.run}"


class LatestRun(models.Model):
    """The current result of a planned test, kept in step with the runs for speed; derived, never the truth.

    `execution` is the latest execution (passed or failed, not void) by when it ran; at the very same moment a
    failure comes before a pass, so that no pass hides it. `last_attempt` is the latest arrival of any outcome.
    The other columns are copies of theirs. The database does not check the keys here: they are copies of keys that
    it checks in the same transaction, and checking them again would cost an import as much as the runs themselves.
    """

    planned_test = models.OneToOneField(
        PlannedTest, primary_key=True, on_delete=models.PROTECT, related_name="latest", db_constraint=False
    )
    scope = models.ForeignKey(
        TestScope, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    execution = models.ForeignKey(
        TestRun, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    outcome = models.CharField(max_length=8, blank=True)
    occurred_at = models.DateTimeField(null=True)
    version_set = models.ForeignKey(
        ComponentVersionSet, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    evidence = models.ForeignKey(
        StoredFile, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    no_file_needed = models.BooleanField(default=False)
    last_attempt = models.ForeignKey(
        TestRun, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    attempted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.planned_test_id}: {self.outcome or 'not run'}"


class RunVoid(AppendOnlyModel):
    """A run declared void with a reason; from `recorded_at` on it is no execution."""

    run = models.OneToOneField(TestRun, on_delete=models.PROTECT, related_name="void")
    reason = models.CharField(max_length=400)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"run {self.run_id} void"


class RunAssurance(AppendOnlyModel):
    """The DCC assured a run as passed (9.5(b))."""

    run = models.OneToOneField(TestRun, on_delete=models.PROTECT, related_name="assurance")
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"run {self.run_id} assured"


class RunEvidence(AppendOnlyModel):
    """Evidence that came after a run was recorded: a stored file, or why none is needed (12.6(d))."""

    run = models.ForeignKey(TestRun, on_delete=models.PROTECT, related_name="later_evidence")
    file = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    no_file_needed = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(file__isnull=False, no_file_needed="")
                | (models.Q(file__isnull=True) & ~models.Q(no_file_needed="")),
                name="run_evidence_file_or_reason",
            ),
        )

    def __str__(self) -> str:
        return f"evidence of run {self.run_id}"


class UnmatchedResultQuerySet(models.QuerySet[Any]):
    """Unmatched results by state and by who may see them."""

    def unresolved(self) -> UnmatchedResultQuerySet:
        """Return those that are neither recorded as a run since nor dismissed."""
        return self.filter(resolved_at__isnull=True)

    def visible_to(self, actor: Actor) -> UnmatchedResultQuerySet:
        """Return those in files that `actor` may see, of phases that it may see."""
        batches = ImportBatch.objects.visible_to(actor).values("pk")
        return self.filter(scope__in=TestScope.objects.visible_to(actor), batch__in=batches)


class UnmatchedResult(PublicIdModel):
    """A result whose test no plan of the scope knows: reported, never dropped.

    `resolved_at` is set when a later plan let it be recorded as a run, or a person dismissed it with a reason.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="+")
    run_key = models.CharField(max_length=64, unique=True)
    position = models.PositiveIntegerField()
    external_id = models.CharField(max_length=300, db_index=True)
    dmc_reference = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    occurred_at = models.DateTimeField()
    reason = models.CharField(max_length=200)
    payload = models.JSONField(default=dict)
    recorded_at = models.DateTimeField(db_index=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolution = models.CharField(max_length=200, blank=True)

    objects = UnmatchedResultQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.external_id
