# ruff: noqa: S608
"""The statement behind `plan_counts`, the same for PostgreSQL and SQLite. Every value is a parameter.

Each planned test becomes one row (`judged`) of few and small columns, and the rows are counted by how they stand. Those
of a group that stands in the way are named with it, so that one pass over the plan is enough. For now the kept latest
results are joined; for a past moment each test's latest is looked up by the index of runs, which takes half the time
of a window over a million of them.

What few tests have (a de-scoping, an assurance, later evidence) is asked by `IN`: both databases look it up in a list
made once, for a fraction of what a join costs.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection

from svtad.lib import clock
from testphases.models import TestScope

#: The columns of a row: the keys of its cell, how its tests stand, how many do, when the last of them ran, and, where
#: they are to be listed, each one's version of the plan and the version set it ran on, as two lists of one order.
COLUMNS = (
    "dmc_id",
    "functional_group",
    "kind",
    "provider_id",
    "descoped",
    "ran_and_failed",
    "passed",
    "exit_passed",
    "is_assured",
    "evidence",
    "number",
    "last",
    "listed",
    "version_sets",
)
_KEYS = COLUMNS[: COLUMNS.index("number")]

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

    def held(self) -> str:
        """Return the condition that a version of the plan holds."""
        if not self.past:
            return f"v.scope_id = {self.value(self.scope_id)} AND v.valid_to IS NULL"
        return (
            f"v.scope_id = {self.value(self.scope_id)} AND v.valid_from <= {self.value(self.moment)} "
            f"AND (v.valid_to IS NULL OR v.valid_to > {self.value(self.moment)})"
        )

    def descoped(self, more: str = "") -> str:
        """Return whether a test is finally de-scoped."""
        return (
            "v.planned_test_id IN (SELECT d.planned_test_id FROM testphases_descoping d "
            f"WHERE d.effective_at <= {self.value(self.moment)}{self.recorded('d')}{more} "
            "AND NOT EXISTS (SELECT 1 FROM testphases_descopingend n WHERE n.descoping_id = d.id "
            f"AND n.effective_at <= {self.value(self.moment)}{self.recorded('n')}))"
        )

    def bad_files(self) -> str:
        """Return the files whose last check found other bytes than were stored, or none."""
        return (
            "SELECT file_id FROM (SELECT c.file_id, c.intact, ROW_NUMBER() OVER "
            "(PARTITION BY c.file_id ORDER BY c.recorded_at DESC, c.id DESC) AS place FROM governance_filecheck c "
            f"WHERE true{self.recorded('c')}) checked WHERE place = 1 AND NOT intact"
        )

    def evidence(self) -> str:
        """Return how the evidence of the latest execution stands: its own, and what it was given later."""
        run, needless = ("l.id", "l.no_file_needed <> ''") if self.past else ("l.execution_id", "l.no_file_needed")
        own_is_bad = "l.evidence_id IN (SELECT file_id FROM bad_files)"
        has_later = f"{run} IN (SELECT e.run_id FROM testphases_runevidence e WHERE true{self.recorded('e')})"
        files = "(COUNT(e.file_id) + CASE WHEN l.evidence_id IS NULL THEN 0 ELSE 1 END)"
        bad = f"(COUNT(b.file_id) + CASE WHEN {own_is_bad} THEN 1 ELSE 0 END)"
        with_later = (
            f"SELECT CASE WHEN {files} > {bad} THEN {FILE} WHEN {files} > 0 THEN {DAMAGED} "
            f"WHEN {needless} OR COUNT(*) > COUNT(e.file_id) THEN {NEEDLESS} ELSE {MISSING} END "
            "FROM testphases_runevidence e LEFT JOIN bad_files b ON b.file_id = e.file_id "
            f"WHERE e.run_id = {run}{self.recorded('e')}"
        )
        return (
            f"CASE WHEN {run} IS NULL THEN NULL WHEN {has_later} THEN ({with_later}) "
            f"WHEN l.evidence_id IS NULL THEN CASE WHEN {needless} THEN {NEEDLESS} ELSE {MISSING} END "
            f"WHEN {own_is_bad} THEN {DAMAGED} ELSE {FILE} END"
        )

    def assured(self) -> str:
        """Return whether the latest execution is assured."""
        run = "l.id" if self.past else "l.execution_id"
        return (
            f"COALESCE({run} IN (SELECT s.run_id FROM testphases_runassurance s WHERE true{self.recorded('s')}), false)"
        )

    def on_exit(self) -> str:
        """Return whether a regression test's latest execution on the stage-exit versions passed; NULL for none."""
        if self.exit_set is None:
            return "CAST(NULL AS boolean)"
        same, other = self.value(self.exit_set), self.value(self.exit_set)
        return (
            "CASE WHEN v.kind <> 'REGRESSION' OR COALESCE(l.outcome, '') = '' THEN NULL "
            f"WHEN l.version_set_id = {same} THEN l.outcome = 'PASSED' "
            "ELSE (SELECT x.outcome = 'PASSED' FROM testphases_testrun x "
            f"WHERE x.planned_test_id = v.planned_test_id AND x.version_set_id = {other} "
            f"AND x.outcome {_EXECUTED}{self.recorded('x')}{self.not_void('x')} "
            f"ORDER BY x.{_LATEST_FIRST.format('x')} LIMIT 1) END"
        )

    def latest(self) -> str:
        """Return the join of each planned test with its latest execution."""
        if not self.past:
            return "testphases_latestrun l ON l.planned_test_id = v.planned_test_id"
        looked_up = (
            "FROM testphases_testrun r WHERE r.planned_test_id = v.planned_test_id "
            f"AND r.outcome {_EXECUTED}{self.recorded('r')}{self.not_void('r')} "
            f"ORDER BY r.{_LATEST_FIRST.format('r')} LIMIT 1"
        )
        if connection.vendor == "postgresql":
            return f"LATERAL (SELECT r.* {looked_up}) l ON true"
        return f"testphases_testrun l ON l.id = (SELECT r.id {looked_up})"

    def judged(self) -> str:
        """Return each planned test with its latest execution and how it stands."""
        # A test that was never executed may have a latest result too, of no outcome: its last attempt.
        passed = "CASE l.outcome WHEN 'PASSED' THEN true WHEN 'FAILED' THEN false END"
        return (
            f"SELECT v.id AS version_id, p.dmc_id, v.functional_group, v.kind, v.provider_id, "
            f"{self.descoped()} AS descoped, {self.descoped(' AND d.ran_and_failed')} AS ran_and_failed, "
            f"{passed} AS passed, {self.on_exit()} AS exit_passed, {self.assured()} AS is_assured, "
            f"{self.evidence()} AS evidence, l.occurred_at, l.version_set_id "
            "FROM testphases_plannedtestversion v JOIN testphases_plannedtest p ON p.id = v.planned_test_id "
            f"LEFT JOIN {self.latest()} WHERE {self.held()}"
        )


def statement(scope: TestScope, *, moment: dt.datetime | None, exit_set: int | None) -> tuple[str, list[Any]]:
    """Return the statement and its parameters; its columns are `COLUMNS`."""
    builder = _Builder(scope, moment, exit_set)
    keys = ", ".join(_KEYS)
    together = "array_agg" if connection.vendor == "postgresql" else "json_group_array"
    listed = f"FILTER (WHERE {_in_the_way(exit_set)})"
    return (
        f"WITH bad_files AS ({builder.bad_files()}), judged AS ({builder.judged()}) "
        f"SELECT {keys}, COUNT(*), MAX(occurred_at), {together}(version_id) {listed}, "
        f"{together}(version_set_id) {listed} FROM judged GROUP BY {keys}",
        builder.params,
    )


def _in_the_way(exit_set: int | None) -> str:
    """Return the condition, of the keys alone, that the tests of a group are listed one by one."""
    short = "NOT passed"
    if exit_set is not None:
        short = "CASE WHEN kind = 'REGRESSION' THEN exit_passed IS NULL OR NOT exit_passed ELSE NOT passed END"
    return f"descoped OR passed IS NULL OR {short} OR evidence IN ({MISSING}, {DAMAGED})"
