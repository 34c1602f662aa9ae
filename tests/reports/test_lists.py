"""The workbook of the full lists, and the annex volumes."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import openpyxl
import pytest
from pypdf import PdfReader

from reports.contents import annexes, completion_report
from reports.rendering.attachments import annex_sheet, full_sheet
from reports.rendering.documents import render_volume
from reports.shapes import ISSUES, TESTS
from tests.reports import samples, stored
from tests.reports.reading import outside, overlapping, squeezed, structure, text_of, words

pytestmark = pytest.mark.once

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1+1", " =1", "'=1", '"=1"', "%=1")


@pytest.fixture
def report(db):
    return completion_report(stored.assessment_of(samples.facts()))


def rows_of(content: bytes, sheet: str) -> list[tuple]:
    return [tuple(row) for row in openpyxl.load_workbook(io.BytesIO(content))[sheet].iter_rows(values_only=True)]


def test_the_workbook_has_every_row_of_the_lists(report):
    content = full_sheet(report)
    issues = rows_of(content, "Testing Issues")
    assert [row[0] for row in issues[1:]] == [row.reference for row in report.register]
    tests = rows_of(content, "Tests that did not pass")
    assert [row[0] for row in tests[1:]] == [row.reference for row in report.open_tests]
    by_dmc = rows_of(content, "By DMC")
    assert [row[5] for row in by_dmc[1:]] == [row.passed for row in report.tests.by_dmc]


def test_the_same_lists_give_the_same_bytes_at_another_moment(report):
    first = full_sheet(report)
    time.sleep(2.1)  # a zip's clock has steps of two seconds
    assert full_sheet(report) == first


@pytest.mark.parametrize("text", FORMULAS)
def test_a_text_that_looks_like_a_formula_stays_a_text(report, text):
    changed = replace(report, register=tuple(replace(row, title=text, reference=text) for row in report.register))
    book = openpyxl.load_workbook(io.BytesIO(full_sheet(changed)))
    cells = [cell for row in book["Testing Issues"].iter_rows(min_row=2, max_col=2) for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "inlineStr"}


def test_control_characters_do_not_break_the_workbook(report):
    changed = replace(report, register=(replace(report.register[0], title="a\x00b\x0bc" + "x" * 40_000),))
    (_, row) = rows_of(full_sheet(changed), "Testing Issues")
    assert row[1].startswith("a\N{REPLACEMENT CHARACTER}b")
    assert len(row[1]) <= 32_767


@pytest.fixture
def volumes(report, monkeypatch):
    monkeypatch.setattr(annexes, "ROWS_INSIDE", 50)
    monkeypatch.setattr(annexes, "ROWS_A_VOLUME", 70)
    divided = replace(report, volumes=annexes.volume_entries(report.register, report.open_tests))
    return divided, [
        annexes.cut(cover=report.cover, issues=report.register, tests=report.open_tests, number=entry.number)
        for entry in divided.volumes
    ]


def test_a_volume_is_a_whole_document_of_its_own(volumes, tmp_path):
    _, (issues, tests) = volumes
    for volume, rows in ((issues, issues.issues), (tests, tests.tests)):
        content = render_volume(volume)
        reader = PdfReader(io.BytesIO(content))
        text = text_of(reader)
        assert str(reader.root_object["/Lang"]) == "en-GB"
        assert reader.metadata is not None
        assert str(reader.metadata.title).endswith(f"annex volume {volume.entry.number} of 2")
        assert next(tag.kind for tag in structure(reader).all("/H1", "/H2")) == "/H1"
        assert volume.cover.facts_sha256 in squeezed(text)
        assert f"Page 1 of {len(reader.pages)}" in text
        assert {row.reference for row in rows if squeezed(row.reference) not in squeezed(text)} == set()
        assert list(reader.attachments) == [f"annex-volume-{volume.entry.number}.xlsx"]
        path = tmp_path / "volume.pdf"
        path.write_bytes(content)
        found, sizes = words(path)
        assert outside(found, sizes, margin=38) == []
        assert overlapping(found) == []
        assert render_volume(volume) == content


def test_a_volume_carries_its_own_rows_as_a_sheet(volumes):
    _, (issues, tests) = volumes
    assert [row[0] for row in rows_of(annex_sheet(issues), ISSUES)[1:]] == [row.reference for row in issues.issues]
    assert [row[0] for row in rows_of(annex_sheet(tests), TESTS)[1:]] == [row.reference for row in tests.tests]
