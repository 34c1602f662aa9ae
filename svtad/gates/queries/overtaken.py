"""Scopes overtaken from below: what they are judged by has changed in an app that knows nothing of scopes.

A parameter, what is entered of a document, a corrected holiday, a file found damaged and a decision that comes into
effect leave no word for a scope; they are found by their own times.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import F, Max

from svtad.governance.models import Decision, FileCheck, Job, NonWorkingDayOverride
from svtad.governing.models import EnteredCriterion, Parameter, VersionStanding
from svtad.lib.clock import london_date
from svtad.rulebook.calendar import start_of_day
from testphases.models import TestScope


def scopes_overtaken(moment: dt.datetime, *, job_kind: str) -> list[int]:
    """Return the primary keys of the open scopes whose last job of that kind began before such a change.

    A scope that no job has judged yet is not among them. Nine queries, whatever is stored.
    """
    began = dict(
        Job.objects.filter(kind=job_kind, started_at__isnull=False)
        .order_by()
        .values("unique_key")
        .annotate(last=Max("started_at"))
        .values_list("unique_key", "last")
    )
    everywhere = _latest([*_overrides(), *_damaged_files(), *_documents(moment)], moment)
    by_version = _parameters(moment)
    by_scope = _coming_into_effect(moment)
    scopes = TestScope.objects.exclude(state="COMPLETE").filter(public_id__in=began)
    return [
        pk
        for pk, public_id, version in scopes.values_list("pk", "public_id", "governed_by_id")
        if any(
            changed is not None and changed > began[public_id]
            for changed in (everywhere, by_version.get(version), by_scope.get(public_id))
        )
    ]


def _latest(moments: Iterable[dt.datetime | None], until: dt.datetime) -> dt.datetime | None:
    return max((moment for moment in moments if moment is not None and moment <= until), default=None)


def _overrides() -> tuple[dt.datetime | None, ...]:
    found = NonWorkingDayOverride.objects.aggregate(made=Max("valid_from"), ended=Max("valid_to"))
    return (found["made"], found["ended"])


def _damaged_files() -> tuple[dt.datetime | None, ...]:
    """When a file that ever failed its check was last checked: it failed, or was healed."""
    failed = FileCheck.objects.filter(intact=False)
    checks = FileCheck.objects.filter(file_id__in=failed.values("file_id"))
    return (checks.aggregate(last=Max("recorded_at"))["last"],)


def _documents(moment: dt.datetime) -> tuple[dt.datetime | None, ...]:
    """When what is entered of approach documents last changed: in force, taken back, come into effect, criteria.

    They are few and change seldom: every phase is judged anew.
    """
    standings = VersionStanding.objects.aggregate(made=Max("valid_from"), ended=Max("valid_to"))
    criteria = EnteredCriterion.objects.aggregate(made=Max("valid_from"), ended=Max("valid_to"))
    effective = VersionStanding.objects.current().filter(effective_from__lte=london_date(moment))
    day = effective.aggregate(last=Max("effective_from"))["last"]
    return (*standings.values(), *criteria.values(), start_of_day(day) if day else None)


def _parameters(moment: dt.datetime) -> dict[int, dt.datetime]:
    """When what a document leaves open last changed: set, taken back, or come into effect."""
    rows = (
        Parameter.objects.order_by()
        .values("version_id")
        .annotate(made=Max("valid_from"), ended=Max("valid_to"))
        .values_list("version_id", "made", "ended")
    )
    effective = (
        Parameter.objects.current()
        .filter(effective_from__lte=london_date(moment))
        .order_by()
        .values("version_id")
        .annotate(day=Max("effective_from"))
    )
    from_day = {version: start_of_day(day) for version, day in effective.values_list("version_id", "day")}
    found = {version: _latest((made, ended, from_day.get(version)), moment) for version, made, ended in rows}
    return {version: changed for version, changed in found.items() if changed is not None}


def _coming_into_effect(moment: dt.datetime) -> dict[str, dt.datetime]:
    """When a decision on a matter of a scope last came into effect later than it was recorded (14.4)."""
    rows = (
        Decision.objects.filter(effective_at__gt=F("recorded_at"), effective_at__lte=moment)
        .order_by()
        .values("matter__scope_id")
        .annotate(last=Max("effective_at"))
    )
    return dict(rows.values_list("matter__scope_id", "last"))
