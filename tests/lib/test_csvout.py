"""CSV: streamed, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest

from svtad.lib.csvout import csv_lines, safe_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " =", "\xa0+"])
def test_text_that_would_run_as_a_formula_is_shown_as_text(start):
    payload = f"{start}cmd|' /C calc'!A0"
    [_, line] = list(csv_lines(["Title"], [[payload]]))
    [[cell]] = list(csv.reader(io.StringIO(line, newline="")))
    assert cell == f"'{payload}"


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (-3, -3),
        (2.5, 2.5),
        (True, "yes"),
        (False, "no"),
        (dt.date(2026, 7, 1), dt.date(2026, 7, 1)),
        (dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC), "2026-07-01 13:00:00"),
        ("SIT — plain, with comma", "SIT — plain, with comma"),
        ("", ""),
    ],
)
def test_other_values_stand_as_they_are(value, cell):
    assert safe_cell(value) == cell


def test_rows_come_one_by_one_and_read_back_the_same():
    asked = []

    def rows():
        for number in range(3):
            asked.append(number)
            yield [number, 'a "quote",\nand a line']

    lines = csv_lines(["Number", "Text"], rows())
    first = next(lines)
    assert first.startswith("\ufeff")
    assert asked == []
    next(lines)
    assert asked == [0]
    text = first + "".join(csv_lines(["Number", "Text"], rows()))[len(first) :]
    read = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert read[0] == ["Number", "Text"]
    assert read[1:] == [[str(number), 'a "quote",\nand a line'] for number in range(3)]
