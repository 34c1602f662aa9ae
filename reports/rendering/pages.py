"""From frozen contents to HTML in which every character can be drawn."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from django.template.loader import render_to_string

from reports.rendering.glyphs import printable
from reports.rendering.long_texts import LongTexts
from reports.round_shapes import ATTACHED, Redaction
from reports.shapes import ISSUES, TESTS, AnnexVolume, CompletionReport, Mark

SYNTHETIC = "SYNTHETIC DEMONSTRATION DATA"
LONG_TEXTS = "long-texts"
#: Listed in the report itself, however long the annexes are.
GRAVE = ("1", "2", "Not determined")
#: Chapters that only SIT has: Table 13.1, and the rounds before the Panel.
OF_SIT = ("table", "rounds")
#: What the chapters and places that are redacted are called.
REDACTED = "Redacted"
#: What a copy leaves of a link: its words.
_LINK = re.compile(r'<a href="#([^"]+)">(.*?)</a>', re.DOTALL)
_ANCHOR = re.compile(r'\bid="([^"]+)"')
#: So many rows of a list of issues are shown in a chapter; the annex has them all.
SHOWN_ROWS = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A numbered heading: where it is, what it is called, and what stands beneath it."""

    anchor: str
    number: str
    title: str
    children: tuple[Section, ...] = ()


_OUTLINE: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    ("stand", "Where we stand", (("glance", "The criteria at a glance"), ("way", "What stands in the way"))),
    ("criteria", "The Exit Criteria", ()),
    ("table", "Table 13.1, row by row", ()),
    (
        "tests",
        "Tests planned, run, passed and failed",
        (
            ("by-dmc", "By Device Model Combination"),
            ("by-group", "By functional group"),
            ("grid", "Functional group by Device Model Combination"),
            ("regression", "Regression on the stage exit versions"),
            ("by-provider", "By DCC Service Provider"),
            ("descoped", "De-scoped tests and removed combinations"),
        ),
    ),
    (
        "thresholds",
        "Testing Issue Thresholds",
        (("bars", "Counted against Table 13.2"), ("cells", "The same in numbers")),
    ),
    (
        "issues",
        "Testing Issues",
        (
            ("extant", "Extant issues"),
            ("excluded", "Excluded issues"),
            ("proposed", "Exclusions proposed and not agreed"),
            ("left", "Issues that left the count"),
            ("elsewhere", "Issues raised elsewhere"),
            ("disputes", "Severity disputes pending"),
        ),
    ),
    ("workoff", "Work Off Plans", ()),
    (
        "papers",
        "Reports, certificates and witnessing",
        (("provided", "What is provided"), ("witnessing", "Witnessing")),
    ),
    ("rounds", "SIT before the Panel, round by round", ()),
    ("unjudged", "What could not be evaluated", ()),
    (
        "readings",
        "How the text was read",
        (("used", "Readings used"), ("slips", "Notes"), ("parameters", "Parameters and calendar")),
    ),
    ("verify", "How to verify this report", ()),
)
#: The lists that annex volumes hold, by the section that they are.
VOLUMES = {"annex-issues": ISSUES, "annex-tests": TESTS}
_ANNEXES = (("annex-issues", "Every Testing Issue looked at"), ("annex-tests", "Planned tests that did not pass"))


def outline(
    *, with_rows: bool, annexes: tuple[tuple[str, str], ...], hidden: Collection[str] = ()
) -> dict[str, Section]:
    """Return the sections by key, in order: chapters numbered 1, 2 …, annexes lettered A, B ….

    Those of the keys in `hidden` keep their number and nothing else.
    """
    sections: dict[str, Section] = {}
    chapters = [chapter for chapter in _OUTLINE if with_rows or chapter[0] not in OF_SIT]
    for index, (key, title, children) in enumerate(chapters, start=1):
        inner = tuple(
            Section(
                anchor=f"section-{child}",
                number=f"{index}.{place}",
                title=REDACTED if child in hidden else child_title,
            )
            for place, (child, child_title) in enumerate(children, start=1)
        )
        sections[key] = Section(
            anchor=f"section-{key}",
            number=str(index),
            title=REDACTED if key in hidden else title,
            children=() if key in hidden else inner,
        )
        sections.update({child: entry for (child, _), entry in zip(children, inner, strict=True)})
    for letter, (key, title) in zip("ABC", annexes, strict=False):
        shown = REDACTED if key in hidden else title
        sections[key] = Section(anchor=f"section-{key}", number=f"Annex {letter}", title=shown)
    return sections


