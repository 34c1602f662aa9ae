"""A Completion Report without what the Panel specified (13.17): taken out of the contents, before anything is drawn.

Rows and words go out of every text of the frozen contents, criteria out of wherever they are shown; whole sections are
left undrawn by the pages (`rendering.pages`). What is attached inside the report holds the same again: facts, findings
and lists stay out of a copy of which anything is redacted, and other people's files where single rows or words are.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from reports.round_shapes import ATTACHED, Redaction
from reports.shapes import (
    AnnexVolume,
    CompletionReport,
    CriterionBlock,
    DescopedRow,
    DisputeEntry,
    ExclusionEntry,
    IssueRow,
    Mark,
    TestRow,
)

Shape = TypeVar("Shape", CompletionReport, AnnexVolume)

#: The section that names what is attached: without it nothing is.
PAPERS = "papers"
_ROWS = (IssueRow, TestRow, DescopedRow)
_ENTRIES = (ExclusionEntry, DisputeEntry)
#: What a row's other texts become.
_GONE = "–"


@dataclass
class _Search:
    """Finds what is redacted in a text, and counts it by what it was listed as."""

    redaction: Redaction
    found: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        listed = sorted({*self.redaction.rows, *self.redaction.words}, key=len, reverse=True)
        self.rows = frozenset(self.redaction.rows)
        patterns = [self._pattern(each) for each in listed]
        self.pattern = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
        self.names = {each.casefold(): each for each in listed}

    def _pattern(self, text: str) -> str:
        """Words are found however they are spaced and cased; a reference only as a whole, so TI-1 is not in TI-10."""
        words = r"\s+".join(re.escape(word) for word in text.split())
        return rf"(?<![\w-]){words}(?![\w-])" if text in self.redaction.rows else words

    def cleaned(self, text: str) -> str:
        """Return the text without what is redacted."""
        if self.pattern is None or not text:
            return text
        return self.pattern.sub(self._counted, text)

    def _counted(self, match: re.Match[str]) -> str:
        self.found[self.names.get(" ".join(match[0].split()).casefold(), "")] += 1
        return self.redaction.short


def redacted(report: Shape, redaction: Redaction) -> tuple[Shape, dict[str, int]]:
    """Return the contents without the rows and words of the list, and in how many places each was found.

    What is not found is there with 0. Criteria that are redacted as sections are emptied wherever they stand.
    """
    if redaction.is_empty:
        return report, {}
    search = _Search(redaction)
    if isinstance(report, CompletionReport):
        report = replace(
            report,
            facts_json="",
            findings_json="",
            criteria=tuple(_criterion(each, redaction) for each in report.criteria),
            rows=tuple(_criterion(each, redaction) for each in report.rows),
            included=tuple(
                each
                for each in report.included
                if not (redaction.rows or redaction.words)
                and PAPERS not in redaction.sections
                and f"{ATTACHED}{each.sha256}" not in redaction.sections
            ),
        )
        kept = {each.name for each in report.included}
        report = replace(
            report,
            papers=tuple(
                replace(each, included=each.included if each.included in kept else "") for each in report.papers
            ),
        )
    clean: Shape = _walked(report, search)
    listed = (*redaction.rows, *redaction.words)
    return clean, {each: search.found[each] for each in dict.fromkeys(listed)}


def _criterion(block: CriterionBlock, redaction: Redaction) -> CriterionBlock:
    if block.anchor not in redaction.sections:
        return block
    return replace(
        block, title="Redacted", text="", mark=Mark.NOT_STARTED, why="", summary=redaction.sentence, numbers=(),
        limit="", in_the_way=(), more_in_the_way=0, missing=(), notes=(), evidence=(), more_evidence=0,
        evidence_wanted="", redacted=True,
    )  # fmt: skip


def _walked(value: Any, search: _Search) -> Any:
    """Return the value with every text in it cleaned, rows of redacted references emptied."""
    if isinstance(value, str):
        return value if isinstance(value, Enum) else search.cleaned(value)
    if isinstance(value, tuple):
        return tuple(_walked(each, search) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    if isinstance(value, _ROWS) and value.reference in search.rows:
        search.found[value.reference] += 1
        return _emptied(value, search)
    if isinstance(value, _ENTRIES) and value.issue.reference in search.rows:
        search.found[value.issue.reference] += 1
        gone = _texts(value, lambda _: _GONE)
        if isinstance(value, ExclusionEntry):
            gone |= {"decisions": (), "rationale": search.redaction.short}
        return replace(value, issue=_emptied(value.issue, search), **gone)
    changed = {each.name: _walked(getattr(value, each.name), search) for each in fields(value)}
    return replace(value, **changed)


def _emptied(row: Any, search: _Search) -> Any:
    """Return a row of which nothing is left but that it was redacted."""
    return replace(
        row, **(_texts(row, lambda _: _GONE) | {"reference": "Redacted", "title": search.redaction.sentence})
    )


def _texts(value: Any, write: Callable[[str], str]) -> dict[str, Any]:
    held = {each.name: getattr(value, each.name) for each in fields(value)}
    return {name: write(text) for name, text in held.items() if isinstance(text, str)}
