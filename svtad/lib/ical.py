"""iCalendar (RFC 5545): events as text that any calendar takes in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from svtad.lib.clock import LONDON

#: Octets of a line before it is folded (3.1).
LINE = 75


#: Summer Time as it has been since 1996. Nothing here is of before.
_LONDON = (
    "BEGIN:VTIMEZONE",
    f"TZID:{LONDON.key}",
    "BEGIN:DAYLIGHT",
    "DTSTART:19960331T010000",
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0100",
    "TZNAME:BST",
    "END:DAYLIGHT",
    "BEGIN:STANDARD",
    "DTSTART:19961027T020000",
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0000",
    "TZNAME:GMT",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event. `uid` names it for good; `sequence` grows with every change, so that the newest wins.

    Where it begins on a day and not at an instant it takes that whole day, and nobody's time. An instant in London
    stays the same hour there however the clocks are changed; any other is written in UTC. `changed_at` is when the
    event last became what it is.
    """

    uid: str
    stamp: dt.datetime
    starts_at: dt.datetime | dt.date
    summary: str
    ends_at: dt.datetime | None = None
    location: str = ""
    description: str = ""
    url: str = ""
    sequence: int = 0
    is_cancelled: bool = False
    changed_at: dt.datetime | None = None


def calendar_of(event: Event, *, product: str) -> str:
    """Return a calendar with that one event, to be taken in once. `product` names who made it."""
    method = f"METHOD:{'CANCEL' if event.is_cancelled else 'PUBLISH'}"
    return _calendar([event], product=product, head=[method])


def feed_of(events: Iterable[Event], *, product: str, name: str, every: dt.timedelta) -> str:
    """Return a calendar with these events, to be fetched again and again: `every` says how often is enough.

    It has no METHOD: it is no message about an event but all there is, and DTSTAMP then says when an event was last
    revised (3.8.7.2), so that a fetch in which nothing changed is the same octet by octet.
    """
    hours = max(1, round(every.total_seconds() / 3600))
    head = [
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        f"X-WR-TIMEZONE:{LONDON.key}",
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{hours}H",
        f"X-PUBLISHED-TTL:PT{hours}H",
    ]
    return _calendar(events, product=product, head=head)


def _calendar(events: Iterable[Event], *, product: str, head: list[str]) -> str:
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_text(product)}",
        "CALSCALE:GREGORIAN",
        *head,
        *_LONDON,  # always: a calendar without any component is none (3.6)
        *(line for event in events for line in _event(event)),
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines)


def _event(event: Event) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(event.uid)}"
    yield f"DTSTAMP:{_moment(event.stamp)}"
    yield _time("DTSTART", event.starts_at)
    if event.ends_at:
        yield _time("DTEND", event.ends_at)
    if not isinstance(event.starts_at, dt.datetime):
        yield _time("DTEND", event.starts_at + dt.timedelta(days=1))  # the first day that is not in it
        yield "TRANSP:TRANSPARENT"
    if event.changed_at:
        yield f"LAST-MODIFIED:{_moment(event.changed_at)}"
    yield f"SEQUENCE:{event.sequence}"
    yield f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}"
    yield f"SUMMARY:{_text(event.summary)}"
    if event.location:
        yield f"LOCATION:{_text(event.location)}"
    if event.description:
        yield f"DESCRIPTION:{_text(event.description)}"
    if event.url:
        yield f"URL:{_plain(event.url)}"
    yield "END:VEVENT"


def folded(line: str) -> str:
    """Return `line` broken so that no piece is longer than LINE octets, never within a character."""
    pieces: list[str] = []
    piece = ""
    for char in line:
        # A piece after the first begins with the blank that marks it.
        if len(f"{' ' if pieces else ''}{piece}{char}".encode()) > LINE:
            pieces.append(piece)
            piece = ""
        piece += char
    return "\r\n ".join([*pieces, piece])


def _time(name: str, value: dt.datetime | dt.date) -> str:
    if not isinstance(value, dt.datetime):
        return f"{name};VALUE=DATE:{value:%Y%m%d}"
    # An hour that London has twice names the first of the two (3.3.5): the second is written in UTC.
    if value.tzinfo is LONDON and value.utcoffset() == value.replace(fold=0).utcoffset():
        return f"{name};TZID={LONDON.key}:{value:%Y%m%dT%H%M%S}"
    return f"{name}:{_moment(value)}"


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Return `text` as a TEXT value (3.3.11): what has a meaning there is escaped, other control characters go."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = escaped.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\n".join(_plain(line) for line in lines)


def _plain(text: str) -> str:
    return "".join(char for char in text if char == "\t" or (ord(char) >= 0x20 and ord(char) != 0x7F))
