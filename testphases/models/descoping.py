"""De-scoping of planned tests (12.6(a)): proposed as a matter, in effect only on final approval."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.db.models import Exists, OuterRef

from svtad.governance.models import Decision, Matter
from svtad.lib.models import AppendOnlyModel, AppendOnlyQuerySet, PublicIdModel
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


class DescopingQuerySet(AppendOnlyQuerySet):
    """De-scopings by whether they hold. What is recorded at a past moment is the counting statement's question."""

    def in_effect(self, moment: dt.datetime) -> DescopingQuerySet:
        """Return those that hold at `moment`, by what is recorded now."""
        ended = DescopingEnd.objects.filter(descoping=OuterRef("pk"), effective_at__lte=moment)
        return self.filter(~Exists(ended), effective_at__lte=moment)

    def standing(self) -> DescopingQuerySet:
        """Return those that no later decision ended, in effect already or not."""
        return self.filter(ended__isnull=True)


class Descoping(AppendOnlyModel):
    """A planned test finally de-scoped, from `effective_at` on; `ran_and_failed` marks a contestable one.

    It holds until a later decision on the same matter ends it (`DescopingEnd`). A test is de-scoped while any of its
    de-scopings holds.
    """

    planned_test = models.ForeignKey(PlannedTest, on_delete=models.PROTECT, related_name="descopings")
    request = models.ForeignKey(DescopeRequest, on_delete=models.PROTECT, related_name="descopings")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    ran_and_failed = models.BooleanField(default=False)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)

    objects: ClassVar[Any] = DescopingQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("planned_test", "decision"), name="descoping_once_per_decision"),
        )

    def __str__(self) -> str:
        return f"{self.planned_test} de-scoped"


class DescopingEnd(AppendOnlyModel):
    """That a de-scoping holds no longer from `effective_at` on: a later decision refused it, or corrects one."""

    descoping = models.OneToOneField(Descoping, on_delete=models.PROTECT, related_name="ended")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(blank=True)
    effective_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.descoping} no longer"
