"""Reading the register of decisions: what was decided, by whom and when, and what became of the record."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from svtad.governance.models import Decision
from svtad.governance.queries.registers import decided_within, decisions_in
from svtad.parties.actors import Actor
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.vocabulary import Body

#: What a record can be marked with, and what it is called.
MARKS: dict[str, str] = {
    "against": "Against the computed result",
    "out_of_order": "Out of its listed order",
    "missing": "Something missing before it",
    "superseded": "Superseded",
    "correction": "Correction",
    "without_quorum": "Without quorum",
}
_MARKED: dict[str, Q] = {
    "against": Q(against_computed=True),
    "out_of_order": Q(out_of_order=True),
    "missing": ~Q(missing=[]),
    "superseded": Q(is_superseded=True),
    "correction": Q(supersedes__isnull=False),
    "without_quorum": Q(taken_at__without_quorum=True),
}


@dataclass(frozen=True, kw_only=True)
class Narrowed:
    """How the register is narrowed. A day is a London day, both ends included; `wrong` is what could not be read."""

    text: str = ""
    first: dt.date | None = None
    last: dt.date | None = None
    clause: str = ""
    outcome: str = ""
    body: str = ""
    procedure: str = ""
    mark: str = ""
    wrong: tuple[str, ...] = field(default=())

    @property
    def is_any(self) -> bool:
        """Whether it is narrowed at all."""
        chosen = (self.text, self.first, self.last, self.clause, self.outcome, self.body, self.procedure, self.mark)
        return any(chosen)


def narrowed_by(given: Mapping[str, str]) -> Narrowed:
    """Read how the register is to be narrowed; what is no day, body, procedure or mark is named in `wrong`."""
    days: dict[str, dt.date | None] = {}
    wrong = []
    for name in ("from", "to"):
        text = given.get(name, "").strip()
        try:
            days[name] = dt.date.fromisoformat(text) if text else None
        except ValueError:
            days[name] = None
            wrong.append(f"“{text[:40]}” is no day, such as 2019-04-29.")
    chosen = {}
    for name, known in (("body", Body.__members__), ("procedure", PROCEDURES), ("mark", MARKS)):
        text = given.get(name, "")
        chosen[name] = text if text in known else ""
        if text and not chosen[name]:
            wrong.append(f"“{text[:40]}” is no {name} here.")
    return Narrowed(
        text=given.get("q", "").strip()[:200],
        first=days["from"],
        last=days["to"],
        clause=given.get("clause", "").strip()[:60],
        outcome=given.get("outcome", "")[:30],
        wrong=tuple(wrong),
        **chosen,
    )


def decisions_for(actor: Actor) -> QuerySet[Decision]:
    """Return the decisions of the matters that `actor` may see, the last decided first, each with `is_superseded`."""
    later = Decision.objects.filter(supersedes=OuterRef("pk"))
    return decisions_in(actor).annotate(is_superseded=Exists(later)).order_by("-decided_at", "-id")


def saying(rows: QuerySet[Decision], text: str) -> QuerySet[Decision]:
    """Return those of `rows` whose matter has that reference, or whose title, reasons or meeting have those words.

    What the reader may not read is not found by its words.
    """
    said = Q(matter__title__icontains=text) | Q(rationale__icontains=text) | Q(meeting__icontains=text)
    return rows.filter(Q(matter__reference__iexact=text) | (Q(is_hidden=False) & said))


def narrowed(rows: QuerySet[Decision], by: Narrowed) -> QuerySet[Decision]:
    """Return those of `decisions_for` that fit."""
    if by.text:
        rows = saying(rows, by.text)
    rows = decided_within(rows, first=by.first, last=by.last)
    if by.clause:
        # 13.2 finds 13.2 and 13.2(a), and not 13.20; a step may cite several clauses, or a range.
        rows = rows.filter(clause__iregex=rf"(^|[ ,–-]){re.escape(by.clause)}($|[ ,(–-])")
    if by.outcome:
        rows = rows.filter(outcome=by.outcome)
    if by.body:
        rows = rows.filter(body=by.body)
    if by.procedure:
        rows = rows.filter(matter__procedure=by.procedure)
    return rows.filter(_MARKED[by.mark]) if by.mark else rows
