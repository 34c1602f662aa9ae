"""Lists of a scope's planned tests, runs and unmatched results, filtered by who may see them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from svtad.lib import clock
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from testphases.models import (
    Descoping,
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


def scopes_called(text: str) -> list[TestScope]:
    """Return the scopes that `text` may mean, for commands: one, or none or several where it is not clear.

    A public id, a name, `RELEASE/KIND` or `PROGRAMME/RELEASE/KIND`, either with `/PROVIDER` (its code)
    where each DCC Service Provider has a phase of its own.
    """
    scopes = TestScope.objects.select_related("release__programme", "provider", "governed_by__document")
    exact = list(scopes.filter(public_id=text)) or list(scopes.filter(name=text))
    if exact or "/" not in text:
        return exact
    parts = [part.strip() for part in text.split("/")]
    found: set[TestScope] = set()
    for programme in (0, 1):
        rest = parts[programme:]
        if len(rest) in (2, 3):
            named = scopes.filter(release__code__iexact=rest[0], kind__iexact=rest[1])
            if programme:
                named = named.filter(release__programme__code__iexact=parts[0])
            if len(rest) == 3:
                named = named.filter(provider__code__iexact=rest[2])
            found.update(named)
    return sorted(found, key=lambda scope: scope.pk)


def planned_now(scope: TestScope, actor: Actor) -> QuerySet[Any]:
    """Return the versions of plan that hold now, each with its test, DMC and current result (joins, no N+1).

    `is_descoped` says whether the test is de-scoped now, `ran_and_failed` whether it had failed when it was.
    """
    rows: QuerySet[Any] = (
        PlannedTestVersion.objects.current()
        .visible_to(actor)
        .filter(scope=scope)
        .select_related(
            "planned_test__definition",
            "planned_test__dmc",
            "planned_test__latest__version_set",
            "provider",
            "stage",
        )
        .annotate(is_descoped=descoped_now(), ran_and_failed=descoped_now(ran_and_failed=True))
        .order_by("functional_group", "planned_test__definition__external_id", "pk")
    )
    return rows


def descoped_now(**which: bool) -> Exists:
    """Return the condition, of a version of plan, that its test is de-scoped now, by a de-scoping such as `which`."""
    held = Descoping.objects.in_effect(clock.now()).filter(planned_test=OuterRef("planned_test"), **which)
    return Exists(held)


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
