"""Our own files that a report may draw on, by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import font_source_sans_pro
from django.contrib.staticfiles import finders

#: How a report's HTML and CSS name our files: `asset:report.css`.
SCHEME = "asset:"

FONT_FOLDER = Path(font_source_sans_pro.__file__).parent / "files"
#: The faces that the reports embed. No italic: the package's is an older cut with half the characters.
FONTS = (
    "SourceSansPro-Regular.ttf",
    "SourceSansPro-Semibold.ttf",
    "SourceSansPro-Bold.ttf",
)
_STATIC = (
    "report.css",
    "met.svg",
    "not-met.svg",
    "awaiting.svg",
    "cannot-decide.svg",
    "not-started.svg",
)
MEDIA_TYPES = {".ttf": "font/ttf", ".css": "text/css", ".svg": "image/svg+xml"}


class AssetRefused(ValueError):
    """A report asked for something that it may not fetch."""


@cache
def asset(name: str) -> bytes:
    """Return the bytes of one of our files. Raises `AssetRefused` for any name not on the list."""
    if name in FONTS:
        return (FONT_FOLDER / name).read_bytes()
    if name in _STATIC:
        found = finders.find(f"reports/{name}")
        if isinstance(found, str):
            return Path(found).read_bytes()
    raise AssetRefused(f"not a file of the reports: {name[:200]}")
