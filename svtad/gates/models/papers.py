"""Certificates, approvals to proceed and Work Off Plans. Their states are their matters' decisions."""

from __future__ import annotations

from django.db import models

from issues.models import TestingIssue
from svtad.gates.models.assessment import Assessment
from svtad.governance.models import Matter, StoredFile
from svtad.lib.models import AppendOnlyModel, PublicIdModel
from svtad.parties.models import Organisation
from testphases.models import TestRun, TestScope


class TestCompletionCertificate(PublicIdModel):
    """A certificate for one DCC Service Provider in one scope: TAB approves, the DCC issues, TAB may revoke."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    assessment = models.ForeignKey(Assessment, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(max_length=40, unique=True)
    recorded_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("scope", "provider"), name="certificate_once"),)

    def __str__(self) -> str:
        return self.number


class ApprovalToProceed(PublicIdModel):
    """The approval to proceed certificate of a scope (12.5(e))."""

    scope = models.OneToOneField(TestScope, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.matter.reference}: proceed with {self.scope}"


class WorkOffPlan(PublicIdModel):
    """The plan for the open issues of one provider at the exit of a scope (15.1); TAB approves it.

    `file` is the plan as it was drawn up, which is what TAB approves. A plan is never added to: issues that
    come to be open later go into a further plan.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    provider = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.matter.reference} Work Off Plan"


class CorrectionPlan(PublicIdModel):
    """A correction plan for a Work Off Plan that will be late (15.2): its days are its matter's PRESENT, by issue."""

    plan = models.ForeignKey(WorkOffPlan, on_delete=models.PROTECT, related_name="corrections")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.matter.reference} correction plan"


class WorkOffPlanItem(models.Model):
    """One open issue of a plan, with the severity it had then. Its dates follow from 15.1 or are TAB's decision."""

    plan = models.ForeignKey(WorkOffPlan, on_delete=models.PROTECT, related_name="items")
    issue = models.ForeignKey(TestingIssue, on_delete=models.PROTECT, related_name="+")
    severity = models.CharField(max_length=4, blank=True)
    resolution = models.TextField(blank=True)
    recorded_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("plan", "id")
        constraints = (models.UniqueConstraint(fields=("plan", "issue"), name="plan_item_once"),)

    def __str__(self) -> str:
        return f"{self.plan}: {self.issue}"


class WorkOffPlanItemChange(AppendOnlyModel):
    """An item closed, re-run with success (12.6(h)), or opened again by a failed re-run."""

    item = models.ForeignKey(WorkOffPlanItem, on_delete=models.PROTECT, related_name="changes")
    state = models.CharField(max_length=12)
    run = models.ForeignKey(TestRun, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=400, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)
    recorded_by = models.CharField(max_length=200)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(state="RERUN_PASSED") | models.Q(run__isnull=False), name="rerun_names_its_run"
            ),
        )

    def __str__(self) -> str:
        return f"{self.item}: {self.state}"
