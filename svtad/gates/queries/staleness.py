"""Whether something has changed since a judgement was made."""

from __future__ import annotations

from svtad.gates.models import Assessment
from testphases.models import FactsChanged, TestScope


def pending_changes(scope: TestScope) -> tuple[int, ...]:
    """Return the ids of the changes to `scope` that no sweep has judged yet."""
    return tuple(FactsChanged.objects.filter(scope=scope).order_by("pk").values_list("pk", flat=True))


def is_stale(assessment: Assessment) -> bool:
    """Return whether a change is pending that `assessment` does not cover. One query.

    It errs on the side of caution: a change may turn out to matter to nothing that was judged. Whether the facts
    differ is told exactly by `gathering.has_changed`.
    """
    covered = set(assessment.summary.get("covered", ()))
    return not set(pending_changes(assessment.scope)) <= covered
