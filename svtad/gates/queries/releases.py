"""Releases as they stood: their state, and the matters and documents that hang on them (7.3, 9.8)."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from svtad.gates.models import ReleaseMatter, RepeatDocument
from svtad.governance.models import Matter
from svtad.governance.queries import states_at
from svtad.governing.queries import effective_days
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import ReleaseState
from testphases.models import CapabilityRelease, ReleaseStateChange, TestScope


def releases_for(actor: Actor) -> QuerySet[CapabilityRelease]:
    """Return the releases whose readiness `actor` may see: those who see every phase see all, others none.

    Readiness names every phase of a release, those of one DCC Service Provider among them.
    """
    rows: QuerySet[CapabilityRelease] = CapabilityRelease.objects.select_related("programme")
    if not (actor.sees_everything or actor.may("see_all_phases")):
        rows = rows.none()
    return rows.order_by("programme__name", "position")


def changes_of(release: CapabilityRelease, moment: dt.datetime | None) -> list[ReleaseStateChange]:
    """Return the moves that a release had made by `moment` (None: now), in order."""
    rows = ReleaseStateChange.objects.filter(release=release)
    if moment is not None:
        rows = rows.filter(recorded_at__lte=moment)
    return list(rows.order_by("pk"))


def state_at(changes: list[ReleaseStateChange]) -> ReleaseState:
    """Return where the release was after those moves."""
    return ReleaseState(changes[-1].to_state) if changes else ReleaseState.PLANNED


def matters_of(release: CapabilityRelease, actor: Actor, moment: dt.datetime | None) -> list[Matter]:
    """Return the matters about a release that `actor` may see, with the states that they had; never saved."""
    links = ReleaseMatter.objects.filter(release=release)
    if moment is not None:
        links = links.filter(recorded_at__lte=moment)
    rows = list(Matter.objects.visible_to(actor).filter(pk__in=links.order_by().values("matter")).order_by("pk"))
    if moment is not None:
        states = states_at(Matter.objects.filter(pk__in=[row.pk for row in rows]), moment)
        for row in rows:
            row.state = states[row.pk]
    return rows


def documents_of(release: CapabilityRelease, moment: dt.datetime | None) -> list[tuple[RepeatDocument, dt.date | None]]:
    """Return the document versions named for a repetition (7.3), each with the day from which it is in effect."""
    held = RepeatDocument.objects.held_at(moment).filter(release=release).select_related("version__document")
    rows = list(held.order_by("version__document__code", "version__version"))
    days = effective_days([row.version for row in rows], moment)
    return [(row, days.get(row.version_id)) for row in rows]


def has_phases(releases: list[CapabilityRelease]) -> frozenset[int]:
    """Return the primary keys of the releases of which a phase is set up."""
    return frozenset(TestScope.objects.filter(release__in=releases).values_list("release_id", flat=True))
