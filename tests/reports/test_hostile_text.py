"""Texts that people type, and worse: bounded on the page, harmless, and nothing lost."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest
from pypdf import PdfReader

from reports.contents import completion_report
from reports.rendering import glyphs
from reports.rendering.documents import render_pdf
from reports.rendering.glyphs import drawable, printable
from reports.rendering.long_texts import LONGEST, MOST, LongTexts
from svtad.rulebook.facts import DmcFact
from tests.reports import samples, stored
from tests.reports.reading import outside, overlapping, squeezed, text_of, words

pytestmark = pytest.mark.once

LONG_WORD = "W" * 5_000
HOSTILE = (
    LONG_WORD,
    "i" * 5_000,
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "</td></tr></table></body></html><h1>Owned</h1>",
    '"><svg onload=alert(1)><title>',
    "<!-- unfinished <![CDATA[",
    "&lt;b&gt; &amp;amp; &#x202e; &nbsp",
    "{{ cover.programme }} {% include 'reports/body.html' %}",
    "{% load static %}{# note",
    "<link rel=attachment href=file:///etc/passwd><iframe src=file:///etc/passwd>",
    "<style>@import url(file:///etc/passwd)</style><object data=file:///etc/passwd>",
    "a\x00b\x01c\x07d\x0be\x1bf\x7fg\x85h\x9fi",
    "one\r\ntwo\u2028three\u2029four\ttabbed",
    "right\u202eto\u202dleft\u2066and\u2069back\u200f\u200e\u061c",
    "שלום עולם ערב טוב לכולם מאוד",
    "مرحبا بالعالم",
    "中文字符 日本語 한국어",
    "😀👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿✅❌◔",
    "Z" + "\u0301\u0316\u0489" * 200 + "algo",
    "\ufeff\u200b\u200c\u200d\u00ad\u2060invisible",
    "\ue000\uf8ff\U000f0000private",
    "\u0378\U000e0001unassigned",
    "ﬁ ﬂ Ǆ ẛ̣ é e\u0301 Å",
    '=HYPERLINK("http://x","y")',
    "http://example.test/" + "a/" * 300,
    "url(file:///etc/passwd) expression(alert(1)) ;position:fixed;",
    " " * 3_000 + "after the gap",
    "\n" * 500 + "after the lines",
    "a b " * 2_000,
    "𝒲𝒾𝒹ℯ 𝔉𝔯𝔞𝔨",
)


@pytest.fixture(params=[1, pytest.param(3, marks=pytest.mark.soak)])
def hostile_facts(request):
    """The sample with a hostile text wherever facts have one, each so many times."""
    base = samples.facts()
    # What is stored holds no NUL: PostgreSQL takes none, and every way in strips it.
    texts = tuple(text.replace("\x00", "") for text in HOSTILE) * request.param
    issues = tuple(replace(issue, title=text) for issue, text in zip(base.issues, texts, strict=False))
    issues += base.issues[len(issues) :]
    rows = tuple(
        replace(row, title=text, reference=f"{row.reference} {text}"[:300])
        for row, text in zip(base.test_rows, texts, strict=False)
    )
    rows += base.test_rows[len(rows) :]
    return replace(
        base,
        programme=HOSTILE[2] + LONG_WORD,
        title=HOSTILE[3] + "x" * 900,
        stage_exit_versions=LONG_WORD,
        issues=issues,
        test_rows=rows,
        dmcs=tuple(
            DmcFact(id=dmc.id, name=f"{dmc.name} {text}"[:400]) for dmc, text in zip(base.dmcs, texts, strict=False)
        ),
        providers=tuple(
            replace(provider, name=f"{provider.name} {text}"[:300])
            for provider, text in zip(base.providers, texts[10:], strict=False)
        ),
        parameters=tuple(replace(row, source=LONG_WORD, approver=HOSTILE[13]) for row in base.parameters),
    )


@pytest.mark.django_db
def test_hostile_texts_everywhere_stay_on_the_page_and_do_nothing(hostile_facts, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    stored.matters(hostile_facts)
    stored.evidence_rows(hostile_facts)
    report = completion_report(stored.assessment_of(hostile_facts), made_by=LONG_WORD, stale="<b>" + LONG_WORD)
    began = time.monotonic()
    content = render_pdf(report)
    assert time.monotonic() - began < 90
    reader = PdfReader(io.BytesIO(content))
    assert len(reader.pages) < 120
    text = text_of(reader)
    assert set(text) - drawable() - {" "} == set()
    assert "root:" not in text
    assert "<script>alert(1)</script>" in text
    assert "{{ cover.programme }}" in text
    assert sorted(reader.attachments) == ["facts.json", "findings.json", "lists.xlsx"]
    references = {issue.reference for issue in hostile_facts.issues}
    assert {reference for reference in references if reference not in squeezed(text)} == set()
    path = tmp_path / "hostile.pdf"
    path.write_bytes(content)
    found, sizes = words(path)
    assert outside(found, sizes, margin=38) == []
    assert overlapping(found) == []


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain text, £5 ≥ 3 → ½ – done ✓", "plain text, £5 ≥ 3 → ½ – done ✓"),
        ("smile 😀", "smile [U+1F600]"),
        ("◔ awaiting", "[U+25D4] awaiting"),
        ("a\u202eb", "a[U+202E]b"),
        ("nul\x00", "nul[U+0000]"),
        ("e\u0301", "é"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("ש" * 40, "[40 characters from U+05E9]"),
        ("αβΩ Ж", "αβΩ Ж"),
        ("", ""),
    ],
)
def test_what_cannot_be_drawn_is_written_as_its_code_point(given, shown):
    assert printable(given) == shown


def test_marks_are_not_piled_up_on_a_letter():
    shown = printable("x" + "\u0301" * 30)
    assert shown.count("\u0301") == glyphs.MARKS_ON_A_LETTER
    assert "28 characters from U+0301" in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_that_steers_text_gets_through(text):
    shown = printable(text)
    assert set(shown) - drawable() - set("\n\t ") == set()
    assert len(shown) <= 12 * len(text)


def test_a_long_text_is_cut_where_it_stands_and_goes_on_further_back():
    texts = LongTexts()
    assert texts.fit("short", 10, "here") == "short"
    assert texts.fit("x" * 50, 10, "there") == "x" * 10 + "… [continued: long text 1]"
    assert texts.fit("x" * 50, 20, "elsewhere") == "x" * 20 + "… [continued: long text 1]"
    assert len(texts.entries) == 1
    assert (texts.entries[0].where, texts.entries[0].text, texts.entries[0].cut) == ("there", "x" * 50, 0)


def test_the_annex_of_long_texts_is_bounded_itself():
    texts = LongTexts()
    for number in range(MOST + 5):
        texts.fit(f"{number} " * LONGEST, 10, "place")
    assert len(texts.entries) == MOST
    assert texts.left_out == 5
    assert len(texts.entries[0].text) == LONGEST
    assert texts.entries[0].cut > 0
