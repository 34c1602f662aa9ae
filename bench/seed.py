"""A SIT to measure on: 1,000,000 runs of 40,000 planned tests, and 500 open issues.

`BENCH_PLANNED`, `BENCH_RUNS_EACH` and `BENCH_ISSUES` make it smaller.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testphases.models import TestScope

PLANNED = int(os.environ.get("BENCH_PLANNED", "40000"))
RUNS_EACH = int(os.environ.get("BENCH_RUNS_EACH", "25"))
ISSUES = int(os.environ.get("BENCH_ISSUES", "500"))
DMCS, GROUPS, PROVIDERS = 40, 12, 5


def large_sit() -> TestScope:
    """Plan, run and raise all of it, say how much it is, and return the SIT."""
    scope = _phase()
    _runs(scope)
    _issues(scope)
    _tune()
    print(f"{PLANNED:,} planned tests, {PLANNED * RUNS_EACH:,} runs, {ISSUES} open issues", flush=True)
    return scope


def _phase() -> TestScope:
    """Plan the tests, nine functional for each regression test, and freeze the stage exit versions."""
    from svtad.devices.actions import create_dmc
    from svtad.governing.actions import ensure_document_version
    from svtad.parties.actions import create_organisation
    from svtad.parties.actors import system_actor
    from testphases import actions
    from testphases.actions import PlanRow
    from testphases.models import TestScope

    by, at = system_actor("bench"), _start()
    document = ensure_document_version(code="SVTAD", title="SVTAD", version="1.23", by=by, edition="svtad_1_23", at=at)
    programme = actions.create_programme(code="bench", name="Bench", by=by, at=at)
    release = actions.create_release(programme=programme, code="MOC", name="MOC", position=2, by=by, at=at)
    scopes = [
        actions.create_scope(release=release, kind=kind, governed_by=document, by=by, at=at) for kind in ("PIT", "SIT")
    ]
    for number in range(PROVIDERS):
        provider = create_organisation(
            kind="DCC_SERVICE_PROVIDER", code=f"dsp-{number}", name=f"Provider {number}", by=by, at=at
        )
        for scope in scopes:
            actions.add_participant(scope=scope, organisation=provider, by=by, at=at)
    for number in range(DMCS):
        create_dmc(reference=f"DMC-{number:03}", name=f"DMC {number}", by=by, at=at)
    sit = scopes[1]
    rows = (
        PlanRow(
            external_id=f"sit.group{number // DMCS % GROUPS:02}.test_{number // DMCS:05}",
            title=f"Service request {number // DMCS}",
            kind="REGRESSION" if number // DMCS % 10 == 9 else "FUNCTIONAL",
            functional_group=f"Group {number // DMCS % GROUPS}",
            dmc=f"DMC-{number % DMCS:03}",
            provider=f"dsp-{number % PROVIDERS}",
        )
        for number in range(PLANNED)
    )
    actions.plan_tests(scope=sit, rows=rows, by=by, at=at)
    build = actions.version_set(components={"S1SP": "5.2"}, label="5.2", at=at)
    actions.freeze_stage_exit_versions(scope=sit, version_set=build, by=by, at=at)
    # Entry is not what is measured here.
    TestScope.objects.filter(pk=sit.pk).update(state="IN_PROGRESS")
    sit.refresh_from_db()
    return sit


def _start() -> dt.datetime:
    from svtad.lib import clock

    return clock.now() - dt.timedelta(days=RUNS_EACH + 5)


def _runs(scope: TestScope) -> None:
    """Run every test once a day: two in a hundred fail the last time, half a percent was never run.

    Written straight into the tables, for the seeding only; that the kept latest results are those of the runs is
    checked before anything is measured.
    """
    from django.db import connection

    from svtad.governance.actions import store_file
    from svtad.lib import clock
    from svtad.parties.actors import system_actor
    from svtad.parties.audiences import GOVERNANCE, audience_of
    from testphases.models import StageExitVersions
    from testphases.queries import plan_counts

    build = StageExitVersions.objects.current().get(scope=scope).version_set_id
    paper = store_file(
        content=b"results", name="results.xml", media_type="text/xml", purpose="results",
        audience=audience_of(*GOVERNANCE), by=system_actor("bench"),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO testphases_testrun (planned_test_id, scope_id, run_key, outcome, occurred_at, time_uncertain, "
            "recorded_at, position, version_set_id, evidence_id, no_file_needed, message, tester, environment) "
            "SELECT p.id, p.scope_id, md5(p.id || '-' || d), CASE WHEN (p.id * 7919 + d * 104729) %% 100 < 2 "
            "THEN 'FAILED' WHEN (p.id + d) %% 50 = 0 THEN 'SKIPPED' ELSE 'PASSED' END, "
            "%s + d * interval '1 day' + (p.id %% 3600) * interval '1 second', false, "
            "%s + d * interval '1 day' + (p.id %% 3600 + 60) * interval '1 second', d, %s, %s, '', '', '', '' "
            "FROM testphases_plannedtest p, generate_series(1, %s) d WHERE p.scope_id = %s AND p.id %% 200 <> 0 "
            "ORDER BY d, p.id",
            [_start(), _start(), build, paper.pk, RUNS_EACH, scope.pk],
        )
        cursor.execute(
            "INSERT INTO testphases_latestrun (planned_test_id, scope_id, execution_id, outcome, occurred_at, "
            "version_set_id, evidence_id, no_file_needed, last_attempt_id, attempted_at) "
            "SELECT e.planned_test_id, e.scope_id, e.id, e.outcome, e.occurred_at, e.version_set_id, e.evidence_id, "
            "false, a.id, a.occurred_at FROM (SELECT DISTINCT ON (planned_test_id) * FROM testphases_testrun "
            "WHERE scope_id = %s AND outcome IN ('PASSED', 'FAILED') "
            "ORDER BY planned_test_id, occurred_at DESC, id DESC) "
            "e JOIN (SELECT DISTINCT ON (planned_test_id) * FROM testphases_testrun WHERE scope_id = %s "
            "ORDER BY planned_test_id, occurred_at DESC, id DESC) a ON a.planned_test_id = e.planned_test_id",
            [scope.pk, scope.pk],
        )
    _tune()
    if plan_counts(scope) != plan_counts(scope, clock.now()):
        raise RuntimeError("the seeded latest results are not those of the seeded runs")


def _issues(scope: TestScope) -> None:
    """Raise the issues, determined and attributed; one in twenty has an exclusion proposed, one in fifty a dispute."""
    from issues import actions
    from svtad.parties.actors import system_actor
    from svtad.parties.models import Organisation

    by, at = system_actor("bench"), _start() + dt.timedelta(days=2)
    providers = list(Organisation.objects.filter(kind="DCC_SERVICE_PROVIDER").order_by("code"))
    for number in range(ISSUES):
        provider = providers[number % PROVIDERS]
        issue = actions.raise_issue(
            scope=scope, title=f"Alert is missing after step {number}", raised_by=provider, by=by, at=at
        )
        actions.determine_severity(issue=issue, severity="345"[number % 3], by=by, at=at)
        actions.attribute(issue=issue, cause="DCC_SYSTEM", provider=provider, by=by, at=at)
        if number % 20 == 0:
            actions.propose_exclusion(issue=issue, scope=scope, rationale="One meter only.", by=by, at=at)
        if number % 50 == 1:
            actions.dispute_severity(
                issue=issue,
                participant_severity="4" if number % 3 == 0 else "3" if number % 3 == 1 else "4",
                reasons="Worse than that.",
                raised_by=provider,
                by=by,
                at=at,
            )


def _tune() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def one_more_run(scope: TestScope, number: int) -> None:
    """Let one fact change, as ordinary use does."""
    from svtad.parties.actors import system_actor
    from testphases.actions import RunRow, record_runs
    from testphases.models import PlannedTest

    test = PlannedTest.objects.filter(scope=scope).order_by("pk")[number]
    row = RunRow(position=1, names=(), outcome="PASSED", planned_test_id=test.pk)
    record_runs(scope=scope, rows=[row], source="bench", run_id=f"more-{number}", by=system_actor("bench"))
