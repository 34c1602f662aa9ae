# ruff: noqa: S608
"""The statement behind `plan_counts`, the same for PostgreSQL and SQLite. Every value is a parameter.

Each planned test becomes one row (`judged`) of few and small columns; cells are counted from it by
grouping, and what stands in the way is listed from it. For now the kept latest results are joined; for a
past moment each test's latest is looked up by the index of runs, which takes half the time of a window
over a million of them.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection

from svtad.lib import clock
from testphases.models import TestScope

#: The columns of a row: what it is ("cell" or "test"), the keys of its cell, how the test stands, and then
#: of a cell how many stand so and when the last ran, of a test who it is.
COLUMNS = (
    "what",
    "dmc_id",
    "functional_group",
    "kind",
    "provider_id",
    "descoped",
    "passed",
    "exit_passed",
    "is_assured",
    "evidence",
    "number",
    "last",
    "version_set_id",
    "ran_and_failed",
    "public_id",
    "external_id",
    "title",
)

#: How the evidence of a test's latest execution stands (12.6(d)).
FILE, NEEDLESS, MISSING, DAMAGED = range(4)

_EXECUTED = "IN ('PASSED', 'FAILED')"
_LATEST_FIRST = "occurred_at DESC, {0}.outcome, {0}.id DESC"


class _Builder:
    """Puts the statement together with its parameters: both databases bind them in the order of the text."""

    def __init__(self, scope: TestScope, moment: dt.datetime | None, exit_set: int | None) -> None:
        adapt = connection.ops.adapt_datetimefield_value
        self.scope_id = scope.pk
        self.past = moment is not None
        self.moment = adapt(moment or clock.now())
        self.exit_set = exit_set
        self.params: list[Any] = []

    def value(self, value: Any) -> str:
        """Take a parameter."""
        self.params.append(value)
        return "%s"

    def recorded(self, alias: str) -> str:
        """Return the condition that a row was recorded by the moment; now everything was."""
        return f" AND {alias}.recorded_at <= {self.value(self.moment)}" if self.past else ""

    def not_void(self, alias: str) -> str:
        return f" AND NOT EXISTS (SELECT 1 FROM testphases_runvoid w WHERE w.run_id = {alias}.id{self.recorded('w')})"

    def plan(self) -> str:
        """Return the tests that are planned, and whether each is finally de-scoped."""
        effective = self.value(self.moment)
        recorded = self.recorded("d")
        scope_id = self.value(self.scope_id)
        held = "v.valid_to IS NULL"
        if self.past:
            held = (
                f"v.valid_from <= {self.value(self.moment)} "
                f"AND (v.valid_to IS NULL OR v.valid_to > {self.value(self.moment)})"
            )
        return (
            "SELECT v.id AS version_id, v.planned_test_id, p.dmc_id, v.kind, v.functional_group, v.provider_id, "
            "d.id IS NOT NULL AS descoped, COALESCE(d.ran_and_failed, false) AS ran_and_failed "
            "FROM testphases_plannedtestversion v JOIN testphases_plannedtest p ON p.id = v.planned_test_id "
            "LEFT JOIN testphases_descoping d ON d.planned_test_id = v.planned_test_id "
            f"AND d.effective_at <= {effective}{recorded} WHERE v.scope_id = {scope_id} AND {held}"
        )

    def bad_files(self) -> str:
        """Return the files whose last check found other bytes than were stored, or none."""
        return (
            "SELECT file_id FROM (SELECT c.file_id, c.intact, ROW_NUMBER() OVER "
            "(PARTITION BY c.file_id ORDER BY c.recorded_at DESC, c.id DESC) AS place FROM governance_filecheck c "
            f"WHERE true{self.recorded('c')}) checked WHERE place = 1 AND NOT intact"
        )

    def later(self) -> str:
        """Return what evidence runs were given after they were recorded."""
        return (
            "SELECT e.run_id, COUNT(e.file_id) AS files, COUNT(b.file_id) AS bad, "
            "COUNT(*) - COUNT(e.file_id) AS reasons FROM testphases_runevidence e "
            f"LEFT JOIN bad_files b ON b.file_id = e.file_id WHERE true{self.recorded('e')} GROUP BY e.run_id"
        )

    def assured(self) -> str:
        """Return the runs that are assured."""
        return f"SELECT s.run_id FROM testphases_runassurance s WHERE true{self.recorded('s')}"

    def on_exit(self) -> str:
        """Return whether a regression test's latest execution on the stage-exit versions passed; NULL for none."""
        if self.exit_set is None:
            return "CAST(NULL AS boolean)"
        same, other = self.value(self.exit_set), self.value(self.exit_set)
        return (
            "CASE WHEN plan.kind <> 'REGRESSION' OR COALESCE(l.outcome, '') = '' THEN NULL "
            f"WHEN l.version_set_id = {same} THEN l.outcome = 'PASSED' "
            "ELSE (SELECT x.outcome = 'PASSED' FROM testphases_testrun x "
            f"WHERE x.planned_test_id = plan.planned_test_id AND x.version_set_id = {other} "
            f"AND x.outcome {_EXECUTED}{self.recorded('x')}{self.not_void('x')} "
            f"ORDER BY x.{_LATEST_FIRST.format('x')} LIMIT 1) END"
        )

    def latest(self) -> str:
        """Return the join of each planned test with its latest execution."""
        if not self.past:
            return "testphases_latestrun l ON l.planned_test_id = plan.planned_test_id"
        looked_up = (
            "FROM testphases_testrun r WHERE r.planned_test_id = plan.planned_test_id "
            f"AND r.outcome {_EXECUTED}{self.recorded('r')}{self.not_void('r')} "
            f"ORDER BY r.{_LATEST_FIRST.format('r')} LIMIT 1"
        )
        if connection.vendor == "postgresql":
            return f"LATERAL (SELECT r.* {looked_up}) l ON true"
        return f"testphases_testrun l ON l.id = (SELECT r.id {looked_up})"

    def judged(self) -> str:
        """Return each planned test with its latest execution and how it stands."""
        run_id, needless = ("l.id", "l.no_file_needed <> ''") if self.past else ("l.execution_id", "l.no_file_needed")
        on_exit = self.on_exit()
        files = "(CASE WHEN l.evidence_id IS NULL THEN 0 ELSE 1 END + COALESCE(later.files, 0))"
        bad = "(CASE WHEN own.file_id IS NULL THEN 0 ELSE 1 END + COALESCE(later.bad, 0))"
        return (
            "SELECT plan.version_id, plan.planned_test_id, plan.dmc_id, plan.functional_group, plan.kind, "
            "plan.provider_id, plan.descoped, plan.ran_and_failed, "
            # A test that was never executed may have a latest result too, of no outcome: its last attempt.
            "CASE l.outcome WHEN 'PASSED' THEN true WHEN 'FAILED' THEN false END AS passed, l.occurred_at, "
            f"l.version_set_id, {on_exit} AS exit_passed, assured.run_id IS NOT NULL AS is_assured, "
            f"CASE WHEN {run_id} IS NULL THEN NULL WHEN {files} > {bad} THEN {FILE} WHEN {files} > 0 THEN {DAMAGED} "
            f"WHEN {needless} OR COALESCE(later.reasons, 0) > 0 THEN {NEEDLESS} ELSE {MISSING} END AS evidence "
            f"FROM plan LEFT JOIN {self.latest()} LEFT JOIN assured ON assured.run_id = {run_id} "
            f"LEFT JOIN later ON later.run_id = {run_id} LEFT JOIN bad_files own ON own.file_id = l.evidence_id"
        )


