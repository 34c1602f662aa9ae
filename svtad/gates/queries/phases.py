"""Which phases hang together: what comes before what, and whose judgement a paper of a phase bears on."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Q, QuerySet

from svtad.governing.queries import parameters_at
from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition, PhaseKind
from svtad.rulebook.editions import edition_of
from testphases.models import TestScope


def edition_for(scope: TestScope) -> Edition | None:
    """Return the rulebook's edition of the document version that governs `scope`, or None where none is held."""
    version = scope.governed_by
    try:
        return edition_of(version.document.code, version.version)
    except FactsError:
        return None


def phase_kind_for(scope: TestScope) -> PhaseKind | None:
    """Return what the governing edition says of the scope's kind of phase, or None where it says nothing."""
    edition = edition_for(scope)
    if edition is None or scope.kind not in {kind.key for kind in edition.phase_kinds}:
        return None
    return edition.phase_kind(scope.kind)


def precursor_kinds(kind: str, *, edition: Edition, settings: Mapping[str, str | None]) -> tuple[str, ...] | None:
    """Return the phase kinds that come before `kind` in the same release: what is set, else the edition's reading.

    `settings` are the values set by key. None where nobody has said: then 12.5(b) cannot be evaluated.
    """
    key = f"precursors.{kind}"
    spec = next((spec for spec in edition.parameters if spec.key == key), None)
    value = settings.get(key) or (spec.default if spec else None)
    if value is None:
        return None
    return () if value == "none" else (value,)


def followers_of(scope: TestScope) -> QuerySet[TestScope]:
    """Return the phases of the same release that `scope` comes before: its papers bear on their judgement."""
    edition = edition_for(scope)
    kinds = []
    if edition is not None:
        settings = {key: str(held["value"]) for key, held in parameters_at(scope.governed_by).items()}
        kinds = [
            kind.key
            for kind in edition.phase_kinds
            if scope.kind in (precursor_kinds(kind.key, edition=edition, settings=settings) or ())
        ]
    followers: QuerySet[TestScope] = TestScope.objects.filter(Q(kind__in=kinds), release_id=scope.release_id).exclude(
        pk=scope.pk
    )
    return followers


def precursors_of(scope: TestScope) -> QuerySet[TestScope]:
    """Return the phases of the same release that come right before `scope`: its entry rests on them (12.5(b))."""
    edition = edition_for(scope)
    kinds: tuple[str, ...] = ()
    if edition is not None:
        settings = {key: str(held["value"]) for key, held in parameters_at(scope.governed_by).items()}
        kinds = precursor_kinds(scope.kind, edition=edition, settings=settings) or ()
    before: QuerySet[TestScope] = TestScope.objects.filter(kind__in=kinds, release_id=scope.release_id)
    return before.exclude(pk=scope.pk)
