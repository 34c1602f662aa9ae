"""The test success rate: 12.6(b)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from svtad.rulebook.case import Case, Result, first_and_more, number
from svtad.rulebook.criteria.tallies import (
    MISSING_PLAN,
    PENDING_DESCOPE,
    Execution,
    Tally,
    blocker_for,
    needed_passes,
    percent,
)
from svtad.rulebook.findings import Blocker, DmcCell, ReadingUsed
from svtad.rulebook.vocabulary import TestKind, TestRowStatus, Verdict, combine

NO_DMC = "No DMC"
"""The name of the bucket of tests tied to no Device Model Combination."""


def success_rate_sit(case: Case) -> Result:
    """The test success rate that is achieved is at or above the minimum.

    For SIT that is Table 13.1: on each Device Model Combination at least 90% of the planned functional tests, less
    those finally de-scoped, have passed.
    """
    return _rate_by_dmc(case, case.edition.functional_pass_rate, readings=())


def success_rate_pit(case: Case) -> Result:
    """The test success rate that is achieved is at or above the minimum in the relevant Testing Approach Document.

    For PIT the sources name no document and no number: an administrator sets it.
    """
    key = "pit.minimum_pass_rate"
    scope = case.setting("pit.pass_rate_scope")
    minimum = case.rate(key)
    if minimum is None:
        held = case.once(Execution)
        missing = case.missing_parameter(key)
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary="The minimum success rate of PIT is not set.",
            numbers=(
                number("To be passed", held.functional.due),
                number("Passed", held.functional.passed),
                number("Assured as passed", held.functional.assured_passed),
            ),
            dmcs=_cells(case, None),
            missing=(missing,),
            readings=(*held.readings(), scope),
            notes=held.notes(),
        )
    if scope.value == "phase":
        return _rate_of_phase(case, minimum, scope)
    return _rate_by_dmc(case, minimum, readings=(scope,))


def _passes(case: Case, tally: Tally) -> int:
    """Recorded passes, or only the assured ones where the setting says so (9.5(b))."""
    return tally.assured_passed if case.setting("pass_rate.assured_only").value == "yes" else tally.passed


def _cells(case: Case, minimum: Fraction | None) -> tuple[DmcCell, ...]:
    """One cell per DMC with planned functional tests, in order of name, the no-DMC bucket last."""
    held = case.once(Execution)
    order = sorted(held.by_dmc, key=lambda dmc: (dmc is None, held.dmcs[dmc].name if dmc else "", dmc or ""))
    cells = [_cell(case, dmc, held.by_dmc[dmc], minimum) for dmc in order]
    return (*cells, *_removed_cells(case))


def _cell(case: Case, dmc: str | None, tally: Tally, minimum: Fraction | None) -> DmcCell:
    held = case.once(Execution)
    verdict: Verdict | None = None
    needed = None if minimum is None else needed_passes(tally.due, minimum)
    note = ""
    if tally.due == 0:
        note = "not applicable: every planned test is de-scoped" if tally.planned else "nothing planned"
    elif needed is not None:
        verdict = Verdict.MET if _passes(case, tally) >= needed else Verdict.NOT_MET
    return DmcCell(
        dmc=dmc,
        name=held.dmcs[dmc].name if dmc else NO_DMC,
        planned=tally.planned,
        descoped=tally.descoped,
        due=tally.due,
        executed=tally.executed,
        passed=tally.passed,
        failed=tally.failed,
        not_run=tally.not_run,
        assured=tally.assured_passed,
        needed=needed,
        verdict=verdict,
        note=note,
    )


def _removed_cells(case: Case) -> list[DmcCell]:
    """The de-selected DMCs, listed as removed with what was planned and run on them."""
    held = case.once(Execution)
    return [
        replace(_cell(case, dmc.id, held.removed_by_dmc[dmc.id], None), note="removed: de-selected (13.6)")
        for dmc in held.removed
    ]


def _rate_by_dmc(case: Case, minimum: Fraction, *, readings: tuple[ReadingUsed, ...]) -> Result:
    held = case.once(Execution)
    cells = _cells(case, minimum)
    judged = [cell for cell in cells if cell.verdict is not None]
    used = (*held.readings(), case.setting("pass_rate.assured_only"), *readings)
    numbers = (
        number("To be passed or failed", held.functional.due),
        number("Passed", held.functional.passed),
        number("Assured as passed", held.functional.assured_passed),
    )
    if not judged:
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary="No planned functional test is left to judge.",
            numbers=numbers,
            dmcs=cells,
            missing=(MISSING_PLAN,),
            readings=used,
            notes=held.notes(),
        )
    short = [cell for cell in judged if cell.verdict is Verdict.NOT_MET]
    verdict = combine(cell.verdict for cell in judged if cell.verdict)
    failing = {cell.dmc for cell in short}
    blockers = tuple(
        blocker_for(row, "failed" if row.status is TestRowStatus.FAILED else "not executed")
        for row in held.rows_of(TestKind.FUNCTIONAL, TestRowStatus.FAILED, TestRowStatus.NOT_RUN)
        if row.dmc in failing
    )
    dmc_blockers = tuple(
        Blocker(
            kind="dmc",
            id=cell.dmc or "",
            reference=cell.name,
            text=f"{_share(case, cell)} passed, {cell.needed} needed",
        )
        for cell in short
    )
    return Result(
        verdict=verdict,
        summary=_rate_summary(case, short, len(judged), minimum),
        numbers=numbers,
        limit=f"{percent(minimum)} of the planned functional tests of each DMC",
        dmcs=cells,
        blockers=(*dmc_blockers, *blockers),
        readings=used,
        notes=held.notes(),
        awaiting=bool(short) and all(_awaits_descope(case, cell, minimum) for cell in short),
    )


def _rate_of_phase(case: Case, minimum: Fraction, scope: ReadingUsed) -> Result:
    held = case.once(Execution)
    tally = held.functional
    passed = _passes(case, tally)
    used = (*held.readings(), case.setting("pass_rate.assured_only"), scope)
    if tally.due == 0:
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary="No planned functional test is left to judge.",
            dmcs=_cells(case, None),
            missing=(MISSING_PLAN,),
            readings=used,
            notes=held.notes(),
        )
    needed = needed_passes(tally.due, minimum)
    return Result(
        verdict=Verdict.MET if passed >= needed else Verdict.NOT_MET,
        summary=f"{passed} of {tally.due} planned functional tests passed; {needed} are needed.",
        numbers=(
            number("To be passed or failed", tally.due),
            number("Passed", tally.passed),
            number("Assured as passed", tally.assured_passed),
            number("Needed", needed),
        ),
        limit=f"{percent(minimum)} of the planned functional tests of the phase",
        dmcs=_cells(case, None),
        blockers=tuple(
            blocker_for(row, "failed" if row.status is TestRowStatus.FAILED else "not executed")
            for row in held.rows_of(TestKind.FUNCTIONAL, TestRowStatus.FAILED, TestRowStatus.NOT_RUN)
            if passed < needed
        ),
        readings=used,
        notes=held.notes(),
    )


def _share(case: Case, cell: DmcCell) -> str:
    assured = case.setting("pass_rate.assured_only").value == "yes"
    return f"{cell.assured if assured else cell.passed} of {cell.due}"


def _rate_summary(case: Case, short: list[DmcCell], judged: int, minimum: Fraction) -> str:
    if not short:
        return (
            f"Each of {judged} DMCs has passed {percent(minimum)} or more."
            if judged > 1
            else (f"{percent(minimum)} or more have passed.")
        )
    names = first_and_more(f"{cell.name} ({_share(case, cell)})" for cell in short)
    return f"Below {percent(minimum)}: {names}."


def _awaits_descope(case: Case, cell: DmcCell, minimum: Fraction) -> bool:
    """Whether de-scoping what is proposed would lift a DMC to its minimum (for display only)."""
    held = case.once(Execution)
    pending = sum(
        row.dmc == cell.dmc and row.descope in PENDING_DESCOPE
        for row in held.rows_of(TestKind.FUNCTIONAL, TestRowStatus.FAILED, TestRowStatus.NOT_RUN)
    )
    assured = case.setting("pass_rate.assured_only").value == "yes"
    passed = cell.assured if assured else cell.passed
    return pending > 0 and passed >= needed_passes(cell.due - pending, minimum)
