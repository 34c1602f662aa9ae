"""Workbooks in which every text is a text, never a formula, and the same rows give the same bytes."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from svtad.lib.clock import LONDON

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL = 32_000
_ZIP_DATE = (2000, 1, 1, 0, 0, 0)
_EPOCH = dt.datetime(2000, 1, 1)  # noqa: DTZ001  # a workbook's dates carry no zone
#: Saving a workbook stamps it with the clock, whatever its properties say.
_MODIFIED = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*")
_BAD_TITLE = re.compile(r"[\[\]:*?/\\]")
_NARROW, _WIDE = 12, 48


def workbook(sheets: Mapping[str, Iterable[Sequence[object]]]) -> bytes:
    """Return a workbook of `sheets`: the first row of each is its heading, which stays in sight.

    Instants stand in London time, numbers as numbers, flags as yes and no; a text that begins like a formula is a
    text, and what a sheet cannot hold (control characters, more than 32,000 characters) is shown as such or cut.
    """
    book = Workbook(write_only=True)
    book.properties.created = _EPOCH
    book.properties.creator = "SVTAD"
    for title, rows in sheets.items():
        sheet = book.create_sheet(_BAD_TITLE.sub(" ", title)[:31])
        sheet.freeze_panes = "B2"
        kept = iter(rows)
        heading = next(kept, ())
        for index, name in enumerate(heading, start=1):
            width = _WIDE if str(name) in ("Title", "Description", "Reasons", "Why") else max(_NARROW, len(str(name)))
            sheet.column_dimensions[get_column_letter(index)].width = width
        sheet.append([_cell(sheet, name, bold=True) for name in heading])
        for row in kept:
            sheet.append([_cell(sheet, value) for value in row])
    raw = io.BytesIO()
    book.save(raw)
    return _with_fixed_dates(raw)


def _cell(sheet: Any, value: object, *, bold: bool = False) -> Any:
    if value is None:
        return None
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, dt.datetime):
        return WriteOnlyCell(sheet, value=value.astimezone(LONDON).replace(tzinfo=None, microsecond=0))
    if isinstance(value, dt.date):
        return WriteOnlyCell(sheet, value=dt.datetime.combine(value, dt.time()))
    if isinstance(value, int | float):
        return WriteOnlyCell(sheet, value=value)
    text = ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", str(value)[:LONGEST_CELL])
    cell = WriteOnlyCell(sheet, value=text)
    cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    return cell


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
