# ruff: noqa: S608
"""The statements of `arrivals`, the same for PostgreSQL and SQLite. Every value is a parameter."""

from __future__ import annotations

from collections.abc import Iterable

NOTE_ARRIVAL = (
    "INSERT INTO testphases_resultarrival (scope_id, source, run, recorded_at) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (scope_id, source, run) DO NOTHING"
)

INSERT_RUNS = (
    "INSERT INTO testphases_testrun (planned_test_id, scope_id, run_key, outcome, occurred_at, time_uncertain, "
    "recorded_at, batch_id, position, version_set_id, evidence_id, no_file_needed, duration_ms, message, tester, "
    "environment) "
    "SELECT planned_test_id, %s, run_key, outcome, occurred_at, time_uncertain, %s, %s, position, version_set_id, "
    "%s, no_file_needed, duration_ms, message, tester, environment FROM run_arrivals WHERE true "
    "ON CONFLICT (run_key) DO NOTHING"
)

RESOLVE = (
    "UPDATE testphases_unmatchedresult SET resolved_at = %s, resolution = 'Recorded as a run' "
    "WHERE scope_id = %s AND resolved_at IS NULL AND run_key IN (SELECT run_key FROM run_arrivals)"
)

#: What makes one execution the later: when it ran; then a failure before a pass; then the later arrival.
_ORDER = "occurred_at DESC, outcome, id DESC"

_NEWER = (
    "excluded.execution_id IS NOT NULL AND (testphases_latestrun.execution_id IS NULL "
    "OR excluded.occurred_at > testphases_latestrun.occurred_at "
    "OR (excluded.occurred_at = testphases_latestrun.occurred_at AND (excluded.outcome < testphases_latestrun.outcome "
    "OR (excluded.outcome = testphases_latestrun.outcome "
    "AND excluded.execution_id > testphases_latestrun.execution_id))))"
)
_NEWER_ATTEMPT = (
    "testphases_latestrun.attempted_at IS NULL OR excluded.attempted_at > testphases_latestrun.attempted_at "
    "OR (excluded.attempted_at = testphases_latestrun.attempted_at "
    "AND excluded.last_attempt_id > testphases_latestrun.last_attempt_id)"
)


def _set(columns: Iterable[str], condition: str) -> str:
    return ", ".join(
        f"{column} = CASE WHEN {condition} THEN excluded.{column} ELSE testphases_latestrun.{column} END"
        for column in columns
    )


_EXECUTION_COLUMNS = ("execution_id", "outcome", "occurred_at", "version_set_id", "evidence_id", "no_file_needed")

#: One pass over the new runs and no join: the planner knows nothing of rows that have just come, and a join that
#: it takes for small is a hundred thousand times a hundred thousand.
_FRESH = (
    "SELECT r.*, ROW_NUMBER() OVER (PARTITION BY planned_test_id ORDER BY "
    f"CASE WHEN outcome IN ('PASSED', 'FAILED') THEN 0 ELSE 1 END, {_ORDER}) AS place, "
    "ROW_NUMBER() OVER (PARTITION BY planned_test_id ORDER BY occurred_at DESC, id DESC) AS attempt_place "
    "FROM testphases_testrun r WHERE scope_id = %s AND id > %s"
)
_IS_EXECUTION = "place = 1 AND outcome IN ('PASSED', 'FAILED')"


def _of_execution(column: str) -> str:
    return f"MAX(CASE WHEN {_IS_EXECUTION} THEN {column} END)"


KEEP_LATEST = (
    "INSERT INTO testphases_latestrun (planned_test_id, scope_id, execution_id, outcome, occurred_at, version_set_id, "
    "evidence_id, no_file_needed, last_attempt_id, attempted_at) "
    f"SELECT planned_test_id, MIN(scope_id), {_of_execution('id')}, COALESCE({_of_execution('outcome')}, ''), "
    f"{_of_execution('occurred_at')}, {_of_execution('version_set_id')}, {_of_execution('evidence_id')}, "
    f"COALESCE({_of_execution('no_file_needed')}, '') <> '', "
    "MAX(CASE WHEN attempt_place = 1 THEN id END), MAX(CASE WHEN attempt_place = 1 THEN occurred_at END) "
    f"FROM ({_FRESH}) fresh WHERE place = 1 OR attempt_place = 1 "
    # In one order always, so that two imports that touch the same tests wait for each other and never deadlock.
    "GROUP BY planned_test_id ORDER BY planned_test_id "
    "ON CONFLICT (planned_test_id) DO UPDATE SET "
    + _set(_EXECUTION_COLUMNS, _NEWER)
    + ", "
    + _set(("last_attempt_id", "attempted_at"), _NEWER_ATTEMPT)
)

LATEST_CHANGES = (
    "SELECT COALESCE(l.outcome, ''), n.outcome, COUNT(*) FROM "
    "(SELECT a.planned_test_id, a.outcome, a.occurred_at, ROW_NUMBER() OVER "
    "(PARTITION BY a.planned_test_id ORDER BY a.occurred_at DESC, a.outcome, a.position DESC) AS place "
    "FROM run_arrivals a WHERE a.outcome IN ('PASSED', 'FAILED') "
    "AND NOT EXISTS (SELECT 1 FROM testphases_testrun r WHERE r.run_key = a.run_key)) n "
    "LEFT JOIN testphases_latestrun l ON l.planned_test_id = n.planned_test_id "
    "WHERE n.place = 1 AND COALESCE(l.outcome, '') <> n.outcome "
    "AND (l.occurred_at IS NULL OR n.occurred_at > l.occurred_at "
    "OR (n.occurred_at = l.occurred_at AND n.outcome < l.outcome)) "
    "GROUP BY COALESCE(l.outcome, ''), n.outcome"
)
