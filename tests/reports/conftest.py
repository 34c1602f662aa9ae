"""One report, printed once for the session: making it is what takes the time."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from django.db import transaction
from pypdf import PdfReader

from reports.contents import completion_report
from reports.rendering.documents import render_pdf
from reports.shapes import CompletionReport
from svtad.rulebook.facts import Facts
from tests.reports import samples, stored
from tests.reports.reading import Tag, structure


@dataclass
class Printed:
    """A report as contents, as bytes and as a reader of those bytes; `complaints` is what the engine had to say."""

    facts: Facts
    report: CompletionReport
    content: bytes
    complaints: list[str] = field(default_factory=list)

    @cached_property
    def reader(self) -> PdfReader:
        return PdfReader(io.BytesIO(self.content))

    @cached_property
    def page_texts(self) -> list[str]:
        """What each page says, each run of white space one space."""
        return [" ".join(page.extract_text().split()) for page in self.reader.pages]

    @property
    def text(self) -> str:
        return " ".join(self.page_texts)

    @cached_property
    def tree(self) -> Tag:
        return structure(self.reader)

    def write_to(self, folder: Path) -> Path:
        path = folder / "report.pdf"
        path.write_bytes(self.content)
        return path


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(record.getMessage())


@pytest.fixture(scope="session")
def printed(django_db_setup, django_db_blocker) -> Printed:
    """The sample SIT, printed from a stored assessment."""
    listener = _Listener()
    loggers = [logging.getLogger(name) for name in ("weasyprint", "reports")]
    for logger in loggers:
        logger.addHandler(listener)
    facts = samples.facts()
    with django_db_blocker.unblock(), transaction.atomic():
        stored.matters(facts)
        stored.evidence_rows(facts)
        report = completion_report(stored.assessment_of(facts, public_id="assessment-of-the-demo"))
        transaction.set_rollback(True)
    content = render_pdf(report)
    for logger in loggers:
        logger.removeHandler(listener)
    return Printed(facts=facts, report=report, content=content, complaints=listener.heard)
