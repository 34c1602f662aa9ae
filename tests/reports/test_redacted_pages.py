"""What is redacted is gone from the PDF: canaries in every section, and nothing of them can be got out (13.17)."""

from __future__ import annotations

import io
import itertools
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

import pytest
from pypdf import PdfReader

from reports.contents.redacting import redacted
from reports.rendering.documents import render_pdf, render_volume
from reports.rendering.pages import outline, places, report_html
from reports.round_shapes import (
    ATTACHED,
    AnsweredRow,
    Attachment,
    Cited,
    PackageRow,
    Redaction,
    RoundEntry,
    Rounds,
    ViewRow,
)
from reports.shapes import AnnexVolume, CompletionReport, Included, VolumeEntry
from tests.reports.reading import everything_in, squeezed, structure, text_of

pytestmark = [pytest.mark.once, pytest.mark.django_db, pytest.mark.clause("SVTAD 1.23", "13.17")]

SENTENCE = "Redacted by direction of the Panel under 13.17 (M-0042, decision 3, 4 Mar 2020)."

#: Which field of the contents each chapter prints. "Where we stand" prints the summary, and what stands in the way.
FIELDS = {
    "stand": ("summary",),
    "tests": ("tests",),
    "thresholds": ("thresholds",),
    "issues": ("issues",),
    "workoff": ("work_off",),
    "papers": ("papers", "witnessing"),
    "rounds": ("rounds",),
    "unjudged": ("unjudged",),
    "readings": ("readings", "source_notes", "parameters"),
    "annex-issues": ("register",),
    "annex-tests": ("open_tests",),
}
_numbers = itertools.count(1)
#: What a template asks for by its words or takes for a class, and whom the report is for, which the cover says.
_KEPT = frozenset({"severity", "level", "counts", "sha256", "reference", "audience"})


