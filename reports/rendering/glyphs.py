"""What the embedded typeface can draw, and how a character that it cannot draw is shown.

A report embeds its own fonts and uses no others, so that the same contents give the same bytes on any
machine. A character outside them is written as its code point in square brackets: nothing disappears,
and nothing that steers the direction or the control of text gets onto the page. The attached JSON keeps
the original.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from operator import itemgetter

from fontTools.ttLib import TTFont

from reports.rendering.assets import FONT_FOLDER, FONTS

#: A longer run of characters that cannot be drawn is counted instead of being spelt out.
SPELT_OUT = 12
#: So many combining marks may sit on one letter; more would climb over the lines around it.
MARKS_ON_A_LETTER = 2
_LAYOUT = frozenset("\n\t ")
#: Format and control characters, private use, surrogates and unassigned: never drawn, whatever the font holds.
_NEVER = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})


@cache
def drawable() -> frozenset[str]:
    """Return the characters that every embedded face can draw."""
    faces = []
    for name in FONTS:
        with TTFont(FONT_FOLDER / name, lazy=True) as font:
            faces.append(frozenset(font.getBestCmap()))
    common = frozenset.intersection(*faces)
    return frozenset(chr(code) for code in common if unicodedata.category(chr(code)) not in _NEVER)


@cache
def _simple() -> frozenset[str]:
    """What needs no second look: drawable, and no mark that could pile up."""
    return frozenset(character for character in drawable() if not unicodedata.combining(character)) | _LAYOUT


def printable(text: str) -> str:
    """Return `text` with every character that cannot be drawn written as `[U+1F600]`.

    Line breaks, tabs and spaces pass. A run of more than `SPELT_OUT` is counted:
    `[40 characters from U+0627]`.
    """
    if _simple().issuperset(text):
        return text
    allowed = drawable() | _LAYOUT
    composed = unicodedata.normalize("NFC", text)
    parts = []
    for can_draw, group in groupby(_judged(composed, allowed), key=itemgetter(1)):
        run = "".join(character for character, _ in group)
        parts.append(run if can_draw else _named(run))
    return "".join(parts)


def _judged(text: str, allowed: frozenset[str]) -> Iterator[tuple[str, bool]]:
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        yield character, character in allowed and marks <= MARKS_ON_A_LETTER


def _named(run: str) -> str:
    if len(run) > SPELT_OUT:
        return f"[{len(run)} characters from U+{ord(run[0]):04X}]"
    return "[" + " ".join(f"U+{ord(character):04X}" for character in run) + "]"
