"""Where a Testing Issue counts, or may come to count."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from testphases.models import TestScope

#: 13.22: an issue of the one may be counted in the other, in the same Capability Release.
COUNTED_BY_DECISION = {"SCT": "SIT"}


def scopes_reached_from(scope: TestScope) -> QuerySet[TestScope]:
    """Return the scopes whose judgement an issue raised in `scope` may bear on.

    Its own Test Phase; the equivalent one of later releases of the programme (13.18); and where a
    decision may count it (13.22). Wider than what counts in the end: which it does is the rulebook's.
    """
    later_equivalent = Q(kind=scope.kind, release__position__gte=scope.release.position)
    by_decision = Q(kind=COUNTED_BY_DECISION.get(scope.kind, ""), release_id=scope.release_id)
    reached: QuerySet[TestScope] = TestScope.objects.filter(
        later_equivalent | by_decision, release__programme_id=scope.release.programme_id
    )
    return reached


def scopes_that_may_ask(scope: TestScope) -> QuerySet[TestScope]:
    """Return the scopes for which TAG may be asked whether an issue raised in `scope` counts.

    SIT of the same release for an issue of SCT (13.22); Interface Testing of the same or a later release for its own
    issues and for any other that could affect the decision to deploy (13.23).
    """
    in_sit = Q(kind=COUNTED_BY_DECISION.get(scope.kind, ""), release_id=scope.release_id)
    presented = Q(kind="INTERFACE", release__position__gte=scope.release.position)
    asking: QuerySet[TestScope] = TestScope.objects.filter(
        in_sit | presented, release__programme_id=scope.release.programme_id
    )
    return asking


def may_count_in(*, raised_in: TestScope, scope: TestScope) -> bool:
    """Return whether an issue raised in one scope may count in another."""
    return scopes_reached_from(raised_in).filter(pk=scope.pk).exists()
