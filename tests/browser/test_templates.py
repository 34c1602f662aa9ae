"""Templates keep to the content policy: no inline style, script or handler, no address elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: A report's templates are printed, not served: they are the report tests' own.
TEMPLATES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "reports" not in path.parts)
FORBIDDEN = {
    "inline style": r"<style|\sstyle\s*=",
    "inline script": r"<script(?![^>]*\ssrc=)",
    "event handler": r"\son[a-z]+\s*=\s*[\"']",
    "evaluated attribute": r"hx-on|hx-vals\s*=\s*[\"']js:|javascript:",
    "address elsewhere": r"(?:src|href|action)\s*=\s*[\"'](?:https?:)?//",
    "output that is not escaped": r"\|\s*safe\b|autoescape off",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_keeps_to_the_content_policy(path):
    text = path.read_text(encoding="utf-8")
    assert not {name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)}


def test_every_form_that_writes_carries_its_token():
    for path in TEMPLATES:
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text(encoding="utf-8"), re.DOTALL):
            assert "{% csrf_token %}" in form, f"{path.name}: {form[:80]}"
