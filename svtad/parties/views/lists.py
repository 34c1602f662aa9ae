"""Lists: cut into pages, sorted by the address, and the same rows as CSV."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, StreamingHttpResponse

from svtad.lib.clock import LONDON

PAGE_SIZE = 100
#: A cell that begins with one of these would be run as a formula by a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def paged(request: HttpRequest, rows: Any, *, size: int = PAGE_SIZE) -> Page[Any]:
    """Return the page of `rows` (a query set or a list) that the address asks for."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


@dataclass(frozen=True)
class Sort:
    """How a list is sorted: one of its column keys, forwards or (with "-") backwards."""

    key: str
    backwards: bool
    fields: tuple[str, ...]

    @property
    def order_by(self) -> tuple[str, ...]:
        """Return the names for `order_by`."""
        if not self.backwards:
            return self.fields
        return tuple(field[1:] if field.startswith("-") else f"-{field}" for field in self.fields)


def sorted_by(request: HttpRequest, columns: Mapping[str, tuple[str, ...]], *, default: str) -> Sort:
    """Return the sort that `?sort=` asks for; a key that no column has falls back on `default`."""
    asked = request.GET.get("sort") or default
    key = asked.removeprefix("-")
    if key not in columns:
        asked, key = default, default.removeprefix("-")
    return Sort(key, asked.startswith("-"), columns[key])


class _Echo:
    """A file that hands back what is written to it, for a CSV that is streamed."""

    def write(self, value: str) -> str:
        return value


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Return `rows` as a CSV download: UTF-8 with a mark that spreadsheets know, formulas defused."""
    writer = csv.writer(_Echo())

    def lines() -> Iterator[str]:
        yield "\ufeff" + writer.writerow(header)
        for row in rows:
            yield writer.writerow([cell(value) for value in row])

    response = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def cell(value: object) -> object:
    """Return what a CSV cell holds for `value`: London time for an instant, text that is no formula."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.astimezone(LONDON).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float | dt.date):
        return value
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
