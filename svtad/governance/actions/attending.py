"""Who was at a meeting, as whom; corrected with the reason once it was held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from svtad.governance.actions.meetings import audit_meeting, locked
from svtad.governance.models import Attendance, Capacity, Meeting, MeetingState, Presence
from svtad.governance.queries.meetings import attendance_of
from svtad.lib.clock import now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.models import Person


@dataclass(frozen=True, kw_only=True)
class Attendee:
    """Somebody who was there or sent apologies; with an empty `presence` the record of them is taken away.

    `person` is somebody with an account, `name` whoever has none. `represents`: for whom they come.
    """

    presence: str
    capacity: str = Capacity.MEMBER
    person: Person | None = None
    name: str = ""
    represents: str = ""
    in_chair: bool = False

    @property
    def key(self) -> str:
        """Who it is: two rows of one key are one person."""
        return f"person:{self.person.pk}" if self.person else f"name:{plain_line(self.name).casefold()}"


@transaction.atomic
def record_attendance(
    *,
    meeting: Meeting,
    attendees: Sequence[Attendee],
    by: Actor,
    reason: str = "",
    at: dt.datetime | None = None,
) -> list[Attendance]:
    """Bring the records of these people to what is given; return the rows written, none where nothing changed.

    Others stay as they are recorded. Once the meeting was held a change is a correction and needs its reason. Raises
    ActionDenied, Refused where the meeting was cancelled, and InvalidInput by row and field.
    """
    moment = at or now()
    held = locked(meeting, by=by)
    if held.state == MeetingState.CANCELLED:
        raise Refused("", f"{held.title} is cancelled: nobody was there.")
    before = {_key_of(row): row for row in attendance_of(held)}
    errors = _errors(attendees)
    changes = [each for each in attendees if _differs(each, before.get(each.key))]
    if changes and held.state == MeetingState.HELD and not reason.strip():
        errors.append(FieldError(None, "reason", "The meeting was held: say why the record is corrected."))
    after = {key: row.in_chair for key, row in before.items()}
    after |= {each.key: each.in_chair and bool(each.presence) for each in attendees}
    if sum(after.values()) > 1:
        errors.append(FieldError(None, "in_chair", "One person is in the chair."))
    if errors:
        raise InvalidInput(errors)
    because = plain_line(reason)[:300]
    written = [_write(held, each, before.get(each.key), reason=because, by=by, at=moment) for each in changes]
    if written:
        detail = {"rows": [_shown(row) for row in written], "reason": because}
        audit_meeting(held, "record_attendance", by=by, at=moment, detail=detail)
    return written


def _errors(attendees: Sequence[Attendee]) -> list[FieldError]:
    errors = []
    seen = set()
    for row, each in enumerate(attendees, start=1):
        if each.person is None and not plain_line(each.name):
            errors.append(FieldError(row, "name", "Say who it is."))
        elif each.key in seen:
            errors.append(FieldError(row, "name", f"{each.person or each.name} is here twice."))
        seen.add(each.key)
        for name, text in (("name", each.name), ("represents", each.represents)):
            if len(plain_line(text)) > 120:
                errors.append(FieldError(row, name, "At most 120 characters."))
        if each.capacity not in Capacity.values:
            errors.append(FieldError(row, "capacity", f"Known: {', '.join(Capacity.values)}."))
        if each.presence and each.presence not in Presence.values:
            errors.append(FieldError(row, "presence", f"Known: {', '.join(Presence.values)}."))
        if each.in_chair and each.presence != Presence.PRESENT:
            errors.append(FieldError(row, "in_chair", "Whoever is in the chair is there."))
    return errors


def _key_of(row: Attendance) -> str:
    return f"person:{row.person_id}" if row.person_id else f"name:{row.name.casefold()}"


def _differs(given: Attendee, row: Attendance | None) -> bool:
    if row is None:
        return bool(given.presence)
    was = (row.presence, row.capacity, row.represents, row.in_chair)
    return was != (given.presence, given.capacity, plain_line(given.represents), given.in_chair)


def _write(
    meeting: Meeting, given: Attendee, before: Attendance | None, *, reason: str, by: Actor, at: dt.datetime
) -> Attendance:
    gone = before if not given.presence else None
    row: Attendance = Attendance.objects.create(
        meeting=meeting,
        person=given.person,
        name=given.person.name if given.person else plain_line(given.name),
        represents=gone.represents if gone else plain_line(given.represents),
        capacity=gone.capacity if gone else given.capacity,
        presence=gone.presence if gone else given.presence,
        in_chair=gone.in_chair if gone else given.in_chair,
        replaces=before,
        is_void=gone is not None,
        reason=reason,
        recorded_at=at,
        recorded_by=by.label,
    )
    return row


def _shown(row: Attendance) -> dict[str, object]:
    return {
        "name": row.name,
        "capacity": row.capacity,
        "presence": "" if row.is_void else row.presence,
        "in_chair": row.in_chair,
    }
