"""Loads the demonstration: one release whose SIT is almost there, and what came before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import transaction

from svtad.gates.actions import assess, assess_scope
from svtad.parties.actors import system_actor
from svtad.parties.models import Person
from svtad.portal.demo import issues, meetings, papers, phases, testing
from svtad.portal.demo.cast import DEMO_DOMAIN, Cast, enter_cast
from svtad.portal.demo.phases import Phases
from svtad.rulebook.vocabulary import EligibilityState, ReleaseState, StageState, Step
from testphases.actions import (
    enter_eligibility,
    freeze_stage_exit_versions,
    move_eligibility,
    move_release,
    move_stage,
    plan_stage,
    version_set,
)
from testphases.models import TestStage


def is_loaded() -> bool:
    """Return whether this installation holds the demonstration."""
    return Person.objects.filter(email=f"manager@{DEMO_DOMAIN}").exists()


@transaction.atomic
def load(*, now: dt.datetime) -> Cast:
    """Load the demonstration, all or nothing, as if its history had ended shortly before `now`.

    Every row is made by the action that people and tools call, at its own moment of the past.
    """

    def day(ago: int) -> dt.datetime:
        return now.replace(hour=10, minute=0, second=0, microsecond=0) - dt.timedelta(days=ago)

    cast = enter_cast(at=day(150))
    made = phases.enter_phases(cast=cast, at=day(149))
    for provider in cast.providers:
        _finished(cast, made, f"IOC PIT {provider.code}", prefix=f"IOC-{provider.code.upper()}", start=day(145))
    _finished(cast, made, "IOC SIT", prefix="IOC", start=day(120))
    for provider in cast.providers:
        _finished(cast, made, f"MOC PIT {provider.code}", prefix=f"MOC-{provider.code.upper()}", start=day(90))
    _sit_almost_there(cast, made, day=day)
    _around_it(cast, made, day=day)
    meetings.enter_meetings(cast=cast, held_at=_weekday(day(21), -1), drawn_at=day(1), next_at=_weekday(day(-7), 1))
    for scope in made.scopes.values():
        assess_scope(scope=scope, by=system_actor("Demonstration"), trigger="facts", at=now)
    return cast


def _weekday(moment: dt.datetime, way: int) -> dt.datetime:
    """Return `moment`, or the nearest day before (`way` -1) or after it (1) that is no Saturday or Sunday."""
    while moment.weekday() >= 5:
        moment += dt.timedelta(days=way)
    return moment


def _finished(cast: Cast, made: Phases, name: str, *, prefix: str, start: dt.datetime) -> None:
    """A phase that ran, passed and finished, three weeks from its start."""
    scope = made.scopes[name]
    day = dt.timedelta(days=1)
    dmcs = [dmc.reference for dmc in made.dmcs[:2]]
    code = scope.provider.code if scope.provider else ""
    rows = list(testing.small_plan(prefix=prefix, dmcs=dmcs, count=12, provider=code))
    testing.take_in(
        scope=scope,
        importer="planned_tests",
        content=testing.plan_csv(rows),
        name=f"{prefix.lower()}-plan.csv",
        by=cast.actor("manager", start),
        at=start,
    )
    papers.enter(cast=cast, scope=scope, at=start + day)
    freeze_stage_exit_versions(
        scope=scope,
        version_set=version_set(components=testing.EXIT_VERSIONS, at=start + 2 * day),
        by=cast.actor("manager", start),
        at=start + 2 * day,
    )
    results = [testing.Result(test=row["external_id"], dmc=row.get("dmc", ""), outcome="passed") for row in rows]
    testing.take_in(
        scope=scope,
        importer="junit",
        content=testing.junit_xml(results, ran_at=start + 8 * day, name=str(scope)),
        name=f"{prefix.lower()}-results.xml",
        run_id="cycle-1",
        params={"versions": testing.versions_param(testing.EXIT_VERSIONS)},
        by=cast.actor("tooling", start),
        at=start + 9 * day,
    )
    if name == "IOC SIT":
        issues.enter_carried(cast=cast, phases=made, at=start + 10 * day)
        papers.plan_work_off(cast=cast, scope=scope, provider=cast.organisations["brack"], at=start + 11 * day)
    papers.finish(cast=cast, scope=scope, at=start + 21 * day)


def _sit_almost_there(cast: Cast, made: Phases, *, day: Callable[[int], dt.datetime]) -> None:
    """MOC SIT: run, almost passed, and held up by five different things."""
    scope = made.scopes["MOC SIT"]
    testing.take_in(
        scope=scope,
        importer="planned_tests",
        content=testing.plan_csv(testing.sit_plan()),
        name="sit-plan.csv",
        by=cast.actor("manager", day(50)),
        at=day(50),
    )
    papers.enter(cast=cast, scope=scope, at=day(48))
    testing.run_sit(cast=cast, phases=made, start=day(45))
    issues.enter_issues(cast=cast, phases=made, at=day(30))
    for code in ("arden", "corve"):
        papers.plan_work_off(cast=cast, scope=scope, provider=cast.organisations[code], at=day(20))
    for provider in cast.providers:
        papers.report_9_4(cast=cast, scope=scope, provider=provider, at=day(15))
    papers.log_issues(cast=cast, scope=scope, at=day(14))
    assess(scope=scope, step=Step.REPORTS, by=cast.actor("manager", day(13)), at=day(13))
    papers.assurance_report(cast=cast, scope=scope, at=day(10), approved=False)


def _around_it(cast: Cast, made: Phases, *, day: Callable[[int], dt.datetime]) -> None:
    """Releases in test, SIT's stages under way, and Suppliers at their Eligibility Testing."""
    for code, start in (("IOC", day(140)), ("MOC", day(89))):
        release = made.scopes[f"{code} SIT"].release
        move_release(release=release, to_state=ReleaseState.IN_TEST, by=cast.actor("manager", start), at=start)
    stages = {stage.name: stage for stage in TestStage.objects.filter(scope=made.scopes["MOC SIT"])}
    for name, start, end in (("Solution Test", day(45), day(10)), ("Regression", day(28), day(3))):
        manager = cast.actor("manager", start)
        plan_stage(stage=stages[name], starts_on=start.date(), ends_on=end.date(), by=manager, at=start)
        move_stage(stage=stages[name], to_state=StageState.RUNNING, by=manager, at=start)
    for code, role, days in (("dunmere", "Import Supplier", 20), ("eskdale", "Gas Supplier", 0)):
        manager = cast.actor("manager", day(24))
        row = enter_eligibility(organisation=cast.organisations[code], role=role, by=manager, at=day(24))
        if days:
            move_eligibility(eligibility=row, to_state=EligibilityState.IN_PROGRESS, by=manager, at=day(days))
