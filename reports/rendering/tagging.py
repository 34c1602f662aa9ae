"""The last touches to the tagged PDF that WeasyPrint leaves to us, made before it is written.

Running headers and footers become artifacts, so that a screen reader is not told the page number in
the middle of a sentence; a link says where it leads; and the XMP metadata carries the title without
claiming a conformance that no validator has confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pydyf  # type: ignore[import-untyped]  # no types of its own


def finish(document: Any, pdf: Any, *, link_titles: dict[str, str]) -> None:
    """Change the tagged PDF in place. `link_titles` says in words where each internal anchor leads."""
    _furniture_to_artifacts(pdf)
    _name_links(pdf, link_titles)
    document.metadata.include_in_pdf(pdf, "ua", None, None, True)
    _order_attachments(pdf)


def _furniture_to_artifacts(pdf: Any) -> None:
    """Turn marked content that no part of the structure tree reaches into pagination artifacts."""
    objects = {entry.reference: entry for entry in pdf.objects if isinstance(entry, pydyf.Object)}
    root = objects[pdf.catalog["StructTreeRoot"]]
    reached = set(_reachable(root, objects))
    numbers = objects[root["ParentTree"]]["Nums"]
    pages = [objects[reference] for reference in pdf.page_references]
    by_page = dict(zip(numbers[::2], numbers[1::2], strict=True))
    for page in pages:
        owners = by_page[page["StructParents"]]
        loose = {mcid for mcid, owner in enumerate(owners) if owner not in reached}
        if not loose:
            continue
        stream = objects[page["Contents"]].stream
        for index, part in enumerate(stream):
            if isinstance(part, pydyf.Dictionary) and part.get("MCID") in loose:
                stream[index - 1] = "/Artifact"
                stream[index] = pydyf.Dictionary({"Type": "/Pagination"})
        for mcid in loose:
            owners[mcid] = "null"


def _reachable(root: Any, objects: dict[bytes, Any]) -> Iterator[bytes]:
    waiting = list(root["K"])
    while waiting:
        reference = waiting.pop()
        element = objects.get(reference) if isinstance(reference, bytes) else None
        if element is None or not isinstance(element, dict):
            continue
        yield reference
        waiting.extend(element.get("K", ()))


def _name_links(pdf: Any, titles: dict[str, str]) -> None:
    for entry in pdf.objects:
        if isinstance(entry, dict) and entry.get("Subtype") == "/Link" and "Dest" in entry:
            anchor = entry["Dest"].string
            entry["Contents"] = pydyf.String(titles.get(anchor, anchor.replace("-", " ")))


def _order_attachments(pdf: Any) -> None:
    """Sort the name tree of the attachments: readers search it by halving."""
    names = pdf.catalog.get("Names", {})
    if "EmbeddedFiles" not in names:
        return
    tree = next(entry for entry in pdf.objects if entry.reference == names["EmbeddedFiles"])
    flat = tree["Names"]
    pairs = sorted(zip(flat[::2], flat[1::2], strict=True), key=lambda pair: pair[0].string)
    tree["Names"] = pydyf.Array([part for pair in pairs for part in pair])
