"""The full lists as a workbook: every text a text, never a formula, and the same bytes each time."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Font

from reports.shapes import AnnexVolume, CompletionReport, CountRow, IssueRow, TestRow

Cell = str | int | None

_ZIP_DATE = (2000, 1, 1, 0, 0, 0)
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001  # a workbook's dates carry no zone
_LONGEST_CELL = 32_000
#: Saving a workbook stamps it with the clock, whatever its properties say.
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")

_ISSUE_HEAD = ("Reference", "Title", "Provider", "Severity", "State", "Raised in", "Counts", "Why", "Disputed")
_TEST_HEAD = ("Reference", "Title", "Kind", "DMC", "Functional group", "Provider", "Status", "Versions")
_COUNT_HEAD = (
    "Name",
    "Planned",
    "De-scoped",
    "To be executed",
    "Executed",
    "Passed",
    "Failed",
    "Not run",
    "Assured",
    "Needed",
)


def full_sheet(report: CompletionReport) -> bytes:
    """Return the workbook of a report: open issues, tests that did not pass, and the counts by DMC and by group."""
    return _workbook(
        {
            "Testing Issues": _issues(report.register),
            "Tests that did not pass": _tests(report.open_tests),
            "By DMC": _counts(report.tests.by_dmc),
            "By functional group": _counts(report.tests.by_group),
        }
    )


def annex_sheet(volume: AnnexVolume) -> bytes:
    """Return the workbook of one annex volume."""
    rows = _issues(volume.issues) if volume.issues else _tests(volume.tests)
    return _workbook({volume.entry.what[:31]: rows})


def _issues(rows: Sequence[IssueRow]) -> Iterable[Sequence[Cell]]:
    yield _ISSUE_HEAD
    for row in rows:
        yield (
            row.reference,
            row.title,
            row.provider,
            row.severity,
            row.state,
            row.raised_in,
            row.counts,
            row.why,
            "yes" if row.disputed else "no",
        )


def _tests(rows: Sequence[TestRow]) -> Iterable[Sequence[Cell]]:
    yield _TEST_HEAD
    for row in rows:
        yield (row.reference, row.title, row.kind, row.dmc, row.group, row.provider, row.status, row.versions)


def _counts(rows: Sequence[CountRow]) -> Iterable[Sequence[Cell]]:
    yield _COUNT_HEAD
    for row in rows:
        yield (
            row.name,
            row.planned,
            row.descoped,
            row.due,
            row.executed,
            row.passed,
            row.failed,
            row.not_run,
            row.assured,
            row.needed,
        )


def _workbook(sheets: dict[str, Iterable[Sequence[Cell]]]) -> bytes:
    book = Workbook(write_only=True)
    book.properties.created = _EPOCH
    book.properties.creator = "SVTAD"
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        sheet.freeze_panes = "A2"
        for index, row in enumerate(rows):
            cells = [_cell(sheet, value) for value in row]
            if index == 0:
                for cell in cells:
                    cell.font = Font(bold=True)
            sheet.append(cells)
    raw = io.BytesIO()
    book.save(raw)
    return _with_fixed_dates(raw)


def _cell(sheet: Any, value: Cell) -> Any:
    """Return a cell; a text is kept as text even where it begins like a formula."""
    if isinstance(value, str):
        cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value[:_LONGEST_CELL]))
        cell.data_type = "s"
        return cell
    return WriteOnlyCell(sheet, value=value)


def _with_fixed_dates(raw: io.BytesIO) -> bytes:
    """Write the workbook's parts again under one date: the package stamps them with the clock."""
    out = io.BytesIO()
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            part = zipfile.ZipInfo(name, date_time=_ZIP_DATE)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.external_attr = 0o644 << 16
            target.writestr(part, _MODIFIED.sub(rb"\g<1>2000-01-01T00:00:00Z", source.read(name)))
    return out.getvalue()
