"""The Testing Issue log on paper: a cover, the register, and every issue's history."""

from __future__ import annotations

from collections.abc import Callable

from django.template.loader import render_to_string

from reports.paper_shapes import IssueLogPaper
from reports.rendering.engine import Attached, to_pdf
from reports.rendering.glyphs import printable
from reports.rendering.long_texts import LongTexts
from reports.rendering.pages import SYNTHETIC


def issue_log_html(paper: IssueLogPaper) -> str:
    """Return the log as HTML in which every character can be drawn."""
    long_texts = LongTexts()
    context = {"paper": paper, "synthetic": SYNTHETIC, "long_texts": long_texts}
    context["body"] = render_to_string("reports/issue_log_body.html", context)
    return printable(render_to_string("reports/issue_log.html", context))


def render_issue_log(paper: IssueLogPaper, *, on_page: Callable[[int], None] | None = None) -> bytes:
    """Return the log as a tagged PDF with the same log as a workbook inside. Raises as `to_pdf`."""
    attached = Attached(
        name="testing-issue-log.xlsx", description="The complete log of the same issues", content=paper.workbook
    )
    return to_pdf(
        issue_log_html(paper), identity=f"issue log {paper.workbook_sha256}", attached=[attached], on_page=on_page
    )
