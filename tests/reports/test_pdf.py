"""The Completion Report as a PDF: tagged, readable, whole, and the same each time."""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from reports.rendering.assets import asset
from reports.rendering.documents import render_pdf
from reports.rendering.glyphs import drawable
from reports.shapes import Mark
from svtad.rulebook import codec
from tests.reports.reading import outside, overlapping, squeezed, words

# Only so that there is a database when the report of the session is made.
pytestmark = [pytest.mark.once, pytest.mark.django_db]

ROOT = Path(__file__).resolve().parents[2]
_HEADINGS = ("/H1", "/H2", "/H3", "/H4")


def test_the_engine_has_nothing_to_complain_of(printed):
    assert printed.complaints == []


def test_it_says_its_language_and_its_title(printed):
    reader = printed.reader
    assert reader.root_object["/Lang"] == "en-GB"
    assert reader.metadata.title == "SIT Completion Report: MOC"
    assert reader.root_object["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.root_object["/MarkInfo"]["/Marked"]


def test_it_claims_no_conformance_that_nobody_validated(printed):
    metadata = printed.reader.root_object["/Metadata"].get_data().decode()
    assert "SIT Completion Report: MOC" in metadata
    assert "pdfuaid" not in metadata
    assert "pdfaid" not in metadata
    assert "No validator has confirmed conformance" in printed.text


def test_its_headings_begin_at_one_and_skip_no_level(printed):
    levels = [int(tag.kind[2]) for tag in printed.tree.all(*_HEADINGS)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_picture_has_a_text_alternative(printed):
    figures = printed.tree.all("/Figure")
    assert len(figures) >= 4 * 5 + 7
    assert [figure for figure in figures if not figure.alt] == []
    assert "Northern Comms, severity 3: 15 counted, limit 15, between 15 and 16 once the disputes are decided" in {
        figure.alt for figure in figures
    }


def test_every_table_cell_is_tied_to_its_headers(printed):
    tables = printed.tree.all("/Table")
    assert len(tables) > 20
    for table in tables:
        ids = {tag.source["/ID"] for tag in table.all("/TH")}
        assert ids, "a table without headers"
        for cell in table.all("/TD"):
            assert set(cell.source["/A"]["/Headers"]) <= ids
            assert cell.source["/A"]["/Headers"], "a cell without a header"


def test_every_table_that_runs_over_a_page_repeats_its_head(printed):
    tables = printed.tree.all("/Table")
    without = [table for table in tables if not table.all("/THead")]
    # The one table without column heads is the cover's, which has row heads.
    assert len(without) == 1
    assert without[0].all("/TH")


def test_what_the_tree_does_not_hold_is_an_artifact(printed):
    reader = printed.reader
    numbers = reader.root_object["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    owners = dict(zip(numbers[::2], numbers[1::2], strict=True))
    reached = {tag.source.indirect_reference.idnum for tag in printed.tree.walk()}
    for page in reader.pages:
        marked = {int(number) for number in re.findall(rb"/MCID (\d+)", page.get_contents().get_data())}
        held = owners[page["/StructParents"]]
        assert marked
        for mcid in marked:
            assert held[mcid].indirect_reference.idnum in reached
        assert b"/Pagination" in page.get_contents().get_data()


def test_a_link_says_in_words_where_it_leads(printed):
    said = {
        str(note.get_object()["/Contents"])
        for page in printed.reader.pages
        for note in page.get("/Annots", [])
        if note.get_object()["/Subtype"] == "/Link"
    }
    assert "To 5 Testing Issue Thresholds" in said
    assert [text for text in said if not text.startswith("To ")] == []


def test_every_font_is_embedded_and_is_ours(printed):
    names = set()
    for page in printed.reader.pages:
        for font in page["/Resources"]["/Font"].values():
            (inner,) = font.get_object()["/DescendantFonts"]
            descriptor = inner.get_object()["/FontDescriptor"]
            assert "/FontFile2" in descriptor or "/FontFile3" in descriptor
            names.add(str(font.get_object()["/BaseFont"]).split("+")[1])
    assert names == {"Report", "Report-Semi-Bold", "Report-Bold"}


@pytest.mark.parametrize("symbol", ["✓", "≥", "→", "–", "…", "£", "§", "×", "½", "·", "?"])
def test_the_typeface_has_the_symbols_that_a_report_needs(symbol):
    assert symbol in drawable()


def test_every_character_on_the_pages_can_be_drawn(printed):
    assert set(printed.text) - drawable() - {" "} == set()


@pytest.mark.parametrize("mark", list(Mark))
def test_every_mark_has_an_icon_of_its_own(mark):
    drawing = asset(f"{mark.value}.svg").decode()
    assert "<text" not in drawing
    assert re.search(r'(fill|stroke)="#[0-9a-f]{6}"', drawing)


def test_the_icons_of_the_marks_are_drawn(printed):
    drawn = b"".join(
        entry.get_object().get_data()
        for page in printed.reader.pages
        for kind in ("/XObject", "/Pattern")
        for entry in page["/Resources"].get(kind, {}).values()
    )
    for colour in ("0b4f4b", "7c0a1a", "5f3f00", "4a2a86"):
        red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (0, 2, 4))
        stroke = (*(f"{part:f}".rstrip("0").rstrip(".") for part in (red, green, blue)),)
        assert " ".join(stroke).encode() in drawn, colour


def test_every_page_says_which_of_how_many_it_is(printed):
    for number, page in enumerate(printed.page_texts, start=1):
        assert f"Page {number} of {len(printed.page_texts)}" in page


def test_the_contents_give_the_pages_where_the_sections_are(printed):
    contents = printed.page_texts[1].removeprefix("Contents ")
    listed = re.findall(r"(?:(\d+(?:\.\d)?|[AB]) )?([A-Z][^.]*?) ?(?:\. ?){3,} ?(\d+)", contents)
    assert len(listed) >= 28
    for number, title, page in listed:
        heading = f"{number} {title}".strip() if number not in ("A", "B") else f"Annex {number} {title}"
        assert heading in printed.page_texts[int(page) - 1], (heading, page)


def test_the_bookmarks_lead_to_the_same_pages(printed):
    reader = printed.reader
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles[0] == "Contents"
    assert any("Testing Issue Thresholds" in title for title in titles)


def test_every_issue_of_the_facts_is_named(printed):
    text = squeezed(printed.text)
    references = {issue.reference for issue in (*printed.facts.issues, *printed.facts.considered_issues)}
    assert len(references) > 55
    assert {reference for reference in references if reference not in text} == set()


def test_every_test_that_did_not_pass_is_named(printed):
    text = squeezed(printed.text)
    references = {row.reference for row in printed.facts.test_rows}
    assert len(references) > 50
    assert {reference for reference in references if squeezed(reference) not in text} == set()


@pytest.mark.clause("SVTAD 1.23", "12.6", "T13.1-1", "T13.1-8")
def test_every_clause_of_the_exit_criteria_and_every_row_of_the_table_is_there(printed):
    text = printed.text
    for letter in "abcdefghi":
        assert f"12.6({letter})" in text
    for row in printed.report.rows:
        assert row.title in text
    assert len(printed.report.rows) == 8


def test_the_facts_attached_are_the_stored_ones_byte_for_byte(printed):
    attached = printed.reader.attachments
    assert sorted(attached) == ["facts.json", "findings.json", "lists.xlsx"]
    assert attached["facts.json"][0].decode() == printed.facts.canonical_json()
    assert attached["findings.json"][0].decode() == printed.report.findings_json


def test_the_attached_facts_judge_to_the_attached_findings(printed, tmp_path):
    attached = printed.reader.attachments
    facts = tmp_path / "facts.json"
    facts.write_bytes(attached["facts.json"][0])
    step = re.search(r"judge facts\.json --step (\w+)", printed.text)
    assert step is not None
    judged = subprocess.run(
        [sys.executable, "-m", "svtad.rulebook", "judge", str(facts), "--step", step[1]],
        check=True,
        capture_output=True,
        cwd=ROOT,
        timeout=60,
    )
    assert json.loads(judged.stdout) == json.loads(attached["findings.json"][0])
    assert json.loads(judged.stdout)["facts_sha256"] == printed.report.cover.facts_sha256


def test_the_hash_on_the_cover_is_the_hash_of_the_facts(printed):
    value = codec.parse_json(printed.report.facts_json, path="facts")
    del value["as_at"]
    assert codec.sha256_of(value) == printed.report.cover.facts_sha256
    assert printed.report.cover.facts_sha256 in squeezed(printed.page_texts[0])


@pytest.mark.soak  # the suite has this of an annex volume (test_lists), and of the whole in another process
def test_the_same_contents_give_the_same_bytes(printed):
    assert hashlib.sha256(render_pdf(printed.report)).hexdigest() == hashlib.sha256(printed.content).hexdigest()


def test_another_process_gives_the_same_bytes(printed, tmp_path):
    (tmp_path / "report.pickle").write_bytes(pickle.dumps(printed.report))
    program = (
        "import django, hashlib, pickle, sys; django.setup()\n"
        "from reports.rendering.documents import render_pdf\n"
        "print(hashlib.sha256(render_pdf(pickle.load(open(sys.argv[1], 'rb')))).hexdigest())\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "report.pickle")],
        check=True,
        capture_output=True,
        cwd=ROOT,
        env={
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "PYTHONHASHSEED": "77",
            "TZ": "Asia/Tokyo",
            "PATH": "/usr/bin",
        },
        timeout=120,
    )
    assert other.stdout.decode().split()[-1] == hashlib.sha256(printed.content).hexdigest()


def test_nothing_is_clipped_or_drawn_over_something_else(printed, tmp_path):
    found, sizes = words(printed.write_to(tmp_path))
    assert len(found) > 3_000
    assert outside(found, sizes, margin=40) == []
    assert overlapping(found) == []
