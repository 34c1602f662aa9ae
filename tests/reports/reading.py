"""Reading a PDF back: its structure tree, its words and where they stand."""

from __future__ import annotations

import io
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import IndirectObject


@dataclass
class Tag:
    """An element of the structure tree."""

    kind: str
    alt: str = ""
    children: list[Tag] = field(default_factory=list)
    source: Any = None

    def walk(self) -> Iterator[Tag]:
        yield self
        for child in self.children:
            yield from child.walk()

    def all(self, *kinds: str) -> list[Tag]:
        return [tag for tag in self.walk() if tag.kind in kinds]


def structure(reader: PdfReader) -> Tag:
    """The structure tree, from its root's one child down."""
    root: Any = reader.root_object["/StructTreeRoot"]
    (document,) = root["/K"]
    return _tag(document)


def _tag(node: Any) -> Tag:
    element: Any = node.get_object() if isinstance(node, IndirectObject) else node
    kids = element.get("/K", [])
    kids = kids if isinstance(kids, list) else [kids]
    children = []
    for kid in kids:
        inner = kid.get_object() if isinstance(kid, IndirectObject) else kid
        if isinstance(inner, dict) and inner.get("/Type") == "/StructElem":
            children.append(_tag(inner))
    return Tag(kind=element["/S"], alt=str(element.get("/Alt", "")), children=children, source=element)


def text_of(reader: PdfReader) -> str:
    """All text, each run of white space one space."""
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def squeezed(text: str) -> str:
    """Text without any white space: a reference that was broken over two lines is found as well."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Word:
    """A word and its box in points from the top left of its page."""

    page: int
    text: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Word, *, slack: float = 1.0) -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        # Line boxes touch each other by their leading; a real overlap is deep in both directions.
        return across > slack and down > 0.45 * min(self.bottom - self.top, other.bottom - other.top)


def words(path: Path) -> tuple[list[Word], list[tuple[float, float]]]:
    """The words of a PDF by `pdftotext`, and the size of each page."""
    out = subprocess.run(
        ["pdftotext", "-bbox", str(path), "-"], check=True, capture_output=True, timeout=60
    ).stdout.decode("utf-8", "replace")
    out = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", out)
    space = "{http://www.w3.org/1999/xhtml}"
    found: list[Word] = []
    sizes: list[tuple[float, float]] = []
    for number, page in enumerate(ET.fromstring(out).iter(f"{space}page"), start=1):
        sizes.append((float(page.attrib["width"]), float(page.attrib["height"])))
        for word in page.iter(f"{space}word"):
            box = [float(word.attrib[key]) for key in ("xMin", "yMin", "xMax", "yMax")]
            found.append(Word(number, word.text or "", *box))
    return found, sizes


def outside(found: list[Word], sizes: list[tuple[float, float]], *, margin: float) -> list[Word]:
    """The words that reach into the outer margin, or off the page."""
    return [
        word
        for word in found
        if word.left < margin
        or word.right > sizes[word.page - 1][0] - margin
        or word.top < 0
        or word.bottom > sizes[word.page - 1][1]
    ]


def overlapping(found: list[Word]) -> list[tuple[Word, Word]]:
    """Pairs of words drawn over each other."""
    pairs = []
    by_page: dict[int, list[Word]] = {}
    for word in found:
        by_page.setdefault(word.page, []).append(word)
    for on_page in by_page.values():
        ordered = sorted(on_page, key=lambda word: word.top)
        for index, word in enumerate(ordered):
            for other in ordered[index + 1 :]:
                if other.top > word.bottom:
                    break
                if word.overlaps(other):
                    pairs.append((word, other))
    return pairs


def everything_in(content: bytes) -> str:
    """All that can be got out of a PDF: its words by two readers, every string and stream of every object, its names.

    Streams are read as they are decoded, attachments as they are.
    """
    reader = PdfReader(io.BytesIO(content))
    said = [text_of(reader), str(reader.metadata), str(reader.outline)]
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(content)
        file.flush()
        for how in ([], ["-raw"], ["-layout"]):
            out = subprocess.run(["pdftotext", *how, file.name, "-"], check=True, capture_output=True, timeout=60)
            said.append(out.stdout.decode("utf-8", "replace"))
    for name, held in reader.attachments.items():
        said += [name, *(each.decode("utf-8", "replace") for each in held)]
    for number in range(1, len(reader.xref[0]) + 1 if 0 in reader.xref else 1):
        said.append(_of_object(reader, number))
    said.append(content.decode("latin-1"))
    return "\n".join(said)


def _of_object(reader: PdfReader, number: int) -> str:
    try:
        held: Any = reader.get_object(IndirectObject(number, 0, reader))
    except (PyPdfError, KeyError):
        return ""
    parts = [str(held)]
    if hasattr(held, "get_data"):
        data = held.get_data()
        parts += [data.decode("utf-8", "replace"), data.decode("utf-16-be", "replace")]
    return " ".join(parts)
