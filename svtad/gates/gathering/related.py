"""Which scopes a judgement looks at besides its own."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q

from svtad.rulebook.edition import PhaseKind
from testphases.models import TestScope


@dataclass(frozen=True)
class Related:
    """The scopes of one judgement: `equivalent` holds the scope itself and the same phase of earlier releases.

    `considered` are those whose issues may count by a decision (13.22). `precursors` None means that no Test
    Phase is recorded which comes before, although one should. `beside` are the other phases of the same release.
    """

    scope: TestScope
    equivalent: tuple[TestScope, ...]
    considered: tuple[TestScope, ...]
    precursors: tuple[TestScope, ...] | None
    beside: tuple[TestScope, ...] = ()

    @property
    def papers_of(self) -> tuple[int, ...]:
        """The primary keys of the scopes whose certificates and Work Off Plans are read."""
        return (self.scope.pk, *(scope.pk for scope in self.precursors or ()))


def related_scopes(scope: TestScope, *, kind: PhaseKind, before: tuple[str, ...] | None) -> Related:
    """Find the scopes related to `scope` in one query.

    A phase of one DCC Service Provider (PIT) is equivalent only to that provider's in an earlier release. `before`
    are the phase kinds that come before in the same release; None where nobody has said which.
    """
    release = scope.release
    same_release = Q(release_id=release.pk)
    earlier = Q(release__position__lt=release.position, kind=scope.kind)
    if scope.provider_id is not None:
        earlier &= Q(provider_id=scope.provider_id) | Q(provider__isnull=True)
    found = list(
        TestScope.objects.filter(same_release | earlier, release__programme_id=release.programme_id)
        .select_related("release")
        .order_by("release__position", "pk")
    )
    beside = [other for other in found if other.release_id == release.pk and other.pk != scope.pk]
    precursors = tuple(other for other in beside if other.kind in (before or ()))
    return Related(
        scope=scope,
        equivalent=tuple(other for other in found if other.pk == scope.pk or other.release_id != release.pk),
        considered=tuple(other for other in beside if other.kind in kind.considered_kinds),
        precursors=None if before is None or (before and not precursors) else precursors,
        beside=tuple(beside),
    )
