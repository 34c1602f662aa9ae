"""Assess a phase that holds 1,000,000 runs, 40,000 planned tests and 500 open issues, against the bare queries.

The floors are the two queries that any such judgement must make: counts per DMC and functional group from a kept
table of latest results, and, for a past moment, from a window over all runs. Ours gathers one consistent snapshot,
judges it, and keeps the judgement with its facts, hash and findings.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import Ratio, database, median_of_pairs, timed
from bench.seed import DMCS, PROVIDERS, large_sit, one_more_run

if TYPE_CHECKING:
    from testphases.models import TestScope

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))


def run() -> list[Ratio]:
    """Measure judging the present and a past moment, and what each part of the present takes."""
    with database() as vendor, tempfile.TemporaryDirectory() as folder:
        if vendor != "postgresql":
            print("needs PostgreSQL: on the embedded database there is nothing to compare with", flush=True)
            return []
        from django.conf import settings

        settings.MEDIA_ROOT = Path(folder) / "files"
        return [*_measure(large_sit())]


def _measure(scope: TestScope) -> list[Ratio]:
    from svtad.lib import clock

    present: list[tuple[float, float]] = []
    past: list[tuple[float, float]] = []
    everything: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    _assess(scope, None)
    _assess(scope, clock.now() - dt.timedelta(days=1))
    for number in range(ROUNDS):
        one_more_run(scope, number)
        moment = clock.now() - dt.timedelta(hours=5, minutes=number)
        latest = timed(lambda: _latest_query(scope))
        ours = timed(lambda: _assess(scope, None))
        present.append((ours, latest))
        again.append((timed(lambda: _assess(scope, None, new=False)), latest))
        window = timed(lambda at=moment: _window_query(scope, at))  # type: ignore[misc]
        past.append((timed(lambda at=moment: _assess(scope, at)), window))  # type: ignore[misc]
        one_more_run(scope, ROUNDS + number)
        everything.append((timed(lambda: _assess_all(scope)), latest))
    return [
        Ratio("a phase judged and kept, to the latest-table query", *median_of_pairs(present), 3.0),
        Ratio("as at a past moment, to the window query", *median_of_pairs(past), 2.0),
        Ratio("judged again, nothing changed", *median_of_pairs(again), None),
        Ratio(f"all steps and {PROVIDERS} providers from one snapshot", *median_of_pairs(everything), None),
    ]


def _assess(scope: TestScope, moment: dt.datetime | None, *, new: bool = True) -> None:
    from svtad.gates.actions import assess
    from svtad.parties.actors import system_actor

    _, made = assess(scope=scope, step="PANEL", as_at=moment, by=system_actor("bench"))
    if made is not new:
        raise RuntimeError("what was to be measured did not happen")


def _assess_all(scope: TestScope) -> None:
    from svtad.gates.actions import assess_scope
    from svtad.parties.actors import system_actor

    kept = assess_scope(scope=scope, by=system_actor("bench"))
    if not all(made for _, made in kept):
        raise RuntimeError("what was to be measured did not happen")


# --- the floors -------------------------------------------------------------------------------------

_COUNTS = (
    "SELECT p.dmc_id, v.functional_group, COUNT(*), COUNT(l.outcome), "
    "COUNT(*) FILTER (WHERE l.outcome = 'PASSED'), COUNT(*) FILTER (WHERE l.outcome = 'FAILED') "
    "FROM testphases_plannedtestversion v JOIN testphases_plannedtest p ON p.id = v.planned_test_id "
)


def _latest_query(scope: TestScope) -> None:
    _fetch(
        f"{_COUNTS} LEFT JOIN testphases_latestrun l ON l.planned_test_id = p.id AND l.execution_id IS NOT NULL "
        "WHERE v.scope_id = %s AND v.valid_to IS NULL GROUP BY 1, 2",
        [scope.pk],
    )


def _window_query(scope: TestScope, moment: dt.datetime) -> None:
    _fetch(
        "WITH l AS (SELECT planned_test_id, outcome FROM (SELECT planned_test_id, outcome, ROW_NUMBER() OVER "
        "(PARTITION BY planned_test_id ORDER BY occurred_at DESC, id DESC) AS place FROM testphases_testrun "
        "WHERE scope_id = %s AND outcome IN ('PASSED', 'FAILED') AND recorded_at <= %s) r WHERE place = 1) "
        f"{_COUNTS} LEFT JOIN l ON l.planned_test_id = p.id "
        "WHERE v.scope_id = %s AND v.valid_from <= %s AND (v.valid_to IS NULL OR v.valid_to > %s) GROUP BY 1, 2",
        [scope.pk, moment, scope.pk, moment, moment],
    )


def _fetch(sql: str, params: list[Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        if len(cursor.fetchall()) < DMCS:
            raise RuntimeError("the floor counted nothing")
