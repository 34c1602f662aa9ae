"""iCalendar (RFC 5545): one event as text that any calendar takes in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

#: Octets of a line before it is folded (3.1).
LINE = 75


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event. `uid` names it for good; `sequence` grows with every change, so that the newest wins."""

    uid: str
    stamp: dt.datetime
    starts_at: dt.datetime
    summary: str
    ends_at: dt.datetime | None = None
    location: str = ""
    description: str = ""
    url: str = ""
    sequence: int = 0
    is_cancelled: bool = False


def calendar_of(event: Event, *, product: str) -> str:
    """Return a calendar with that one event. `product` names who made it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_text(product)}",
        "CALSCALE:GREGORIAN",
        f"METHOD:{'CANCEL' if event.is_cancelled else 'PUBLISH'}",
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        f"DTSTAMP:{_moment(event.stamp)}",
        f"DTSTART:{_moment(event.starts_at)}",
        *([f"DTEND:{_moment(event.ends_at)}"] if event.ends_at else []),
        f"SEQUENCE:{event.sequence}",
        f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}",
        f"SUMMARY:{_text(event.summary)}",
        *([f"LOCATION:{_text(event.location)}"] if event.location else []),
        *([f"DESCRIPTION:{_text(event.description)}"] if event.description else []),
        *([f"URL:{_plain(event.url)}"] if event.url else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{folded(line)}\r\n" for line in lines)


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


def _moment(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")


def _text(text: str) -> str:
    """Return `text` as a TEXT value (3.3.11): what has a meaning there is escaped, other control characters go."""
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    lines = escaped.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\\n".join(_plain(line) for line in lines)


def _plain(text: str) -> str:
    return "".join(char for char in text if char == "\t" or (ord(char) >= 0x20 and ord(char) != 0x7F))
