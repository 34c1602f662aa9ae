"""Phases that the Panel confirmed to be complete, and of which it has determined otherwise since (13.16)."""

from __future__ import annotations

from collections.abc import Iterable

from svtad.governance.models import Decision
from svtad.governance.queries.matters import decisions_at
from svtad.lib import clock
from svtad.rulebook.vocabulary import Body
from testphases.models import TestScope
from testphases.models.scopes import ScopeState


def contradicted_by_id(public_ids: Iterable[str]) -> dict[str, Decision]:
    """Return `contradicted` of the phases of those public ids, by their public ids. Two queries."""
    scopes = list(TestScope.objects.filter(public_id__in=list(public_ids)))
    found = contradicted(scopes)
    return {scope.public_id: found[scope.pk] for scope in scopes if scope.pk in found}


def contradicted(scopes: Iterable[TestScope]) -> dict[int, Decision]:
    """Return the Panel's determination that contradicts each phase that is complete, by the phase's primary key.

    What the Panel determines is recorded in whatever order it comes (rule 16). No listed move leads out of COMPLETE,
    and nothing that was done on the confirmation is undone silently (our choice): the phase stays where it is, and is
    marked wherever it is shown until the Panel confirms again. One query, and none where no phase is complete.
    """
    complete = {scope.public_id: scope.pk for scope in scopes if scope.state == ScopeState.COMPLETE}
    if not complete:
        return {}
    rows = (
        decisions_at(clock.now())
        .filter(matter__procedure="SIT_COMPLETION", matter__scope_id__in=complete)
        .filter(body=Body.PANEL, outcome__in=("CONFIRM", "NOT_MET"))
        .select_related("matter")
        .order_by("recorded_at", "pk")
    )
    last = {complete[row.matter.scope_id]: row for row in rows}
    return {pk: row for pk, row in last.items() if row.outcome == "NOT_MET"}
