"""The editions held: one module per document and version.

To add one, write a module that builds an :class:`svtad.rulebook.edition.Edition` and list it here. Nothing else in
the rulebook names an edition.
"""

from __future__ import annotations

from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition
from svtad.rulebook.editions import svtad_1_23

EDITIONS: tuple[Edition, ...] = (svtad_1_23.EDITION,)
"""Every edition held."""


def edition_of(document: str, version: str) -> Edition:
    """The edition of a document and version. Raises :class:`FactsError` naming those held."""
    for edition in EDITIONS:
        if (edition.document, edition.version) == (document, version):
            return edition
    held = ", ".join(f"{edition.document} v{edition.version}" for edition in EDITIONS)
    raise FactsError("facts.document", f"no edition of {document!r} v{version} is held; held: {held}")
