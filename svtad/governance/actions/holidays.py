"""Corrections of the published holiday lists."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.calendar import LISTS
from svtad.governance.models import NonWorkingDayOverride
from svtad.governance.policies import check_can_manage_calendar
from svtad.lib.clock import now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience


@transaction.atomic
def add_override(
    *,
    day: dt.date,
    is_working_day: bool,
    reason: str,
    source: str,
    audience: Audience,
    by: Actor,
    jurisdiction: str = "ENG",
    at: dt.datetime | None = None,
) -> NonWorkingDayOverride:
    """Correct one published holiday list (see LISTS) for one day, from now on; a correction that holds is replaced.

    Raises ActionDenied, and InvalidInput for a Saturday or Sunday (never Working Days), an unknown
    jurisdiction, or a missing reason or source.
    """
    moment = at or now()
    check_can_manage_calendar(by)
    errors = []
    if day.weekday() >= 5:
        errors.append(FieldError(None, "day", "A Saturday or Sunday is never a Working Day."))
    if jurisdiction not in LISTS:
        errors.append(FieldError(None, "jurisdiction", f"Known: {', '.join(LISTS)}."))
    errors += [
        FieldError(None, name, "Needed.") for name, text in (("reason", reason), ("source", source)) if not text.strip()
    ]
    if errors:
        raise InvalidInput(errors)
    _end_override(day=day, jurisdiction=jurisdiction, at=moment)
    override: NonWorkingDayOverride = NonWorkingDayOverride.objects.create(
        jurisdiction=jurisdiction,
        day=day,
        is_working_day=is_working_day,
        reason=reason.strip()[:200],
        source=source.strip()[:200],
        valid_from=moment,
        recorded_by=by.label,
    )
    _record_override(override, action="add_override", audience=audience, by=by, at=moment)
    return override


@transaction.atomic
def remove_override(
    *, override: NonWorkingDayOverride, audience: Audience, by: Actor, at: dt.datetime | None = None
) -> None:
    """Let the published list hold again for that day, from now on. Raises Refused where it does already."""
    moment = at or now()
    check_can_manage_calendar(by)
    if not _end_override(day=override.day, jurisdiction=override.jurisdiction, at=moment):
        raise Refused("", "This correction no longer holds.")
    _record_override(override, action="remove_override", audience=audience, by=by, at=moment)


def _end_override(*, day: dt.date, jurisdiction: str, at: dt.datetime) -> bool:
    held = NonWorkingDayOverride.objects.current().filter(day=day, jurisdiction=jurisdiction)
    return bool(held.update(valid_to=at))


def _record_override(
    override: NonWorkingDayOverride, *, action: str, audience: Audience, by: Actor, at: dt.datetime
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="NonWorkingDayOverride",
        subject_id=f"{override.jurisdiction} {override.day}",
        subject_label=str(override),
        audience_id=audience.pk,
        detail={"reason": override.reason, "source": override.source},
    )
