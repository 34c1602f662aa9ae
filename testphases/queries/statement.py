# ruff: noqa: S608
"""The one statement behind `plan_counts`, the same for PostgreSQL and SQLite. Every value is a parameter."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection

from svtad.lib import clock
from testphases.models import TestScope


def statement(scope: TestScope, *, moment: dt.datetime | None, exit_set: int | None) -> tuple[str, list[Any]]:
    """Return the statement and its parameters. Columns: what, then the four keys, then counts or the test."""
    adapt = connection.ops.adapt_datetimefield_value
    by_then = adapt(moment) if moment is not None else None
    params: list[Any] = []

    def recorded(alias: str) -> str:
        if moment is None:
            return ""
        params.append(by_then)
        return f" AND {alias}.recorded_at <= %s"

    plan_held = "v.valid_to IS NULL"
    params_plan: list[Any] = [adapt(moment or clock.now())]
    descoping_recorded = ""
    if moment is not None:
        descoping_recorded = " AND d.recorded_at <= %s"
        params_plan.append(by_then)
        plan_held = "v.valid_from <= %s AND (v.valid_to IS NULL OR v.valid_to > %s)"
    params_plan.append(scope.pk)
    if moment is not None:
        params_plan += [by_then, by_then]
    plan = (
        "plan AS (SELECT v.planned_test_id, v.title, v.kind, v.functional_group, v.provider_id, p.dmc_id, "
        "p.public_id, p.definition_id, d.id IS NOT NULL AS descoped, "
        "COALESCE(d.ran_and_failed, false) AS ran_and_failed "
        "FROM testphases_plannedtestversion v JOIN testphases_plannedtest p ON p.id = v.planned_test_id "
        "LEFT JOIN testphases_descoping d ON d.planned_test_id = p.id AND d.effective_at <= %s"
        f"{descoping_recorded} WHERE v.scope_id = %s AND {plan_held})"
    )
    params += params_plan
    if moment is None:
        params.append(scope.pk)
        latest = (
            "latest AS (SELECT planned_test_id, execution_id AS run_id, outcome, occurred_at, version_set_id, "
            "evidence_id, no_file_needed FROM testphases_latestrun WHERE scope_id = %s AND execution_id IS NOT NULL)"
        )
    else:
        params += [scope.pk, by_then, by_then]
        latest = (
            "latest AS (SELECT planned_test_id, id AS run_id, outcome, occurred_at, version_set_id, evidence_id, "
            "no_file_needed <> '' AS no_file_needed FROM (SELECT r.*, ROW_NUMBER() OVER "
            "(PARTITION BY r.planned_test_id ORDER BY r.occurred_at DESC, r.outcome, r.id DESC) AS place "
            "FROM testphases_testrun r WHERE r.scope_id = %s AND r.outcome IN ('PASSED', 'FAILED') "
            "AND r.recorded_at <= %s AND NOT EXISTS (SELECT 1 FROM testphases_runvoid w "
            "WHERE w.run_id = r.id AND w.recorded_at <= %s)) ranked WHERE place = 1)"
        )
    bad_files = (
        "bad_files AS (SELECT file_id FROM (SELECT c.file_id, c.intact, ROW_NUMBER() OVER "
        "(PARTITION BY c.file_id ORDER BY c.recorded_at DESC, c.id DESC) AS place FROM governance_filecheck c "
        f"WHERE true{recorded('c')}) checked WHERE place = 1 AND NOT intact)"
    )
    later = (
        "later AS (SELECT e.run_id, COUNT(e.file_id) AS files, COUNT(b.file_id) AS bad, "
        "COUNT(*) - COUNT(e.file_id) AS reasons FROM testphases_runevidence e "
        f"LEFT JOIN bad_files b ON b.file_id = e.file_id WHERE true{recorded('e')} GROUP BY e.run_id)"
    )
    assured = f"assured AS (SELECT s.run_id FROM testphases_runassurance s WHERE true{recorded('s')})"
    on_exit = "NULL"
    if exit_set is not None:
        params += [exit_set, exit_set]
        on_exit = (
            "CASE WHEN plan.kind <> 'REGRESSION' OR l.run_id IS NULL THEN NULL "
            "WHEN l.version_set_id = %s THEN l.outcome ELSE (SELECT x.outcome FROM testphases_testrun x "
            "WHERE x.planned_test_id = plan.planned_test_id AND x.version_set_id = %s "
            f"AND x.outcome IN ('PASSED', 'FAILED'){recorded('x')} "
            f"AND NOT EXISTS (SELECT 1 FROM testphases_runvoid y WHERE y.run_id = x.id{recorded('y')}) "
            "ORDER BY x.occurred_at DESC, x.outcome, x.id DESC LIMIT 1) END"
        )
    judged = (
        "judged AS MATERIALIZED (SELECT plan.*, l.run_id, l.outcome, l.occurred_at, l.version_set_id, "
        "assured.run_id IS NOT NULL AS is_assured, "
        "(CASE WHEN l.evidence_id IS NULL THEN 0 ELSE 1 END) + COALESCE(later.files, 0) AS files, "
        "(CASE WHEN own_bad.file_id IS NULL THEN 0 ELSE 1 END) + COALESCE(later.bad, 0) AS bad, "
        "(l.no_file_needed OR COALESCE(later.reasons, 0) > 0) AS no_file_needed, "
        f"{on_exit} AS exit_outcome FROM plan "
        "LEFT JOIN latest l ON l.planned_test_id = plan.planned_test_id "
        "LEFT JOIN assured ON assured.run_id = l.run_id LEFT JOIN later ON later.run_id = l.run_id "
        "LEFT JOIN bad_files own_bad ON own_bad.file_id = l.evidence_id)"
    )
    # SQLite and PostgreSQL bind in textual order, which is the order in which the pieces above were made.
    regression = "kind = 'REGRESSION'" if exit_set is not None else "false"
    status = (
        "CASE WHEN descoped THEN 'DESCOPED' WHEN run_id IS NULL THEN 'NOT_RUN' "
        f"WHEN {regression} THEN CASE WHEN exit_outcome IS NULL THEN 'WRONG_VERSION' "
        "WHEN exit_outcome = 'FAILED' THEN 'FAILED' END WHEN outcome = 'FAILED' THEN 'FAILED' END"
    )
    due = "NOT descoped"
    ran = f"{due} AND run_id IS NOT NULL"

    def count(condition: str) -> str:
        return f"COUNT(CASE WHEN {condition} THEN 1 END)"

    counted = ", ".join(
        count(condition)
        for condition in (
            "true",
            "descoped",
            ran,
            f"{ran} AND outcome = 'PASSED'",
            f"{ran} AND outcome = 'FAILED'",
            f"{due} AND run_id IS NULL",
            f"{ran} AND outcome = 'PASSED' AND is_assured",
            f"{due} AND exit_outcome IS NOT NULL",
            f"{due} AND exit_outcome = 'PASSED'",
            f"{ran} AND files > 0",
            f"{ran} AND files = 0 AND no_file_needed",
            f"{ran} AND files = 0 AND NOT no_file_needed",
            f"{ran} AND files > 0 AND files = bad",
        )
    )
    gap = (
        f"CASE WHEN NOT ({ran}) THEN NULL WHEN files > 0 AND files = bad THEN 'FAILED' "
        "WHEN files = 0 AND NOT no_file_needed THEN 'MISSING' END"
    )
    zeros = ", ".join(["0"] * 11)
    last = f"MAX(CASE WHEN {ran} THEN occurred_at END)"
    no_time = "CAST(NULL AS timestamp with time zone)" if connection.vendor == "postgresql" else "NULL"
    cells = (
        f"SELECT 'cell', dmc_id, functional_group, kind, provider_id, NULL, NULL, {counted}, {last}, "
        "NULL, NULL, NULL FROM judged GROUP BY dmc_id, functional_group, kind, provider_id"
    )
    tests = (
        "SELECT 'test', t.dmc_id, t.functional_group, t.kind, t.provider_id, t.status, t.gap, "
        "COALESCE(t.version_set_id, 0), CASE WHEN t.ran_and_failed THEN 1 ELSE 0 END, "
        f"{zeros}, {no_time}, t.public_id, f.external_id, t.title "
        f"FROM (SELECT judged.*, {status} AS status, {gap} AS gap FROM judged) t "
        "JOIN testphases_testdefinition f ON f.id = t.definition_id "
        "WHERE t.status IS NOT NULL OR t.gap IS NOT NULL"
    )
    sql = f"WITH {plan}, {latest}, {bad_files}, {later}, {assured}, {judged} {cells} UNION ALL {tests}"
    return sql, params
