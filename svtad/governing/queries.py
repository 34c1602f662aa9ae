"""What the documents leave open, as it was set at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from svtad.governance.calendar import DayReading
from svtad.governing.models import DocumentVersion, EnteredCriterion, Parameter, Route, VersionStanding
from svtad.lib.clock import london_date, now
from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition
from svtad.rulebook.editions import EDITIONS, edition_of


def parameters_at(version: DocumentVersion, moment: dt.datetime | None = None) -> dict[str, dict[str, Any]]:
    """Return {key: {"value", "source", "approver", "effective_from"}} as recorded by, and in effect at, `moment`.

    Of several in effect, the one with the latest effective date holds. A key that is not here was not
    set, and what hangs on it CANNOT be EVALUATEd. `moment` None means now.
    """
    held = Parameter.objects.held_at(moment).filter(version=version, effective_from__lte=london_date(moment or now()))
    rows = held.order_by("effective_from", "valid_from").values("key", "value", "source", "approver", "effective_from")
    return {row.pop("key"): row for row in map(dict, rows)}


def edition_held(version: DocumentVersion) -> Edition | None:
    """Return the rulebook's edition of the document version, or None where none is held."""
    try:
        return edition_of(version.document.code, version.version)
    except FactsError:
        return None


def setting_at(version: DocumentVersion, key: str, moment: dt.datetime | None = None) -> str | None:
    """Return what holds for `key` at `moment`: the value set, else the edition's default reading, else None."""
    set_value = parameters_at(version, moment).get(key)
    if set_value is not None:
        return str(set_value["value"])
    edition = edition_held(version)
    known = {spec.key: spec.default for spec in edition.parameters} if edition else {}
    return known.get(key)


def day_reading(document: str, version: str, moment: dt.datetime | None) -> DayReading:
    """Return how Working Days are read under a document version, for the calendar beneath this app."""
    found = DocumentVersion.objects.filter(document__code=document, version=version).select_related("document").first()
    if found is None:
        return DayReading()
    return DayReading(
        jurisdiction=setting_at(found, "working_days.jurisdiction", moment) or DayReading.jurisdiction,
        count_trigger_day=setting_at(found, "working_days.counting", moment) == "trigger_day_is_first",
    )


#: By which a document comes to be approved at all; a modification by clause 4 follows an approved version (12.3).
APPROVING = (Route.APPROVED, Route.DESIGNATED)


def standings_of(document: str, moment: dt.datetime | None) -> list[VersionStanding]:
    """Return how the versions of a document had come into force, as recorded by `moment` (None: now).

    In the order in which they take effect; those that are not in effect yet are among them.
    """
    held = VersionStanding.objects.held_at(moment).filter(version__document__code=document)
    held = held.filter(decided_on__lte=london_date(moment or now()))
    return list(held.select_related("version__document", "matter").order_by("effective_from", "decided_on", "pk"))


def version_in_force(document: str, moment: dt.datetime | None) -> VersionStanding | None:
    """Return the approved version of a document that was in effect at `moment`, the last to take effect; or None.

    A version that was modified by clause 4 counts once an earlier one was approved or designated.
    """
    day = london_date(moment or now())
    standings = standings_of(document, moment)
    approved = [row.effective_from for row in standings if row.route in APPROVING]
    in_effect = [row for row in standings if row.effective_from <= day]
    counting = [row for row in in_effect if approved and min(approved) <= row.effective_from]
    return counting[-1] if counting else None


def version_to_come(document: str, moment: dt.datetime | None) -> VersionStanding | None:
    """Return the approved version of a document that is the next to take effect after `moment`, or None."""
    day = london_date(moment or now())
    later = [row for row in standings_of(document, moment) if row.effective_from > day and row.route in APPROVING]
    return later[0] if later else None


def effective_days(versions: Iterable[DocumentVersion], moment: dt.datetime | None) -> dict[int, dt.date]:
    """Return from which London day each version is in effect, as recorded by `moment`, by its primary key."""
    held = VersionStanding.objects.held_at(moment).filter(version__in=list(versions))
    held = held.filter(decided_on__lte=london_date(moment or now()))
    return dict(held.values_list("version_id", "effective_from"))


def criteria_at(version: DocumentVersion, moment: dt.datetime | None) -> QuerySet[EnteredCriterion]:
    """Return the criteria that were entered of a version, as recorded by `moment` (None: now)."""
    held: QuerySet[EnteredCriterion] = EnteredCriterion.objects.held_at(moment).filter(version=version)
    return held.order_by("phase_kind", "gate", "pk")


def kinds_of(document: str) -> dict[str, str]:
    """Return the kinds of Test Phase whose criteria a document holds, with their titles, by the editions held."""
    return {
        kind.key: kind.title
        for edition in EDITIONS
        for kind in edition.phase_kinds
        if document in (kind.criteria_document, kind.entry_document)
    }


def documents_without_rules() -> dict[str, str]:
    """Return the approach documents that the editions name and hold no rules of, with the phases that they are of."""
    named: dict[str, list[str]] = {}
    for edition in EDITIONS:
        for kind in edition.phase_kinds:
            for document in {kind.criteria_document, kind.entry_document} - {None}:
                named.setdefault(str(document), []).append(kind.title)
    return {document: ", ".join(titles) for document, titles in sorted(named.items())}
