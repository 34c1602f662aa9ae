"""The paper of a Test Completion Certificate: a page that says it, and a page on how to verify it."""

from __future__ import annotations

from django.template.loader import render_to_string

from reports.paper_shapes import CertificatePage
from reports.rendering.engine import to_pdf
from reports.rendering.glyphs import printable
from reports.rendering.long_texts import LongTexts
from reports.rendering.pages import SYNTHETIC

_UNSIGNED = "NOT SIGNED"


def certificate_html(page: CertificatePage) -> str:
    """Return the paper as HTML in which every character can be drawn."""
    bands = [*([SYNTHETIC] if page.is_synthetic else []), *([] if page.fingerprint else [_UNSIGNED])]
    context = {
        "page": page,
        "synthetic": SYNTHETIC,
        "unsigned": _UNSIGNED,
        "band": " · ".join(bands),
        "long_texts": LongTexts(),
    }
    return printable(render_to_string("reports/certificate.html", context))


def render_certificate(page: CertificatePage) -> bytes:
    """Return the paper as a tagged PDF, not yet signed. Raises RenderingFailed where the engine reports an error."""
    return to_pdf(certificate_html(page), identity=f"{page.number} {page.made_at_iso}", attached=[])