def statement(scope: TestScope, *, moment: dt.datetime | None, exit_set: int | None) -> tuple[str, list[Any]]:
    """Return the statement and its parameters; its columns are `COLUMNS`."""
    builder = _Builder(scope, moment, exit_set)
    parts = (
        f"plan AS ({builder.plan()})",
        f"bad_files AS ({builder.bad_files()})",
        f"later AS ({builder.later()})",
        f"assured AS ({builder.assured()})",
        f"judged AS MATERIALIZED ({builder.judged()})",
    )
    return f"WITH {', '.join(parts)} {_cells()} UNION ALL {_tests(exit_set)}", builder.params


def _cells() -> str:
    keys = "dmc_id, functional_group, kind, provider_id, descoped, passed, exit_passed, is_assured, evidence"
    return (
        f"SELECT 'cell', {keys}, COUNT(*), MAX(occurred_at), NULL, NULL, NULL, NULL, NULL FROM judged GROUP BY {keys}"
    )


def _tests(exit_set: int | None) -> str:
    no_time = "CAST(NULL AS timestamp with time zone)" if connection.vendor == "postgresql" else "NULL"
    in_the_way = "NOT passed"
    if exit_set is not None:
        in_the_way = "CASE WHEN j.kind = 'REGRESSION' THEN exit_passed IS NULL OR NOT exit_passed ELSE NOT passed END"
    return (
        "SELECT 'test', j.dmc_id, j.functional_group, j.kind, j.provider_id, descoped, passed, exit_passed, "
        f"is_assured, evidence, 1, {no_time}, j.version_set_id, ran_and_failed, p.public_id, f.external_id, v.title "
        "FROM judged j JOIN testphases_plannedtest p ON p.id = j.planned_test_id "
        "JOIN testphases_testdefinition f ON f.id = p.definition_id "
        "JOIN testphases_plannedtestversion v ON v.id = j.version_id "
        f"WHERE descoped OR passed IS NULL OR {in_the_way} OR evidence IN ({MISSING}, {DAMAGED})"
    )
