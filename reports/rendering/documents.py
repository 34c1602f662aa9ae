"""Whole documents, from frozen contents to PDF bytes: tagged, fonts embedded, the same bytes for the same contents."""

from __future__ import annotations

from collections.abc import Callable

from reports.rendering.attachments import annex_sheet, full_sheet
from reports.rendering.engine import Attached, to_pdf
from reports.rendering.pages import report_html, volume_html
from reports.round_shapes import Redaction
from reports.shapes import AnnexVolume, CompletionReport

OnPage = Callable[[int], None]

JSON = "application/json"


def render_pdf(report: CompletionReport, *, copy: Redaction | None = None, on_page: OnPage | None = None) -> bytes:
    """Return the Completion Report as PDF, with its facts, its findings and its full lists attached.

    As a `copy` for the Parties of which anything is redacted it has none of these three: they hold it too.
    `on_page` is told each page that is laid out, and may raise to stop. Raises RenderingFailed where the engine
    reports an error (a missing picture, an unknown link), RenderingTooLong after the time limit.
    """
    whole = [] if copy is not None and not copy.is_empty else _whole(report)
    attached = [
        *whole,
        *(Attached(name=file.name, description=file.description, content=file.content) for file in report.included),
    ]
    return to_pdf(
        report_html(report, copy=copy),
        identity=" ".join((report.cover.assessment, report.cover.made_at, *_identity(copy))),
        attached=attached,
        on_page=on_page,
    )


def _identity(copy: Redaction | None) -> tuple[str, ...]:
    return () if copy is None else ("copy", copy.decision)


def _whole(report: CompletionReport) -> list[Attached]:
    """Return what the whole report carries inside besides the reports of 9.4 and 9.5."""
    return [
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
    ]


def render_volume(volume: AnnexVolume, *, copy: Redaction | None = None, on_page: OnPage | None = None) -> bytes:
    """Return one annex volume as PDF: a whole tagged document, its rows attached as a sheet. Raises as `render_pdf`.

    The sheet of a `copy` has what the volume has: rows and words that are redacted are out of both.
    """
    attached = [
        Attached(
            name=f"annex-volume-{volume.entry.number}.xlsx",
            description=f"The rows of annex volume {volume.entry.number}",
            content=annex_sheet(volume),
        )
    ]
    return to_pdf(
        volume_html(volume, copy=copy),
        identity=" ".join(
            (volume.cover.assessment, volume.cover.made_at, f"annex {volume.entry.number}", *_identity(copy))
        ),
        attached=attached,
        on_page=on_page,
    )
