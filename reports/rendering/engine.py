"""The PDF engine kept in bounds: our fetcher, our fonts, a time limit, and no error that only a log would see."""

from __future__ import annotations

import datetime as dt
import gc
import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from weasyprint import CSS, HTML, Attachment
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetchingError

from reports.rendering import tagging
from reports.rendering.assets import SCHEME, asset
from reports.rendering.fetching import AssetFetcher
from svtad.lib.errors import Refused

log = logging.getLogger(__name__)

#: Seconds that one document may take.
TIME_LIMIT = 900.0

#: The dates inside an attachment: fixed, so that the same contents give the same bytes.
_EPOCH = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_PAGE = re.compile(r"Page (\d+)$")
_HEADING = re.compile(r'<h[1-3][^>]*\bid="([^"]+)"[^>]*>(.*?)</h[1-3]>', re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


class RenderingFailed(Refused):
    """The engine reported an error: what it drew is not what was meant."""

    def __init__(self, reason: str) -> None:
        super().__init__("", f"The PDF could not be drawn as it was meant: {reason}")


class RenderingTooLong(Refused):
    """The document took longer than it may."""

    def __init__(self) -> None:
        super().__init__("", "The PDF took longer to lay out than it may, and was stopped.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """A file carried inside a PDF."""

    name: str
    description: str
    content: bytes


@dataclass(kw_only=True)
class _Watch(logging.Handler):
    """Listens to the engine in this thread: keeps its complaints, passes on its pages, watches the time."""

    on_page: Callable[[int], None] | None
    deadline: float
    complaints: list[logging.LogRecord] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(level=logging.INFO)
        self.of_thread = threading.get_ident()

    __hash__ = object.__hash__

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one record. Raises RenderingTooLong past the deadline, and whatever `on_page` raises."""
        if record.thread != self.of_thread:
            return
        if record.levelno >= logging.WARNING:
            self.complaints.append(record)
            return
        if time.monotonic() > self.deadline:
            raise RenderingTooLong
        match = _PAGE.search(record.getMessage())
        if match and self.on_page is not None:
            self.on_page(int(match[1]))


def to_pdf(
    html: str,
    *,
    identity: str,
    attached: Sequence[Attached],
    on_page: Callable[[int], None] | None = None,
    time_limit: float = TIME_LIMIT,
) -> bytes:
    """Return `html` as a tagged PDF 1.7 whose bytes depend on the arguments only.

    `identity` becomes the document's identifier. Raises RenderingFailed, RenderingTooLong.
    """
    fetcher = AssetFetcher()
    with _watched(on_page, time_limit) as watch, _uncollected():
        try:
            content = _drawn(html, identity=identity, attached=attached, fetcher=fetcher)
        except URLFetchingError as refused:
            raise RenderingFailed(str(refused)) from refused
    _check(watch.complaints)
    return content


def _drawn(html: str, *, identity: str, attached: Sequence[Attached], fetcher: AssetFetcher) -> bytes:
    fonts = FontConfiguration()
    sheet = CSS(string=asset("report.css").decode(), font_config=fonts, url_fetcher=fetcher, base_url=f"{SCHEME}/")
    page = HTML(string=html, url_fetcher=fetcher, base_url=f"{SCHEME}/")
    document = page.render(stylesheets=[sheet], font_config=fonts)
    titles = _link_titles(html)

    def finisher(laid_out: Any, pdf: Any) -> None:
        tagging.finish(laid_out, pdf, link_titles=titles)

    content: bytes = document.write_pdf(
        finisher=finisher,
        pdf_tags=True,
        pdf_version="1.7",
        pdf_identifier=hashlib.sha256(identity.encode()).digest()[:16],
        attachments=[_attachment(file, fetcher) for file in attached],
    )
    return content


def _attachment(file: Attached, fetcher: AssetFetcher) -> Attachment:
    return Attachment(
        string=file.content,
        name=file.name,
        description=file.description,
        created=_EPOCH,
        modified=_EPOCH,
        url_fetcher=fetcher,
        relationship="Data",
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave the garbage be until the document is done: looking for it takes a third of the time and finds little.

    What one document holds is bounded (see `contents.annexes`), so this costs no memory that counts.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()


@contextmanager
def _watched(on_page: Callable[[int], None] | None, time_limit: float) -> Iterator[_Watch]:
    """Listen to WeasyPrint for as long as the block runs: its problems reach nothing but its log."""
    watch = _Watch(on_page=on_page, deadline=time.monotonic() + time_limit)
    engine, progress = logging.getLogger("weasyprint"), logging.getLogger("weasyprint.progress")
    before = engine.level, progress.level, progress.propagate
    engine.addHandler(watch)
    progress.addHandler(watch)
    engine.setLevel(logging.WARNING)
    progress.setLevel(logging.INFO)
    progress.propagate = False  # a line a page is for the watch, not for the log
    try:
        yield watch
    finally:
        engine.removeHandler(watch)
        progress.removeHandler(watch)
        engine.setLevel(before[0])
        progress.setLevel(before[1])
        progress.propagate = before[2]


def _check(complaints: list[logging.LogRecord]) -> None:
    errors = [record.getMessage() for record in complaints if record.levelno >= logging.ERROR]
    if errors:
        raise RenderingFailed("; ".join(errors[:5]))
    for record in complaints:
        log.warning("the PDF engine: %s", record.getMessage())


def _link_titles(html: str) -> dict[str, str]:
    """Return what each heading with an id says, for the description of the links that lead there."""
    return {anchor: "To " + " ".join(_TAG.sub(" ", inner).split())[:120] for anchor, inner in _HEADING.findall(html)}