def places(report: CompletionReport) -> list[tuple[str, str]]:
    """Return what can be redacted of a report as a whole: `(key, what it is called)`, in printed order.

    Chapters and the places in them, each criterion by itself, the annexes, and each report that is attached inside.
    """
    with_rows = bool(report.rows)
    found: list[tuple[str, str]] = []
    sections = outline(with_rows=with_rows, annexes=_ANNEXES)
    blocks = {"criteria": report.criteria, "table": report.rows}
    listed: set[str] = set()
    for key, section in sections.items():
        found.append((key, f"{section.number} {section.title}"))
        for block in blocks.get(key, ()):
            if block.anchor not in listed:
                found.append((block.anchor, f"{section.number}, {block.clause} {block.title}"))
            listed.add(block.anchor)
    return found + [(f"{ATTACHED}{file.sha256}", f"Attached: {file.name}") for file in report.included]


def report_html(report: CompletionReport, *, copy: Redaction | None = None) -> str:
    """Return the whole report as HTML, with the annex of long texts only where there are any.

    As a `copy` for the Parties: without the sections that are redacted. Their rows and words are out of `report`
    already (`contents.redacting`).
    """
    redaction = None if copy is None or copy.is_empty else copy
    hidden = redaction.sections if redaction is not None else frozenset()
    long_texts = LongTexts(whole_in="the whole report") if redaction is not None else LongTexts()
    with_rows = bool(report.rows)
    inside = () if report.volumes else _ANNEXES
    context = {
        "report": report,
        "cover": report.cover,
        "synthetic": SYNTHETIC,
        "long_texts": long_texts,
        "not_met": [
            block for block in report.criteria if block.mark is not Mark.MET and block.in_the_way and not block.redacted
        ],
        "shown": SHOWN_ROWS,
        "grave": [row for row in report.issues.counted if row.severity in GRAVE],
        "severities": [cell.severity for cell in report.thresholds[0].cells] if report.thresholds else [],
        "sections": outline(with_rows=with_rows, annexes=(*inside, (LONG_TEXTS, "Long texts")), hidden=hidden),
        "with_rounds": with_rows,
        "copy": copy,
        "redaction": redaction,
        "hides_answer": "stand" in hidden,
        "hidden_volumes": hidden_volumes(report, hidden),
    }
    # These first: only then is it known whether the contents list an annex of long texts.
    front = render_to_string("reports/chapters/cover.html", context)
    body = render_to_string("reports/body.html", context)
    annexes = (*inside, (LONG_TEXTS, "Long texts")) if long_texts.entries else inside
    sections = outline(with_rows=with_rows, annexes=annexes, hidden=hidden)
    context["chapters"] = [section for section in sections.values() if "." not in section.number]
    whole = render_to_string("reports/completion_report.html", {**context, "front": front, "body": body})
    return printable(_unlinked(whole) if redaction is not None else whole)


def hidden_volumes(report: CompletionReport, hidden: Collection[str]) -> list[int]:
    """Return the numbers of the annex volumes that hold what is redacted as a section."""
    gone = {title for key, title in VOLUMES.items() if key in hidden}
    return [entry.number for entry in report.volumes if entry.what in gone]


def _unlinked(html: str) -> str:
    """Return the page with only the words of each link that leads to what is not there any more."""
    anchors = set(_ANCHOR.findall(html))
    return _LINK.sub(lambda link: link[0] if link[1] in anchors else link[2], html)


def volume_html(volume: AnnexVolume, *, copy: Redaction | None = None) -> str:
    """Return one annex volume as HTML; as a `copy` for the Parties where it is one."""
    long_texts = LongTexts()
    context = {
        "volume": volume,
        "cover": volume.cover,
        "synthetic": SYNTHETIC,
        "long_texts": long_texts,
        "copy": copy,
        "redaction": None if copy is None or copy.is_empty else copy,
    }
    context["body"] = render_to_string("reports/volume_body.html", context)
    return printable(render_to_string("reports/annex_volume.html", context))
