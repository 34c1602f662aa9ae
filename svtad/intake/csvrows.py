"""Untrusted CSV as a stream of rows: encoding and header checked, every row's fault named."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from svtad.intake.registry import FileRefused, RowProblem
from svtad.lib.text import plain_line

#: No file of ours comes near; a file beyond is a mistake.
MOST_ROWS = 1_000_000
LONGEST_CELL = 20_000
_DELIMITERS = (",", ";", "\t")


@dataclass(frozen=True)
class Column:
    """A column of a CSV file: its heading, and whether the file and each row must have it."""

    name: str
    required: bool = False
    help: str = ""
    longest: int = 300
    #: Kept with its line breaks; everything else is put on one line.
    multiline: bool = False


@dataclass(frozen=True)
class CsvRow:
    """One row: `number` as a spreadsheet shows it (the header is 1), and the values by column, trimmed."""

    number: int
    values: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


def read_csv(stream: BinaryIO, columns: Sequence[Column]) -> Iterator[CsvRow | RowProblem]:
    """Yield the rows of `stream`, and a `RowProblem` for each fault in one (too many fields, missing, too long).

    UTF-8 (with or without a byte order mark) or UTF-16 with one; comma, semicolon or tab. The header
    must name every required column, no unknown one and none twice. Raises `FileRefused`.
    """
    text = _decoded(stream)
    try:
        first = text.readline(LONGEST_CELL + 1)
    except UnicodeError as error:
        raise FileRefused(_not_utf8(error)) from error
    if not first.strip():
        raise FileRefused("The file is empty: its first line must name the columns.")
    if len(first) > LONGEST_CELL:
        raise FileRefused("The first line is too long to be a header of columns.")
    delimiter = _delimiter(first, columns)
    header = _header(first, delimiter, columns)
    by_name = {column.name: column for column in columns}
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    number = 1
    try:
        for cells in reader:
            number += 1
            if number > MOST_ROWS:
                raise FileRefused(f"The file has more than {MOST_ROWS:,} rows.")
            if any("\x00" in cell for cell in cells):
                raise FileRefused(f"Row {number}: a NUL character; this is not text.")
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                message = f"Has {len(cells)} fields, and the header {len(header)}."
                yield RowProblem(number, "", message, plain_line(", ".join(cells)))
                continue
            row = CsvRow(
                number,
                {
                    name: cell.strip() if by_name[name].multiline else plain_line(cell)
                    for name, cell in zip(header, cells, strict=True)
                },
            )
            problems = [problem for name in header if (problem := _problem(row, by_name[name]))]
            if problems:
                yield from problems
            else:
                yield row
    except csv.Error as error:
        raise FileRefused(f"Row {number + 1}: {_in_words(error)}.") from error
    except UnicodeError as error:
        raise FileRefused(_not_utf8(error)) from error


def _problem(row: CsvRow, column: Column) -> RowProblem | None:
    value = row[column.name]
    if column.required and not value:
        return RowProblem(row.number, column.name, "Is missing.")
    if len(value) > column.longest:
        return RowProblem(row.number, column.name, f"At most {column.longest} characters.", value[:200])
    return None


def _decoded(stream: BinaryIO) -> io.TextIOWrapper:
    start = stream.read(4)
    stream.seek(0)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
        if start.startswith(b"PK\x03\x04"):
            raise FileRefused("This is a workbook or an archive, not CSV: save the sheet as “CSV UTF-8”.")
    return _KeepOpen(stream, encoding=encoding, errors="strict", newline="")


class _KeepOpen(io.TextIOWrapper):
    """Leaves the stream under it open when it is let go: its owner closes it."""

    def __del__(self) -> None:
        if not self.closed:
            self.detach()


def _delimiter(line: str, columns: Sequence[Column]) -> str:
    """Return the delimiter under which the header names the most known columns; a comma if in doubt."""
    known = {column.name for column in columns}

    def found(delimiter: str) -> int:
        return len(known & {_heading(cell) for cell in line.split(delimiter)})

    return max(_DELIMITERS, key=found)


def _header(line: str, delimiter: str, columns: Sequence[Column]) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise FileRefused(f"The header cannot be read: {_in_words(error)}.") from error
    header = [_heading(cell) for cell in cells]
    known = [column.name for column in columns]
    faults = []
    unknown = [cell for cell, name in zip(cells, header, strict=True) if name not in known]
    if unknown:
        faults.append(f"unknown: {', '.join(plain_line(cell)[:60] or '(empty)' for cell in unknown[:10])}")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        faults.append(f"twice: {', '.join(twice)}")
    missing = [column.name for column in columns if column.required and column.name not in header]
    if missing:
        faults.append(f"missing: {', '.join(missing)}")
    if faults:
        raise FileRefused(f"The columns do not fit ({'; '.join(faults)}). The file may have: {', '.join(known)}.")
    return header


def _heading(cell: str) -> str:
    return "_".join(plain_line(cell).strip("\"'").lower().replace("-", " ").replace("_", " ").split())


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "field larger" in text:
        return "a field of more than 131,072 characters"
    if "NUL" in text:
        return "a NUL character"
    if "unexpected end" in text:
        return "a quoted field does not end"
    return text


def _not_utf8(error: UnicodeError) -> str:
    found = f" (it holds the byte {error.object[error.start]:#04x})" if isinstance(error, UnicodeDecodeError) else ""
    return f"The file is not UTF-8 text{found}: save it as “CSV UTF-8”."
