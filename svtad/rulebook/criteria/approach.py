"""Criteria that another document or a test plan holds, which this edition does not: entered by hand, and answered."""

from __future__ import annotations

from dataclasses import replace

from svtad.rulebook.case import Case, Result, number
from svtad.rulebook.facts import EnteredCriterionFact, Facts
from svtad.rulebook.findings import Blocker, Missing
from svtad.rulebook.vocabulary import CriterionGate, Verdict


def has_entry_criteria(facts: Facts) -> bool:
    """Whether the approach document's own Entry Criteria were entered: 12.3 has them only where required."""
    return any(row.gate is CriterionGate.ENTRY for row in facts.entered_criteria)


def entry_criteria_of_the_approach_document(case: Case) -> Result:
    """Specific Entry Criteria of this Test Phase are set out in its Testing Approach Document, where required."""
    return _of_document(case, "Entry")


def criteria_of_the_approach_document(case: Case) -> Result:
    """Further Exit Criteria of this Test Phase are set out in its Testing Approach Document.

    12.6 speaks of PIT and SIT only. What is not entered from the approach document cannot be judged by it.
    """
    made = _of_document(case, "Exit")
    return replace(
        made,
        readings=(case.reading("scope.12_6"), *made.readings),
        notes=(
            "12.2 says that the generic Exit Criteria for any Test Phase are in 12.5; 12.5 holds the Entry Criteria. "
            "12.6 is meant, and it is worded for PIT and SIT.",
        ),
    )


def _of_document(case: Case, which: str) -> Result:
    document = case.phase_kind.criteria_document or ""
    version = case.facts.criteria_version
    if not version:
        missing = Missing(
            kind="document", key=document, text=f"No version of the {document} that is in effect is entered."
        )
        return Result(
            verdict=Verdict.CANNOT_EVALUATE,
            summary=f"The other {which} Criteria are in the {document}, which is not held.",
            missing=(missing,),
            readings=(case.reading("entered.answered"),),
        )
    source = f"{document} v{version}"
    missing = Missing(kind="parameter", key=document, text=f"No {which} Criteria of {source} are entered.")
    made = entered_criteria(case.facts.entered_criteria, of=f"{which} Criteria of {source}", none=missing)
    return replace(made, readings=(case.reading("entered.answered"),))


def entered_criteria(rows: tuple[EnteredCriterionFact, ...], *, of: str, none: Missing) -> Result:
    """Judge criteria by the answers recorded to them. ``none`` says what is missing where there are no criteria.

    Each is met or not as the DCC recorded; one that nobody has answered cannot be evaluated. One not met is not made
    up for by others.
    """
    if not rows:
        return Result(verdict=Verdict.CANNOT_EVALUATE, summary=none.text, missing=(none,))
    failed = [row for row in rows if row.met is False]
    silent = [row for row in rows if row.met is None]
    met = len(rows) - len(failed) - len(silent)
    if failed:
        verdict, summary = Verdict.NOT_MET, f"{of}: {len(failed)} of {len(rows)} recorded as not met."
    elif silent:
        verdict, summary = Verdict.CANNOT_EVALUATE, f"{of}: {len(silent)} of {len(rows)} without an answer."
    else:
        verdict, summary = Verdict.MET, f"{of}: {met} of {len(rows)} recorded as met."
    return Result(
        verdict=verdict,
        summary=summary,
        numbers=(number("Criteria entered", len(rows)), number("Recorded as met", met)),
        blockers=tuple(
            Blocker(kind="entered_criterion", id=row.id, reference=_named(row), text=f"is not met: {row.reasons}")
            for row in failed
        ),
        missing=tuple(
            Missing(kind="fact", key=row.id, text=f"{_named(row)}: nobody has recorded whether it is met.")
            for row in silent
        ),
    )


def _named(row: EnteredCriterionFact) -> str:
    return f"{row.clause} {row.text}".strip()
