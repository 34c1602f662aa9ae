"""De-scoping of planned tests (12.6(a)): proposed as a matter, in effect only on final approval."""

from __future__ import annotations

from django.db import models

from svtad.governance.models import Decision, Matter
from svtad.lib.models import AppendOnlyModel, PublicIdModel
from testphases.models.plan import PlannedTest
from testphases.models.scopes import TestScope


class DescopeRequest(PublicIdModel):
    """A proposal to de-scope planned tests in exceptional circumstances."""

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    matter = models.OneToOneField(Matter, on_delete=models.PROTECT, related_name="+")
    justification = models.TextField()
    recorded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.matter.reference} de-scoping"


class DescopeItem(models.Model):
    """One planned test of a request."""

    request = models.ForeignKey(DescopeRequest, on_delete=models.PROTECT, related_name="items")
    planned_test = models.ForeignKey(PlannedTest, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (models.UniqueConstraint(fields=("request", "planned_test"), name="descope_item_once"),)

    def __str__(self) -> str:
        return f"{self.planned_test}"


class Descoping(AppendOnlyModel):
    """A planned test finally de-scoped, from `effective_at` on; `ran_and_failed` marks a contestable one."""

    planned_test = models.OneToOneField(PlannedTest, on_delete=models.PROTECT, related_name="descoping")
    request = models.ForeignKey(DescopeRequest, on_delete=models.PROTECT, related_name="descopings")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    ran_and_failed = models.BooleanField(default=False)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.planned_test} de-scoped"
