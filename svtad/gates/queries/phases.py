"""Which phases hang together: what comes before what, and whose judgement a paper of a phase bears on."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition, PhaseKind
from svtad.rulebook.editions import edition_of
from testphases.models import TestScope

#: Which phase kinds come before which, in the same release. SVTAD v1.23 lists no order of Test Phases (12.5(b)
#: says "precursor" and names none): our choice, as far as its clauses suggest one (5.7 lets SIT and Interface
#: Testing overlap by agreement only). A kind that is not here has none recorded, and 12.5(b) cannot be evaluated.
PRECURSOR_KINDS: dict[str, tuple[str, ...]] = {"PIT": (), "SIT": ("PIT",), "INTERFACE": ("SIT",)}


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


def followers_of(scope: TestScope) -> QuerySet[TestScope]:
    """Return the phases of the same release that `scope` comes before: its papers bear on their judgement."""
    kinds = [kind for kind, before in PRECURSOR_KINDS.items() if scope.kind in before]
    followers: QuerySet[TestScope] = TestScope.objects.filter(Q(kind__in=kinds), release_id=scope.release_id).exclude(
        pk=scope.pk
    )
    return followers
