"""TestStage (12.4): a part of a Test Phase, with what is planned of it, its own gates and how it went."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from svtad.lib.models import AppendOnlyModel, IntervalModel, PublicIdModel
from svtad.rulebook.vocabulary import CriterionGate, StageState
from testphases.models.scopes import TestScope

STAGE_STATES = [(state.value, state.capitalize()) for state in StageState]


class TestStage(PublicIdModel):
    """A part of a Test Phase that may run beside or after others (clause 12.4).

    `kind` is the key of a stage that the governing edition gives every phase of its kind (the Solution Test of SIT),
    empty for one of the DCC's own. `state` is where it is now.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="stages")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=STAGE_STATES, default=StageState.PLANNED.value)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("scope", "position", "id")
        constraints = (
            models.UniqueConstraint(fields=("scope", "name"), name="stage_name_once"),
            models.UniqueConstraint(fields=("scope", "kind"), condition=~Q(kind=""), name="stage_kind_once"),
        )

    def __str__(self) -> str:
        return self.name


class StagePlan(IntervalModel):
    """What the test plan says of a stage from one recorded moment to another: its days, and whether it has gates.

    `test_plan` is where that is specified (12.4); needed where there is a gate.
    """

    stage = models.ForeignKey(TestStage, on_delete=models.PROTECT, related_name="plans")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    has_entry_gate = models.BooleanField(default=False)
    has_exit_gate = models.BooleanField(default=False)
    test_plan = models.CharField(max_length=300, blank=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("stage",), condition=Q(valid_to__isnull=True), name="stage_plan_once"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="stage_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(has_entry_gate=False, has_exit_gate=False) | ~Q(test_plan=""),
                name="stage_gate_has_its_plan",
            ),
        )

    def __str__(self) -> str:
        return f"Plan of {self.stage}"


class StageStateChange(AppendOnlyModel):
    """A move of a stage from one state to another, and what its gate was judged by, where it has one."""

    stage = models.ForeignKey(TestStage, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=8, choices=STAGE_STATES)
    to_state = models.CharField(max_length=8, choices=STAGE_STATES)
    reason = models.TextField(blank=True)
    criteria = models.JSONField(default=list)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.stage}: {self.to_state}"


class StageCriterion(PublicIdModel, IntervalModel):
    """An Entry or Exit Criterion of a stage, as the test plan has it (12.4)."""

    stage = models.ForeignKey(TestStage, on_delete=models.PROTECT, related_name="criteria")
    gate = models.CharField(max_length=5, choices=[(gate.value, gate.capitalize()) for gate in CriterionGate])
    clause = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=400)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("stage", "gate", "pk")

    def __str__(self) -> str:
        return f"{self.clause} {self.text}".strip()


class StageAnswer(AppendOnlyModel):
    """Whether a stage's criterion is met, with the reasons: the last one holds."""

    criterion = models.ForeignKey(StageCriterion, on_delete=models.PROTECT, related_name="answers")
    met = models.BooleanField()
    reasons = models.CharField(max_length=400)
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.criterion}: {'met' if self.met else 'not met'}"
