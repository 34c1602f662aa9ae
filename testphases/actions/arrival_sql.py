# ruff: noqa: S608
"""The statements of `arrivals`, the same for PostgreSQL and SQLite. Every value is a parameter."""

from __future__ import annotations

from collections.abc import Iterable

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

KEEP_LATEST = (
    "INSERT INTO testphases_latestrun (planned_test_id, scope_id, execution_id, outcome, occurred_at, version_set_id, "
    "evidence_id, no_file_needed, last_attempt_id, attempted_at) "
    "SELECT a.planned_test_id, a.scope_id, e.id, COALESCE(e.outcome, ''), e.occurred_at, e.version_set_id, "
    "e.evidence_id, COALESCE(e.no_file_needed <> '', false), a.id, a.occurred_at FROM "
    "(SELECT planned_test_id, scope_id, id, occurred_at, ROW_NUMBER() OVER "
    "(PARTITION BY planned_test_id ORDER BY occurred_at DESC, id DESC) AS place "
    "FROM testphases_testrun WHERE scope_id = %s AND id > %s) a "
    "LEFT JOIN (SELECT planned_test_id, id, outcome, occurred_at, version_set_id, evidence_id, no_file_needed, "
    f"ROW_NUMBER() OVER (PARTITION BY planned_test_id ORDER BY {_ORDER}) AS place "
    "FROM testphases_testrun WHERE scope_id = %s AND id > %s AND outcome IN ('PASSED', 'FAILED')) e "
    "ON e.planned_test_id = a.planned_test_id AND e.place = 1 "
    # In one order always, so that two imports that touch the same tests wait for each other and never deadlock.
    "WHERE a.place = 1 ORDER BY a.planned_test_id "
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
