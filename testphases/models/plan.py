"""Planned tests: identity apart from the versions of what is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from svtad.devices.models import DeviceModelCombination
from svtad.lib.models import IntervalModel, IntervalQuerySet, PublicIdModel
from svtad.parties.models import Organisation
from testphases.models.scopes import Programme, TestScope
from testphases.models.stages import TestStage

if TYPE_CHECKING:
    from svtad.parties.actors import Actor


class TestKind(models.TextChoices):
    """Functional or regression: Table 13.1 row 1 or row 2."""

    FUNCTIONAL = "FUNCTIONAL", "Functional"
    REGRESSION = "REGRESSION", "Regression"


class InstallationType(models.TextChoices):
    """What the SMETS1 Installation under test is."""

    ANY = "", "Not stated"
    DORMANT = "DORMANT", "Dormant"
    ACTIVE = "ACTIVE", "Active"
    MIXED = "MIXED", "Mixed"


class TestDefinition(PublicIdModel):
    """A test as its author's tool knows it: named by the source and the tool's own id."""

    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60)
    external_id = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ("external_id",)
        constraints = (models.UniqueConstraint(fields=("programme", "source", "external_id"), name="definition_once"),)

    def __str__(self) -> str:
        return self.external_id


def seen_through_plan(actor: Actor, path: str) -> Q:
    """Return the condition that the planned test at `path` ("" for itself) is one that `actor` may see.

    All for those who govern and for the DCC; for a DCC Service Provider those that are planned for it now,
    in phases it takes part in.
    """
    prefix = f"{path}__" if path else ""
    seen = Q(**{f"{prefix}scope__in": TestScope.objects.visible_to(actor)})
    if actor.sees_everything or actor.may("see_all_phases") or "DCC" in actor.organisation_kinds:
        return seen
    current = PlannedTestVersion.objects.current()
    own = current.filter(provider_id__in=actor.organisation_pks).values("planned_test_id")
    return seen & Q(**{f"{prefix}pk__in": own})


class PlannedTestQuerySet(models.QuerySet[Any]):
    """Planned tests by who may see them."""

    def visible_to(self, actor: Actor) -> PlannedTestQuerySet:
        """Return the planned tests that `actor` may see."""
        return self.filter(seen_through_plan(actor, ""))


class PlannedTest(PublicIdModel):
    """A test planned in a scope on one DMC (or on none) and installation type. Never deleted.

    What is planned about it (kind, functional group, provider, title) is in its versions; it counts
    in a plan at a moment where a version holds at that moment.
    """

    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="planned_tests")
    definition = models.ForeignKey(TestDefinition, on_delete=models.PROTECT, related_name="planned_tests")
    dmc = models.ForeignKey(DeviceModelCombination, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    installation_type = models.CharField(max_length=8, choices=InstallationType.choices, blank=True, default="")
    recorded_at = models.DateTimeField()

    objects = PlannedTestQuerySet.as_manager()

    class Meta:
        constraints = (
            # Two constraints, since SQLite knows no NULLS NOT DISTINCT.
            models.UniqueConstraint(
                fields=("scope", "definition", "dmc", "installation_type"),
                condition=Q(dmc__isnull=False),
                name="planned_once_on_dmc",
            ),
            models.UniqueConstraint(
                fields=("scope", "definition", "installation_type"),
                condition=Q(dmc__isnull=True),
                name="planned_once_on_no_dmc",
            ),
        )

    def __str__(self) -> str:
        return f"{self.definition} on {self.dmc or 'no DMC'}"


class PlannedTestVersionQuerySet(IntervalQuerySet):
    """Versions of plans by when they held and by who may see them."""

    def visible_to(self, actor: Actor) -> PlannedTestVersionQuerySet:
        """Return the versions of the planned tests that `actor` may see."""
        return self.filter(seen_through_plan(actor, "planned_test"))


class PlannedTestVersion(IntervalModel):
    """What was planned about a test from one recorded moment to another."""

    planned_test = models.ForeignKey(PlannedTest, on_delete=models.PROTECT, related_name="versions")
    scope = models.ForeignKey(TestScope, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=10, choices=TestKind.choices)
    functional_group = models.CharField(max_length=120)
    provider = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    stage = models.ForeignKey(TestStage, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    requirement = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    recorded_by = models.CharField(max_length=200)

    objects: ClassVar[Any] = PlannedTestVersionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("planned_test",), condition=Q(valid_to__isnull=True), name="planned_version_current_once"
            ),
            models.UniqueConstraint(fields=("planned_test", "number"), name="planned_version_number_once"),
        )
        indexes = (models.Index(fields=("scope", "valid_to"), name="planned_version_scope"),)

    def __str__(self) -> str:
        return f"{self.planned_test} v{self.number}"
