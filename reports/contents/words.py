"""How a report writes what the facts hold: instants, dates, rates, marks, states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from reports.shapes import Mark
from svtad.gates.queries import Shown, Word, shown, shown_overall
from svtad.lib.clock import LONDON
from svtad.rulebook.findings import Finding
from svtad.rulebook.vocabulary import Step, Verdict

NONE = "–"


def instant(moment: dt.datetime | None) -> str:
    """Return an instant as London writes it, with the zone's word: `20 November 2026, 16:03 GMT`."""
    if moment is None:
        return NONE
    local = moment.astimezone(LONDON)
    return f"{local:%-d %B %Y, %H:%M} {local.tzname()}"


def day(moment: dt.datetime | dt.date | None) -> str:
    """Return the London day of an instant, or a date, as `20 Nov 2026`."""
    if moment is None:
        return NONE
    local = moment.astimezone(LONDON) if isinstance(moment, dt.datetime) else moment
    return f"{local:%-d %b %Y}"


def rate(passed: int, due: int) -> str:
    """Return passes of due as a percentage cut to one decimal: 899 of 1,000 is `89.9%`, never rounded up to 90."""
    if due == 0:
        return NONE
    tenths = passed * 1000 // due
    return f"{tenths // 10}.{tenths % 10}%"


def plain(value: str) -> str:
    """Return a state or kind of the vocabulary in words: `TAG_AGREED` is `TAG agreed`."""
    words = value.replace("_", " ").lower().split()
    fixed = {"tab": "TAB", "tag": "TAG", "sos": "Secretary of State", "dcc": "DCC", "sit": "SIT", "ttm": "TTM"}
    said = " ".join(fixed.get(word, word) for word in words)
    return said[:1].upper() + said[1:]


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: `1 criterion`, `2 criteria`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def mark_of(finding: Finding) -> Mark:
    """Return how a finding is shown: NOT_MET that only waits for a body is Awaiting."""
    return _MARKS[shown(finding).word]


def mark_of_all(findings: Iterable[Finding]) -> Mark:
    """Return how the verdict of all findings together is shown."""
    overall: Shown = shown_overall(findings)
    return _MARKS[overall.word]


def mark_of_verdict(verdict: Verdict) -> Mark:
    """Return how a bare verdict is shown."""
    return {
        Verdict.MET: Mark.MET,
        Verdict.NOT_MET: Mark.NOT_MET,
        Verdict.BLOCKED: Mark.CANNOT_DECIDE,
        Verdict.CANNOT_EVALUATE: Mark.CANNOT_DECIDE,
    }[verdict]


def why_so(finding: Finding) -> str:
    """Return what a mark that could be misread needs beside it; empty for a plain Met or Not met."""
    said = shown(finding)
    if said.word is Word.AWAITING:
        return "stored as Not met; only a matter still open before a body stands in the way"
    return said.why


_MARKS = {
    Word.MET: Mark.MET,
    Word.NOT_MET: Mark.NOT_MET,
    Word.AWAITING: Mark.AWAITING,
    Word.CANNOT_DECIDE: Mark.CANNOT_DECIDE,
    Word.NOT_STARTED: Mark.NOT_STARTED,
}

STEPS = {
    Step.ENTRY: "before the phase starts",
    Step.REPORTS: "before the 9.4 and 9.5 reports",
    Step.CERTIFICATES: "before Test Completion Certificates",
    Step.COMPLETION: "before the Completion Report and the SIT Audit Report",
    Step.PANEL: "before the Panel determines",
}
"""The steps in words; a step ignores its own and later outputs."""
