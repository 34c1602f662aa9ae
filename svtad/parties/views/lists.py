"""Lists: cut into pages, sorted by the address, and the same rows as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from svtad.lib.csvout import csv_lines

PAGE_SIZE = 100


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


def download(content: bytes, *, name: str, media_type: str) -> HttpResponse:
    """Return bytes as a download that no browser runs or shows in the page's own origin."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingHttpResponse:
    """Return `rows` as a CSV download: UTF-8 with a mark that spreadsheets know, formulas defused."""
    response = StreamingHttpResponse(csv_lines(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
