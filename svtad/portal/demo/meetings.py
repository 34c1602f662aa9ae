"""The demonstration's meetings: one of TAG that was held, and the next, with what waits for TAG on its agenda."""

from __future__ import annotations

import datetime as dt

from svtad.governance.actions import (
    Attendee,
    add_item,
    add_paper,
    attach_minutes,
    declare_interest,
    draw_agenda,
    hold_meeting,
    plan_meeting,
    record_attendance,
)
from svtad.portal.demo.cast import Cast

_SYNTHETIC = "SYNTHETIC DEMONSTRATION DOCUMENT. It stands where a real one would; nothing in it happened.\n"


def enter_meetings(*, cast: Cast, held_at: dt.datetime, drawn_at: dt.datetime, next_at: dt.datetime) -> None:
    """Hold a meeting, plan the next one and draw its agenda. No quorum is set: no source of law gives one."""
    registrar, tag = cast.actor("registrar", held_at), cast.people["tag"]
    held = plan_meeting(
        body="TAG", title="TAG 40", starts_at=held_at, place="Room 2", is_synthetic=True, by=registrar, at=held_at
    )
    add_item(meeting=held, title="How far MOC SIT has come", by=registrar, at=held_at)
    there = [
        Attendee(person=tag, presence="PRESENT", in_chair=True),
        Attendee(name="Ellis Marlow", represents="DCC", capacity="OBSERVER", presence="PRESENT"),
        Attendee(name="Robin Teal", presence="APOLOGIES"),
    ]
    record_attendance(meeting=held, attendees=there, by=registrar, at=held_at)
    ended = held_at + dt.timedelta(hours=2)
    held = hold_meeting(meeting=held, by=registrar, at=ended)
    attach_minutes(
        meeting=held, content=f"Minutes of TAG 40\n\n{_SYNTHETIC}".encode(), name="minutes-of-tag-40.txt",
        media_type="text/plain", by=registrar, at=ended,
    )  # fmt: skip
    planned = plan_meeting(
        body="TAG", title="TAG 41", starts_at=next_at, ends_at=next_at + dt.timedelta(hours=2), place="Room 2",
        link="https://meetings.example.org/tag-41", is_synthetic=True, by=registrar, at=drawn_at,
    )  # fmt: skip
    for number, item in enumerate(draw_agenda(meeting=planned, by=registrar, at=drawn_at)):
        if number == 0:
            add_paper(
                item=item, content=f"Paper\n\n{_SYNTHETIC}".encode(), name="paper-for-tag-41.txt",
                media_type="text/plain", title="What the DCC puts forward", by=registrar, at=drawn_at,
            )  # fmt: skip
            declare_interest(
                item=item, person=tag, text="His employer makes a device that this concerns.", by=registrar, at=drawn_at
            )
    add_item(meeting=planned, title="Any other business", by=registrar, at=drawn_at)
