"""Execution of planned tests: 12.6(a) and Table 13.1 row 1."""

from __future__ import annotations

from dataclasses import replace

from svtad.rulebook.case import Case, Result
from svtad.rulebook.criteria.success import success_rate_sit
from svtad.rulebook.criteria.tallies import MISSING_PLAN, Execution, blocker_for, unlisted
from svtad.rulebook.findings import DmcCell
from svtad.rulebook.vocabulary import TestRowStatus, Verdict, combine

SLIP_12_2 = (
    "12.2 says that the generic Exit Criteria are in 12.5; 12.5 holds the Entry Criteria, and 12.6 is meant. "
    "12.6 speaks of PIT and SIT only."
)


def planned_tests_executed(case: Case) -> Result:
    """All planned tests have been executed.

    In exceptional circumstances a planned test may be de-scoped: in PIT when the TAB approves, in SIT only when the
    Secretary of State approves as well. Until then it still has to be executed.
    """
    held = case.once(Execution)
    total = held.total
    if total.due == 0:
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary=MISSING_PLAN.text,
            numbers=total.numbers(),
            missing=(MISSING_PLAN,),
            readings=held.readings(),
            notes=(*held.notes(), SLIP_12_2),
        )
    blockers = tuple(blocker_for(row, "not executed") for row in held.rows_of(None, TestRowStatus.NOT_RUN))
    met = total.executed == total.due
    return Result(
        verdict=Verdict.MET if met else Verdict.NOT_MET,
        summary=f"{total.executed} of {total.due} planned tests have been executed.",
        numbers=total.numbers(),
        limit="all planned tests, less those finally de-scoped",
        blockers=(*blockers, *unlisted(total.not_run, len(blockers), "not executed")),
        readings=(*held.readings(), case.reading("descoping.tab_refusal")),
        notes=(*held.notes(), SLIP_12_2),
        awaiting=not met and len(blockers) == total.not_run and all(blocker.pending for blocker in blockers),
    )


def functional_row(case: Case) -> Result:
    """All planned functional tests have been executed, and 90% have passed on each Device Model Combination.

    Tests de-scoped with the Secretary of State's approval are left out of both.
    """
    rate = case.once(success_rate_sit)
    tally = case.once(Execution).functional
    execution = Verdict.MET if tally.executed == tally.due else Verdict.NOT_MET
    cells = tuple(_with_execution(cell) for cell in rate.dmcs)
    verdict = combine((rate.verdict, execution))
    return Result(
        verdict=verdict,
        summary=f"{tally.executed} of {tally.due} functional tests executed. {rate.summary}",
        numbers=tally.numbers(),
        limit="100% executed; 90% passed on each DMC",
        dmcs=cells,
        notes=("Judged once, under 12.6(a) and (b), which it details.",),
    )


def _with_execution(cell: DmcCell) -> DmcCell:
    if cell.verdict is None or cell.executed == cell.due:
        return cell
    return replace(cell, verdict=Verdict.NOT_MET, note=f"{cell.not_run} not run")
