"""Counts of a plan worked out row by row in Python, from the text of the rules: what the database must agree with."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from svtad.governance.models import FileCheck
from testphases.models import (
    Descoping,
    PlannedTestVersion,
    RunAssurance,
    RunEvidence,
    RunVoid,
    StageExitVersions,
    TestRun,
    TestScope,
)


def brute_force(scope: TestScope, moment: dt.datetime) -> dict[str, Any]:
    """Return cells, listed tests and gaps of `scope` as recorded by `moment`."""
    plan = [
        version
        for version in PlannedTestVersion.objects.filter(scope=scope).select_related(
            "planned_test__dmc", "planned_test__definition", "provider"
        )
        if version.valid_from <= moment and (version.valid_to is None or version.valid_to > moment)
    ]
    frozen = [
        held.version_set_id
        for held in StageExitVersions.objects.filter(scope=scope)
        if held.valid_from <= moment and (held.valid_to is None or held.valid_to > moment)
    ]
    exit_set = frozen[0] if frozen else None
    void = {void.run_id for void in RunVoid.objects.all() if void.recorded_at <= moment}
    assured = {assurance.run_id for assurance in RunAssurance.objects.all() if assurance.recorded_at <= moment}
    de_scoped = {
        row.planned_test_id: row.ran_and_failed
        for row in Descoping.objects.all()
        if row.recorded_at <= moment and row.effective_at <= moment
    }
    runs = [
        run
        for run in TestRun.objects.filter(scope=scope)
        if run.recorded_at <= moment and run.pk not in void and run.outcome in ("PASSED", "FAILED")
    ]
    cells: dict[tuple[str, ...], Counter[str]] = {}
    rows: dict[str, str] = {}
    gaps: dict[str, bool] = {}
    later: dict[int, list[RunEvidence]] = {}
    for row in RunEvidence.objects.select_related("file"):
        if row.recorded_at <= moment:
            later.setdefault(row.run_id, []).append(row)
    bad = _damaged(moment)
    for version in plan:
        test = version.planned_test
        own = [run for run in runs if run.planned_test_id == test.pk]
        latest = max(own, key=_when, default=None)
        on_exit = max((run for run in own if exit_set and run.version_set_id == exit_set), key=_when, default=None)
        is_regression = version.kind == "REGRESSION"
        key = (
            test.dmc.reference if test.dmc else "",
            version.functional_group,
            version.kind,
            version.provider.name if version.provider else "",
        )
        cell = cells.setdefault(key, Counter())
        cell["planned"] += 1
        if test.pk in de_scoped:
            cell["descoped"] += 1
            rows[test.public_id] = "DESCOPED"
            continue
        if latest is None:
            cell["not_run"] += 1
            rows[test.public_id] = "NOT_RUN"
            continue
        cell["executed"] += 1
        cell["passed" if latest.outcome == "PASSED" else "failed"] += 1
        cell["assured_passed"] += latest.outcome == "PASSED" and latest.pk in assured
        if is_regression and exit_set:
            cell["exit_executed"] += on_exit is not None
            cell["exit_passed"] += on_exit is not None and on_exit.outcome == "PASSED"
            if on_exit is None:
                rows[test.public_id] = "WRONG_VERSION"
            elif on_exit.outcome == "FAILED":
                rows[test.public_id] = "FAILED"
        elif latest.outcome == "FAILED":
            rows[test.public_id] = "FAILED"
        state = _evidence(latest, later.get(latest.pk, []), bad)
        cell[state] += 1
        if state == "evidence_failed":
            cell["with_evidence"] += 1
        if state in ("evidence_failed", "evidence_missing"):
            gaps[test.public_id] = state == "evidence_failed"
    return {"cells": {key: +cell for key, cell in cells.items()}, "rows": rows, "gaps": gaps}


def _when(run: TestRun) -> tuple[object, ...]:
    """The latest is the last to have run; at the same moment a failure comes after a pass, then the later arrival."""
    return (run.occurred_at, run.outcome == "FAILED", run.pk)


def _evidence(run: TestRun, later: list[RunEvidence], damaged: set[int]) -> str:
    files = [pk for pk in [run.evidence_id, *(row.file_id for row in later)] if pk]
    if files:
        return "with_evidence" if any(pk not in damaged for pk in files) else "evidence_failed"
    needless = run.no_file_needed or any(row.no_file_needed for row in later)
    return "no_file_needed" if needless else "evidence_missing"


def _damaged(moment: dt.datetime) -> set[int]:
    """Return the files whose last check by then found other bytes."""
    last: dict[int, bool] = {}
    for check in sorted(FileCheck.objects.all(), key=lambda check: (check.recorded_at, check.pk)):
        if check.recorded_at <= moment:
            last[check.file_id] = check.intact
    return {file_id for file_id, intact in last.items() if not intact}
