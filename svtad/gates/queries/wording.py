"""The words in which a verdict is shown. What is judged and stored are the rulebook's verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from svtad.rulebook.findings import Finding
from svtad.rulebook.vocabulary import Verdict, combine


class Word(StrEnum):
    """A verdict word. Awaiting is display only: NOT_MET, and only because a matter is still open before a body."""

    MET = "Met"
    NOT_MET = "Not met"
    AWAITING = "Awaiting"
    CANNOT_DECIDE = "Cannot decide"
    NOT_STARTED = "Not started"


@dataclass(frozen=True)
class Shown:
    """A verdict as shown: the word, and, where nothing can be decided, which of the two reasons it is."""

    word: Word
    why: str = ""


#: Why nothing can be decided: 14.5, or something the judgement needs is not there.
_BLOCKED = "a pending severity dispute could change it (14.5)"
_CANNOT_EVALUATE = "it cannot be evaluated"


def shown(finding: Finding) -> Shown:
    """Return how the verdict of a finding is shown."""
    return _shown(finding.verdict, awaiting=finding.awaiting)


def shown_overall(findings: Iterable[Finding]) -> Shown:
    """Return how the verdict of all findings together is shown.

    Awaiting only where each criterion that is not met waits for a body, and nothing else stands open.
    """
    leading = [finding for finding in findings if not finding.is_detail]
    unmet = [finding for finding in leading if finding.verdict is Verdict.NOT_MET]
    return _shown(combine(finding.verdict for finding in leading), awaiting=all(finding.awaiting for finding in unmet))


def shown_stored(verdict: str, *, summary: Mapping[str, Any]) -> Shown:
    """Return how a stored judgement's verdict is shown, from its row alone."""
    unmet, awaiting = summary.get("not_met", 0), summary.get("awaiting", 0)
    return _shown(Verdict(verdict), awaiting=0 < unmet == awaiting)


def summary_of(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many criteria there are, by verdict; a row that only details another is not counted."""
    leading = [finding for finding in findings if not finding.is_detail]
    counts = {verdict.value.lower(): sum(row.verdict is verdict for row in leading) for verdict in Verdict}
    return {"criteria": len(leading), **counts, "awaiting": sum(row.awaiting for row in leading)}


def _shown(verdict: Verdict, *, awaiting: bool) -> Shown:
    if verdict is Verdict.MET:
        return Shown(Word.MET)
    if verdict is Verdict.NOT_MET:
        return Shown(Word.AWAITING if awaiting else Word.NOT_MET)
    return Shown(Word.CANNOT_DECIDE, _BLOCKED if verdict is Verdict.BLOCKED else _CANNOT_EVALUATE)
