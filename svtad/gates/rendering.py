"""Papers of the gates as files."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True)
class PlanLine:
    """One open Testing Issue of a Work Off Plan, as its file shows it."""

    reference: str
    title: str
    provider: str
    severity: str
    raised_in: str
    state: str
    excluded: str
    working_days: str
    due: str


PLAN_HEADER = (
    "Testing Issue", "Title", "DCC Service Provider", "Severity", "Raised in", "State", "Excluded", "Working Days",
    "Due",
)  # fmt: skip


def work_off_plan_csv(lines: Iterable[PlanLine]) -> bytes:
    """Return a Work Off Plan as a CSV file: UTF-8 with a mark that spreadsheets know, formulas defused."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(PLAN_HEADER)
    for line in lines:
        cells = (
            line.reference, line.title, line.provider, line.severity, line.raised_in, line.state, line.excluded,
            line.working_days, line.due,
        )  # fmt: skip
        writer.writerow([_defused(cell) for cell in cells])
    return text.getvalue().encode("utf-8-sig")


def _defused(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell


# --- burndown -----------------------------------------------------------------------------------------

_LEFT, _TOP, _WIDE, _HIGH = 34, 26, 590, 150
#: Classes that the page gives a colour each, light or dark.
_GRID, _OPEN, _ALLOWED = "grid", "open", "allowed"


class BurndownPoint(Protocol):
    """A day of a burndown: how many items were open at its end (None: not known yet), how many the dates allow."""

    @property
    def day(self) -> dt.date:
        """The London day."""
        ...

    @property
    def open(self) -> int | None:
        """How many were open."""
        ...

    @property
    def allowed(self) -> int:
        """How many the dates of 15.1 allow to be open."""
        ...


def burndown_svg(points: Sequence[BurndownPoint], *, items: int, title: str) -> SafeString:
    """Draw open items by day against the dates: a solid line and a dashed one, which print in black too.

    The table beside it says the same in numbers; the title is its text alternative.
    """
    if not points or not items:
        return SafeString("")
    first, last = points[0].day, points[-1].day
    span = max(1, (last - first).days)

    def x(day: dt.date) -> int:
        return _LEFT + round(_WIDE * (day - first).days / span)

    def y(count: int) -> int:
        return _TOP + round(_HIGH * (items - count) / items)

    known = [(each.day, each.open) for each in points if each.open is not None]
    allowed = [(each.day, each.allowed) for each in points]
    said = f"{title}: {known[-1][1]} of {items} open on {known[-1][0]:%-d %b %Y}" if known else title
    foot = _TOP + _HIGH
    parts = [
        f'<path d="M{_LEFT} {_TOP}V{foot}H{_LEFT + _WIDE}" fill="none" class="{_GRID}"/>',
        *(_text(_LEFT - 6, y(count) + 4, str(count), "end") for count in sorted({0, items})),
        _text(_LEFT, foot + 16, f"{first:%-d %b %Y}", "start"),
        _text(_LEFT + _WIDE, foot + 16, f"{last:%-d %b %Y}", "end"),
        _steps([(x(day), y(count)) for day, count in allowed], _ALLOWED, 'stroke-dasharray="6 4"'),
        _steps([(x(day), y(count)) for day, count in known], _OPEN, ""),
        f'<path d="M{_LEFT} 10h24" class="{_OPEN}" stroke-width="2.5"/>',
        _text(_LEFT + 30, 14, "open", "start"),
        f'<path d="M{_LEFT + 80} 10h24" class="{_ALLOWED}" stroke-width="2.5" stroke-dasharray="6 4"/>',
        _text(_LEFT + 110, 14, "at most, by the dates", "start"),
    ]
    return mark_safe(  # noqa: S308  # numbers of ours, and texts that are escaped
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {_LEFT + _WIDE + 10} {foot + 24}" '
        f'width="{_LEFT + _WIDE + 10}" height="{foot + 24}" class="burndown">'
        f"<title>{escape(said)}</title>{''.join(parts)}</svg>"
    )


def _steps(places: Sequence[tuple[int, int]], kind: str, dash: str) -> str:
    """Draw a line in steps: what held at the end of a day holds until the next."""
    if not places:
        return ""
    path = f"M{places[0][0]} {places[0][1]}" + "".join(f"H{across}V{down}" for across, down in places[1:])
    return f'<path d="{path}" fill="none" class="{kind}" stroke-width="2.5" {dash}/>'


def _text(across: int, down: int, words: str, anchor: str) -> str:
    place = f'x="{across}" y="{down}" text-anchor="{anchor}"'
    return f'<text {place} font-size="12" fill="currentColor">{escape(words)}</text>'
