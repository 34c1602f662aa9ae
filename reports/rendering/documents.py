"""Whole documents, from frozen contents to PDF bytes: tagged, fonts embedded, the same bytes for the same contents."""

from __future__ import annotations

from collections.abc import Callable

from reports.rendering.attachments import annex_sheet, full_sheet
from reports.rendering.engine import Attached, to_pdf
from reports.rendering.pages import report_html, volume_html
from reports.shapes import AnnexVolume, CompletionReport

OnPage = Callable[[int], None]

JSON = "application/json"


def render_pdf(report: CompletionReport, *, on_page: OnPage | None = None) -> bytes:
    """Return the Completion Report as PDF, with its facts, its findings and its full lists attached.

    `on_page` is told each page that is laid out, and may raise to stop. Raises RenderingFailed where the engine
    reports an error (a missing picture, an unknown link), RenderingTooLong after the time limit.
    """
    attached = [
        Attached(
            name="facts.json",
            description="The facts that were judged, as stored",
            content=report.facts_json.encode(),
        ),
        Attached(
            name="findings.json",
            description="The findings of the judge, as stored",
            content=report.findings_json.encode(),
        ),
        Attached(
            name="lists.xlsx",
            description="Every Testing Issue and every planned test that did not pass",
            content=full_sheet(report),
        ),
        *(Attached(name=file.name, description=file.description, content=file.content) for file in report.included),
    ]
    return to_pdf(
        report_html(report),
        identity=f"{report.cover.assessment} {report.cover.made_at}",
        attached=attached,
        on_page=on_page,
    )


def render_volume(volume: AnnexVolume, *, on_page: OnPage | None = None) -> bytes:
    """Return one annex volume as PDF: a whole tagged document, its rows attached as a sheet. Raises as `render_pdf`."""
    attached = [
        Attached(
            name=f"annex-volume-{volume.entry.number}.xlsx",
            description=f"The rows of annex volume {volume.entry.number}",
            content=annex_sheet(volume),
        )
    ]
    return to_pdf(
        volume_html(volume),
        identity=f"{volume.cover.assessment} {volume.cover.made_at} annex {volume.entry.number}",
        attached=attached,
        on_page=on_page,
    )
