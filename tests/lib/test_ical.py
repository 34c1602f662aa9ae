"""iCalendar: what RFC 5545 asks of a line, and of text that has a meaning there."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.lib.clock import LONDON
from svtad.lib.ical import LINE, Event, calendar_of, feed_of, folded
from tests.lib.icalendar_reader import Component, instant, read

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


# --- feeds, and times in London --------------------------------------------------------------------------


def feed(*events: Event) -> Component:
    text = feed_of(events, product="-//Test//EN", name="Mine; and, yours", every=dt.timedelta(hours=1))
    return read(text.encode())


def event(number: int = 1, **more) -> Event:
    values: dict[str, Any] = {"uid": f"{number}@b", "stamp": MOMENT, "starts_at": MOMENT, "summary": "TAG 41"}
    return Event(**(values | more))


def test_an_empty_feed_is_a_calendar_all_the_same():
    found = feed()
    assert found.all("VEVENT") == []
    assert found["NAME"] == "Mine; and, yours"
    assert "METHOD" not in found


def test_a_day_is_a_whole_day_and_takes_nobodys_time():
    [found] = feed(event(starts_at=dt.date(2019, 12, 31))).all("VEVENT")
    start, end = found.property("DTSTART"), found.property("DTEND")
    assert start is not None
    assert end is not None
    assert (start.parameters, start.value) == ({"VALUE": "DATE"}, "20191231")
    assert (end.parameters, end.value) == ({"VALUE": "DATE"}, "20200101")
    assert found["TRANSP"] == "TRANSPARENT"


@pytest.mark.parametrize("year", range(2018, 2031))
def test_every_hour_around_the_change_of_the_clocks_is_the_same_instant_when_read_again(year):
    hours = [
        dt.datetime(year, month, day, tzinfo=dt.UTC) + dt.timedelta(minutes=30 * half)
        for month in (3, 10)
        for day in range(24, 32)
        for half in range(12)
    ]
    found = feed(*(event(number, starts_at=hour.astimezone(LONDON)) for number, hour in enumerate(hours)))
    starts = [each.property("DTSTART") for each in found.all("VEVENT")]
    assert [instant(found, start) for start in starts if start] == hours
    in_london = sum("TZID" in start.parameters for start in starts if start)
    assert in_london == len(hours) - 2  # the two half hours that London has a second time


@pytest.mark.parametrize("day", ["2019-05-07", "2020-06-10", "2020-01-17"])
def test_rule_18_16_00_stays_16_00_in_london(day):
    closes = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(16), tzinfo=LONDON)
    found = feed(event(starts_at=closes))
    start = found.all("VEVENT")[0].property("DTSTART")
    assert start is not None
    assert start.value.endswith("T160000")
    assert instant(found, start) == closes.astimezone(dt.UTC)


@pytest.mark.parametrize(
    "text",
    [
        "END:VEVENT\r\nEND:VCALENDAR", "\\n", "a;b,c\\", "\u2028line\u0085", "😀" * 80, '"quoted"; x=1:2', " lead",
        "\x00\x07bell", "tab\there", "x" * 400,
    ],
)  # fmt: skip
def test_hostile_text_comes_back_as_it_was_and_makes_nothing_else(text):
    kept = "".join(char for char in text.replace("\r\n", "\n") if char in "\t\n" or ord(char) >= 0x20)
    found = feed(event(summary=text, location=text, description=text, uid=f"{text}@b"), event(2))
    first, second = found.all("VEVENT")
    assert (first["SUMMARY"], first["LOCATION"], first["DESCRIPTION"]) == (kept, kept, kept)
    assert second["UID"] == "2@b"
