"""What the documents leave open, as it was set at a moment."""

from __future__ import annotations

import datetime as dt
from typing import Any

from svtad.governance.calendar import DayReading
from svtad.governing.models import DocumentVersion, Parameter
from svtad.lib.clock import london_date, now
from svtad.rulebook.codec import FactsError
from svtad.rulebook.edition import Edition
from svtad.rulebook.editions import edition_of


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