def marked(value: Any, word: str) -> Any:
    """Put a canary before every text of a value."""
    if isinstance(value, str):
        return value if isinstance(value, Enum) else f"{word}{next(_numbers):04d} {value}"
    if isinstance(value, tuple):
        return tuple(marked(each, word) for each in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    held = {each.name: getattr(value, each.name) for each in fields(value)}
    return replace(value, **{name: marked(each, word) for name, each in held.items() if name not in _KEPT})


def word_of(key: str) -> str:
    """The canary of a section: letters only, so that no line is broken in it."""
    return "QZ" + "".join(letter for letter in key.upper() if letter.isalpha()) + "X"


def cited(number: int, outcome: str) -> Cited:
    return Cited(
        reference=f"M-0007, decision {number}", body="The Panel", outcome=outcome, clause="13.16", decided="4 Mar 2020",
        marks=(), missing=(), rationale="Because.", document="letter.pdf", sha256="0" * 64,
    )  # fmt: skip


ROUNDS = Rounds(
    matter="M-0007", state="Continue", as_known="5 March 2020, 10:00 GMT",
    rounds=(
        RoundEntry(
            number=1, announced=(cited(1, "Announce"),),
            packages=(PackageRow(sent=cited(2, "Send package"), reports=(), absent=("the SIT Audit Report",)),),
            reviewed=cited(3, "Review with TAG"), views=(ViewRow(name="12.6(a)", title="T", said="met", words="W"),),
            unsaid=3, determined=cited(4, "Not met"), directed=cited(5, "Direct"),
            criteria=(
                AnsweredRow(
                    name="12.6(a)", title="T", judged="Not met", judged_next="Met", summary_next="All run.",
                    tag="not met", tag_next="met", outcome="named again",
                ),
            ),
            submitted=(Attachment(what="Report", name="more.pdf", date="6 Mar 2020", sha256="1" * 64),), missing=(),
        ),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def canaried(printed) -> CompletionReport:
    """The sample report, a canary in every text of every section, something attached inside."""
    attached = Included(name="QZFILEX.pdf", description="QZFILEX", sha256="f" * 64, content=b"QZFILEX content")
    report = replace(printed.report, rounds=ROUNDS, included=(attached,))
    held = {name: marked(getattr(report, name), word_of(key)) for key, names in FIELDS.items() for name in names}
    return replace(report, **held)


def redaction(*sections: str, rows: tuple[str, ...] = (), words: tuple[str, ...] = ()) -> Redaction:
    return Redaction(
        sections=frozenset(sections), rows=rows, words=words, sentence=SENTENCE, short="[redacted under 13.17]",
        decision="M-0042, decision 3, 4 Mar 2020", source_sha256="a" * 64,
    )  # fmt: skip


def copy_of(report: CompletionReport, wanted: Redaction) -> bytes:
    cleaned, _ = redacted(report, wanted)
    return render_pdf(cleaned, copy=wanted)


@pytest.mark.parametrize("half", [0, 1])
def test_nothing_of_a_redacted_section_can_be_got_out_and_all_of_the_others_stands(canaried, half):
    hidden = sorted(FIELDS)[half::2]
    content = copy_of(canaried, redaction(*hidden))
    everything = everything_in(content)
    reader = PdfReader(io.BytesIO(content))
    drawn = squeezed(text_of(reader))
    for key in FIELDS:
        assert (word_of(key) in everything) is (key not in hidden), key
        assert (word_of(key) in drawn) is (key not in hidden), key
    assert drawn.count(squeezed(SENTENCE)) >= len(hidden)
    sections = outline(with_rows=True, annexes=(("annex-issues", "Every"), ("annex-tests", "Planned")))
    titles = [squeezed(f"{sections[key].number} {sections[key].title}") for key in hidden if "annex" not in key]
    assert not any(title in drawn for title in titles), "not even what they are called"
    assert "facts.json" not in reader.attachments
    tags = [tag.alt for tag in structure(reader).walk()]
    assert not any(word_of(key) in alt for key in hidden for alt in tags)
    assert all(page.extract_text() for page in reader.pages)


def test_where_more_than_a_hundred_canaries_stood_none_is_left(canaried):
    whole = report_html(canaried)
    assert sum(whole.count(word_of(key)) for key in FIELDS) > 300
    wanted = redaction(*FIELDS, "criteria", "table", "verify")
    content = copy_of(canaried, wanted)
    everything = everything_in(content)
    assert not any(word_of(key) in everything for key in FIELDS)
    assert "QZFILEX" not in everything, "what is attached is of the section that names it"
    metadata = PdfReader(io.BytesIO(content)).metadata
    assert metadata is not None
    assert metadata.subject == SENTENCE


def test_a_place_within_a_chapter_and_a_criterion_go_alone(canaried):
    (block,) = [each for each in canaried.criteria if each.clause == "12.6(c)"]
    content = copy_of(canaried, redaction("extant", "by-dmc", block.anchor, f"{ATTACHED}{'f' * 64}"))
    drawn = squeezed(text_of(PdfReader(io.BytesIO(content))))
    assert squeezed(block.text) not in drawn
    assert squeezed(block.title) not in drawn
    assert "12.6(c)" in drawn, "its number stays where the criteria are counted"
    assert squeezed("Functional tests by Device Model Combination") not in drawn
    assert squeezed("Functional tests by functional group") in drawn
    assert "QZFILEX" not in everything_in(content)
    assert word_of("workoff") in drawn


def test_a_row_is_emptied_wherever_it_stands_and_no_reference_that_only_begins_alike(printed):
    row = printed.report.register[0]
    alike = f"{row.reference}9"
    other = replace(printed.report.register[1], reference=alike)
    report = replace(printed.report, register=(row, other))
    cleaned, found = redacted(report, redaction(rows=(row.reference, "TI-NONE")))
    assert found[row.reference] >= 1
    assert found["TI-NONE"] == 0
    assert (cleaned.register[0].reference, cleaned.register[0].title) == ("Redacted", SENTENCE)
    assert cleaned.register[1].reference == alike
    assert {cleaned.register[0].provider, cleaned.register[0].why} == {"–"}
    html = report_html(cleaned, copy=redaction(rows=(row.reference,)))
    assert row.title not in html
    assert alike in html


def test_words_are_found_however_they_are_cased_and_spaced(printed):
    report = replace(printed.report, non_working_days="The  Secret\nSupplier asked.")
    cleaned, found = redacted(report, redaction(words=("secret supplier",)))
    assert cleaned.non_working_days == "The  [redacted under 13.17] asked."
    assert found == {"secret supplier": 1}
    assert cleaned.included == ()


def test_a_long_text_of_a_redacted_section_is_not_continued_in_the_annex(printed):
    long = "QZLONGX " * 300
    report = replace(printed.report, unjudged=tuple(replace(each, text=long) for each in printed.report.unjudged))
    assert "QZLONGX" in report_html(report)
    assert "QZLONGX" not in report_html(report, copy=redaction("unjudged"))


def test_links_to_what_is_gone_are_words_and_the_others_stay_links(printed):
    html = report_html(printed.report, copy=redaction("criteria"))
    assert 'href="#criterion-' not in html
    assert 'href="#section-tests"' in html


def test_annex_volumes_of_a_redacted_annex_are_not_listed(printed):
    entry = VolumeEntry(number=1, what="Testing Issues", rows=2, first="QZFIRSTX", last="QZLASTX")
    report = replace(printed.report, volumes=(entry,))
    assert "QZFIRSTX" in report_html(report)
    assert "QZFIRSTX" not in report_html(report, copy=redaction("annex-issues"))


def test_a_volume_that_is_given_has_neither_the_rows_nor_the_words(printed):
    rows = printed.report.register[:3]
    entry = VolumeEntry(number=1, what="Testing Issues", rows=3, first=rows[0].reference, last=rows[2].reference)
    volume = AnnexVolume(cover=printed.report.cover, entry=entry, of=1, issues=rows)
    wanted = redaction(rows=(rows[0].reference,), words=(rows[1].title,))
    cleaned, found = redacted(volume, wanted)
    assert found[rows[0].reference] >= 1
    everything = everything_in(render_volume(cleaned, copy=wanted))
    assert squeezed(rows[0].title) not in squeezed(everything)
    assert squeezed(rows[1].title) not in squeezed(everything)
    assert squeezed(rows[2].title) in squeezed(everything)


def test_every_place_of_a_report_can_be_named_once(printed):
    named = places(printed.report)
    keys = [key for key, _ in named]
    assert len(keys) == len(set(keys))
    assert ("tests", "4 Tests planned, run, passed and failed") in named
    assert ("workoff", "7 Work Off Plans") in named
    assert {each.anchor for each in (*printed.report.criteria, *printed.report.rows)} <= set(keys)
