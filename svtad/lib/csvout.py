"""CSV that can be streamed, and that no spreadsheet takes for a program."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence

from svtad.lib.clock import LONDON

#: A cell that begins with one of these would be run as a formula by a spreadsheet (full-width forms too).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """Return what a CSV cell holds for `value`.

    Numbers and dates stand as they are, an instant in London time, None as an empty cell. Text that a
    spreadsheet would run as a formula gets an apostrophe in front, which it shows as text.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return value.astimezone(LONDON).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, int | float | dt.date):
        return value
    text = str(value)
    # A spreadsheet trims what stands before: blanks do not hide a formula.
    return f"'{text}" if text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS) else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV with `header`, row by row, so that a long one needs no memory.

    The first begins with the mark by which spreadsheets know UTF-8.
    """
    writer = csv.writer(_Echo())
    yield "\ufeff" + _line(writer.writerow(header))
    for row in rows:
        yield _line(writer.writerow([safe_cell(value) for value in row]))


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, value: str) -> str:
        return value


def _line(written: object) -> str:
    return str(written)
