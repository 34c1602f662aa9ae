"""iCalendar: what RFC 5545 asks of a line, and of text that has a meaning there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.lib.ical import LINE, Event, calendar_of, folded

MOMENT = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)


def lines(**more) -> list[str]:
    values: dict[str, Any] = {"uid": "a@b", "stamp": MOMENT, "starts_at": MOMENT, "summary": "TAG 41"}
    text = calendar_of(Event(**(values | more)), product="-//Test//EN")
    assert text.endswith("\r\n")
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def test_an_event_is_whole_and_in_utc():
    london = MOMENT.astimezone(dt.timezone(dt.timedelta(hours=1)))
    found = lines(starts_at=london, ends_at=MOMENT + dt.timedelta(hours=1), sequence=3)
    assert found[0] == "BEGIN:VCALENDAR"
    assert found[-1] == "END:VCALENDAR"
    assert {"VERSION:2.0", "METHOD:PUBLISH", "DTSTART:20260329T003000Z", "DTEND:20260329T013000Z", "SEQUENCE:3"} <= set(
        found
    )
    assert not any(line.startswith(("LOCATION", "DESCRIPTION", "URL")) for line in found)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a, b; c\\d", "a\\, b\\; c\\\\d"),
        ("one\r\ntwo\nthree\rfour", "one\\ntwo\\nthree\\nfour"),
        ("x\r\nEND:VEVENT", "x\\nEND:VEVENT"),
        ("nul\x00 and escape\x1b", "nul and escape"),
        ("Gwŷl – €", "Gwŷl – €"),
    ],
)
def test_text_with_a_meaning_is_escaped(text, written):
    assert f"SUMMARY:{written}" in lines(summary=text)


def test_an_address_brings_no_line_of_its_own():
    assert "URL:https://x/BEGIN:VALARM" in lines(url="https://x/\r\nBEGIN:VALARM")


@pytest.mark.parametrize("text", ["x" * 500, "€" * 200, "😀" * 90, "y" * LINE, "y" * (LINE + 1), ""])
def test_no_line_is_longer_than_75_octets_and_no_character_is_cut(text):
    pieces = folded(text).split("\r\n")
    assert all(len(piece.encode()) <= LINE for piece in pieces)
    assert all(piece.startswith(" ") for piece in pieces[1:])
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == text
    assert len(pieces) <= len(text.encode()) // (LINE - 4) + 1
