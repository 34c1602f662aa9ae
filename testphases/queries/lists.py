"""Lists of a scope's planned tests, runs and unmatched results, filtered by who may see them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet

from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from testphases.models import (
    PlannedTest,
    PlannedTestVersion,
    ScopeParticipation,
    StageExitVersions,
    TestRun,
    TestScope,
    UnmatchedResult,
)


def scopes_for(actor: Actor) -> QuerySet[Any]:
    """Return the test scopes that `actor` may see, with what names them, in order of release."""
    related = ("release__programme", "governed_by__document", "provider")
    return TestScope.objects.visible_to(actor).select_related(*related).order_by("release__position", "pk")


def planned_now(scope: TestScope, actor: Actor) -> QuerySet[Any]:
    """Return the versions of plan that hold now, each with its test, DMC and current result (three joins, no N+1)."""
    return (
        PlannedTestVersion.objects.current()
        .visible_to(actor)
        .filter(scope=scope)
        .select_related(
            "planned_test__definition",
            "planned_test__dmc",
            "planned_test__latest__version_set",
            "planned_test__descoping",
            "provider",
            "stage",
        )
        .order_by("functional_group", "planned_test__definition__external_id", "pk")
    )


def runs_of(planned_test: PlannedTest, actor: Actor) -> QuerySet[Any]:
    """Return the runs of a planned test, the latest first, void ones too."""
    return (
        TestRun.objects.visible_to(actor)
        .filter(planned_test=planned_test)
        .select_related("version_set", "evidence", "batch__file", "void", "assurance")
        .order_by("-occurred_at", "outcome", "-pk")
    )


def unmatched_open(scope: TestScope, actor: Actor) -> QuerySet[Any]:
    """Return the results of `scope` that no plan knows and nobody has dismissed."""
    return UnmatchedResult.objects.unresolved().visible_to(actor).filter(scope=scope).select_related("batch__file")


def participants(scope: TestScope, moment: dt.datetime | None = None) -> QuerySet[Organisation]:
    """Return the organisations that took part in `scope` at `moment` (None: now)."""
    held = ScopeParticipation.objects.held_at(moment).filter(scope=scope)
    return Organisation.objects.filter(pk__in=held.values("organisation_id"))


def current_exit_versions(scope: TestScope, moment: dt.datetime | None = None) -> StageExitVersions | None:
    """Return the stage-exit versions that were frozen for `scope` at `moment` (None: now), if any."""
    held = StageExitVersions.objects.held_at(moment).filter(scope=scope).select_related("version_set")
    found: StageExitVersions | None = held.order_by("-valid_from").first()
    return found
