"""The rulebook edition that governs a scope, for what it says about issues."""

from __future__ import annotations

from svtad.rulebook import editions
from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition, PhaseKind
from testphases.models import TestScope


def edition_of(scope: TestScope) -> Edition | None:
    """Return the edition of the document version that governs `scope`, or None where none is held."""
    version = scope.governed_by
    if not version.edition:
        return None
    try:
        return editions.edition_of(version.document.code, version.version)
    except FactsError:
        return None


def severities_of(code: str, version: str) -> tuple[str, ...]:
    """Return the severities of the edition that a document's version is, or none where none is held."""
    try:
        return editions.edition_of(code, version).severities
    except FactsError:
        return ()


def phase_kind_of(scope: TestScope) -> PhaseKind | None:
    """Return what the governing edition says of the scope's kind of phase, or None where it says nothing."""
    held = edition_of(scope)
    try:
        return held.phase_kind(scope.kind) if held else None
    except KeyError:
        return None


def severity_problem(scope: TestScope, severity: str) -> str:
    """Return why `severity` is none of the governing edition's, or "" where it is one of them."""
    held = edition_of(scope)
    if held is None:
        return f"No edition of {scope.governed_by} is held, so its severities are not known."
    if severity not in held.severities:
        return f"“{severity[:20]}” is no severity of {scope.governed_by}: it has {', '.join(held.severities)}."
    return ""
