"""From frozen contents to HTML in which every character can be drawn."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.loader import render_to_string

from reports.rendering.glyphs import printable
from reports.rendering.long_texts import LongTexts
from reports.shapes import AnnexVolume, CompletionReport, Mark

SYNTHETIC = "SYNTHETIC DEMONSTRATION DATA"
LONG_TEXTS = "long-texts"
#: Listed in the report itself, however long the annexes are.
GRAVE = ("1", "2", "Not determined")
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
    ("unjudged", "What could not be evaluated", ()),
    (
        "readings",
        "How the text was read",
        (("used", "Readings used"), ("slips", "Notes"), ("parameters", "Parameters and calendar")),
    ),
    ("verify", "How to verify this report", ()),
)
_ANNEXES = (("annex-issues", "Every Testing Issue looked at"), ("annex-tests", "Planned tests that did not pass"))


def outline(*, with_rows: bool, annexes: tuple[tuple[str, str], ...]) -> dict[str, Section]:
    """Return the sections by key, in order: chapters numbered 1, 2 …, annexes lettered A, B …."""
    sections: dict[str, Section] = {}
    chapters = [chapter for chapter in _OUTLINE if with_rows or chapter[0] != "table"]
    for index, (key, title, children) in enumerate(chapters, start=1):
        inner = tuple(
            Section(anchor=f"section-{child}", number=f"{index}.{place}", title=child_title)
            for place, (child, child_title) in enumerate(children, start=1)
        )
        sections[key] = Section(anchor=f"section-{key}", number=str(index), title=title, children=inner)
        sections.update({child: entry for (child, _), entry in zip(children, inner, strict=True)})
    for letter, (key, title) in zip("ABC", annexes, strict=False):
        sections[key] = Section(anchor=f"section-{key}", number=f"Annex {letter}", title=title)
    return sections


def report_html(report: CompletionReport) -> str:
    """Return the whole report as HTML, with the annex of long texts only where there are any."""
    long_texts = LongTexts()
    with_rows = bool(report.rows)
    inside = () if report.volumes else _ANNEXES
    context = {
        "report": report,
        "cover": report.cover,
        "synthetic": SYNTHETIC,
        "long_texts": long_texts,
        "not_met": [block for block in report.criteria if block.mark is not Mark.MET and block.in_the_way],
        "shown": SHOWN_ROWS,
        "grave": [row for row in report.issues.counted if row.severity in GRAVE],
        "severities": [cell.severity for cell in report.thresholds[0].cells] if report.thresholds else [],
        "sections": outline(with_rows=with_rows, annexes=(*inside, (LONG_TEXTS, "Long texts"))),
    }
    # These first: only then is it known whether the contents list an annex of long texts.
    front = render_to_string("reports/chapters/cover.html", context)
    body = render_to_string("reports/body.html", context)
    annexes = (*inside, (LONG_TEXTS, "Long texts")) if long_texts.entries else inside
    sections = outline(with_rows=with_rows, annexes=annexes)
    context["chapters"] = [section for section in sections.values() if "." not in section.number]
    return printable(render_to_string("reports/completion_report.html", {**context, "front": front, "body": body}))


def volume_html(volume: AnnexVolume) -> str:
    """Return one annex volume as HTML."""
    long_texts = LongTexts()
    context = {"volume": volume, "cover": volume.cover, "synthetic": SYNTHETIC, "long_texts": long_texts}
    context["body"] = render_to_string("reports/volume_body.html", context)
    return printable(render_to_string("reports/annex_volume.html", context))
