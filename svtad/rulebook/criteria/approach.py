"""Criteria that another document holds, which this edition does not."""

from __future__ import annotations

from svtad.rulebook.case import Case, Result
from svtad.rulebook.findings import Missing
from svtad.rulebook.vocabulary import Verdict


def criteria_of_the_approach_document(case: Case) -> Result:
    """Further Entry and Exit Criteria of this Test Phase are set out in its Testing Approach Document.

    12.6 speaks of PIT and SIT only. The text of the approach document is not held, so nothing can be judged by it.
    """
    document = case.phase_kind.criteria_document or ""
    missing = Missing(kind="document", key=document, text=f"The text of the {document} is not held.")
    return Result(
        verdict=Verdict.CANNOT_EVALUATE,
        summary=f"The other Exit Criteria are in the {document}, which is not held.",
        missing=(missing,),
        readings=(case.reading("scope.12_6"),),
        notes=(
            "12.2 says that the generic Exit Criteria for any Test Phase are in 12.5; 12.5 holds the Entry Criteria. "
            "12.6 is meant, and it is worded for PIT and SIT.",
        ),
    )
