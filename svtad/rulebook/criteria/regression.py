"""Regression testing: 12.6(f) and Table 13.1 row 2."""

from __future__ import annotations

from collections.abc import Iterable

from svtad.rulebook.case import Case, Result, number
from svtad.rulebook.criteria.tallies import (
    MISSING_PLAN,
    Execution,
    Tally,
    blocker_for,
    needed_passes,
    percent,
)
from svtad.rulebook.findings import Blocker, Missing, Number, ReadingUsed
from svtad.rulebook.vocabulary import TestKind, TestRowStatus, Verdict


def regression_sit(case: Case) -> Result:
    """Regression testing is successfully completed.

    For SIT that is Table 13.1: all planned regression tests have been executed on the stage exit versions of the
    software, and all of them passed.
    """
    allowed = case.setting("regression.descope_allowed")
    due = _regression_due(case, allowed)
    return _regression(
        case,
        due=due,
        needed=due,
        versions_matter=True,
        limit="100% executed and passed on the stage exit versions",
        readings=(allowed,),
    )


def regression_pit(case: Case) -> Result:
    """Regression testing is successfully completed by the criteria of the relevant Testing Approach Document.

    For PIT the sources name no document and no criterion: an administrator sets the share that must pass.
    """
    key = "pit.regression_pass_rate"
    versions = case.setting("pit.regression_on_exit_versions")
    minimum = case.rate(key)
    tally = case.once(Execution).regression
    if minimum is None:
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary="The regression criterion of PIT is not set.",
            numbers=_regression_numbers(tally, tally.due),
            missing=(case.missing_parameter(key),),
            readings=(versions,),
        )
    return _regression(
        case,
        due=tally.due,
        needed=needed_passes(tally.due, minimum),
        versions_matter=versions.value == "yes",
        limit=f"all executed, {percent(minimum)} passed",
        readings=(versions,),
    )


def _regression_due(case: Case, allowed: ReadingUsed) -> int:
    tally = case.once(Execution).regression
    return tally.due if allowed.value == "yes" else tally.planned


def _regression_numbers(tally: Tally, due: int) -> tuple[Number, ...]:
    return (
        number("Planned", tally.planned),
        number("De-scoped", tally.descoped),
        number("To be executed", due),
        number("Executed", tally.executed),
        number("Passed", tally.passed),
        number("Executed on the stage exit versions", tally.exit_executed),
        number("Passed on the stage exit versions", tally.exit_passed),
    )


def _regression(
    case: Case, *, due: int, needed: int, versions_matter: bool, limit: str, readings: tuple[ReadingUsed, ...]
) -> Result:
    held = case.once(Execution)
    tally = held.regression
    exit_versions = case.facts.stage_exit_versions
    executed = tally.exit_executed if versions_matter else tally.executed
    passed = tally.exit_passed if versions_matter else tally.passed
    numbers = _regression_numbers(tally, due)
    if exit_versions is not None and versions_matter:
        numbers = (*numbers, number("Stage exit versions", exit_versions))
    readings = (*held.readings(), *readings)
    if due == 0:
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary="No planned regression test is left to judge.",
            numbers=numbers,
            missing=(MISSING_PLAN,),
            readings=readings,
            notes=held.notes(),
        )
    if versions_matter and exit_versions is None and tally.executed == due:
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary="The stage exit versions are not fixed.",
            numbers=numbers,
            limit=limit,
            missing=(Missing(kind="fact", key="stage_exit_versions", text="No stage exit version set is frozen."),),
            readings=readings,
            notes=held.notes(),
        )
    met = executed == due and passed >= needed
    return Result(
        verdict=Verdict.MET if met else Verdict.NOT_MET,
        summary=f"{passed} of {due} planned regression tests passed"
        + (" on the stage exit versions." if versions_matter else "."),
        numbers=numbers,
        limit=limit,
        blockers=() if met else tuple(_regression_blockers(held, due)),
        readings=readings,
        notes=held.notes(),
    )


def _regression_blockers(held: Execution, due: int) -> Iterable[Blocker]:
    words = {
        TestRowStatus.NOT_RUN: "not executed",
        TestRowStatus.FAILED: "failed",
        TestRowStatus.WRONG_VERSION: "not run on the stage exit versions",
    }
    if due > held.regression.due:
        words[TestRowStatus.DESCOPED] = "de-scoped, which row 2 does not provide for"
    for row in held.rows_of(TestKind.REGRESSION, *words):
        suffix = f" (run on {row.versions})" if row.status is TestRowStatus.WRONG_VERSION and row.versions else ""
        yield blocker_for(row, words[row.status] + suffix)


def regression_row(case: Case) -> Result:
    """All planned regression tests have been executed on the stage exit versions of the software, and all passed."""
    whole = case.once(regression_sit)
    return Result(
        verdict=whole.verdict,
        summary=whole.summary,
        numbers=whole.numbers,
        limit=whole.limit,
        notes=("Judged once, under 12.6(f), which it details.",),
    )
