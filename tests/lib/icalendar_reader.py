"""A strict reader of iCalendar (RFC 5545), written from the standard and from nothing of ours: it forgives nothing."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Z0-9-]+\Z")
_PARAMETER = re.compile(r"([A-Z-]+)=([^\x00-\x08\x0a-\x1f\x7f\";:,]+)\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: Properties of which a component has at most one, and those it must have.
ONCE = {"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS", "SEQUENCE", "URL", "LOCATION", "DESCRIPTION"}
NEEDED = {"VCALENDAR": {"VERSION", "PRODID"}, "VEVENT": {"UID", "DTSTAMP", "DTSTART"}, "VTIMEZONE": {"TZID"}}
_TEXTS = {"SUMMARY", "DESCRIPTION", "LOCATION", "NAME", "UID", "PRODID"}


@dataclass
class Property:
    name: str
    parameters: dict[str, str]
    value: str


@dataclass
class Component:
    name: str
    properties: list[Property] = field(default_factory=list)
    parts: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Component]:
        return [part for part in self.parts if part.name == name]

    def property(self, name: str) -> Property | None:
        found = [each for each in self.properties if each.name == name]
        assert len(found) <= 1, f"{name} stands {len(found)} times in {self.name}"
        return found[0] if found else None

    def __getitem__(self, name: str) -> str:
        found = self.property(name)
        assert found is not None, f"{self.name} has no {name}"
        return unescaped(found.value) if name in _TEXTS else found.value

    def __contains__(self, name: str) -> bool:
        return self.property(name) is not None


def unescaped(value: str) -> str:
    """Read a TEXT value (3.3.11): what has a meaning there must have been escaped."""
    assert re.fullmatch(r"(?:[^\\;,]|\\[\\;,nN])*", value), value
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] in "nN" else match[1], value)


def read(content: bytes) -> Component:
    """Return the one calendar that `content` is. Anything that the standard does not allow fails."""
    assert content.endswith(b"\r\n")
    physical = content[:-2].split(b"\r\n")
    assert all(line and len(line) <= 75 for line in physical), "a line is empty or longer than 75 octets"
    assert not any(b"\r" in line or b"\n" in line for line in physical), "a line break that is not CRLF"
    for octets in physical:
        octets.decode()  # no character is cut in two
    lines = content[:-2].decode().replace("\r\n ", "").split("\r\n")
    root: Component | None = None
    stack: list[Component] = []
    for line in lines:
        assert not _CONTROL.search(line), repr(line)
        one = _property(line)
        if one.name == "BEGIN":
            made = Component(one.value)
            if stack:
                stack[-1].parts.append(made)
            else:
                assert root is None, "two calendars in one"
                root = made
            stack.append(made)
        elif one.name == "END":
            closed = stack.pop()
            assert closed.name == one.value
            _check(closed)
        else:
            stack[-1].properties.append(one)
    assert root is not None
    assert not stack
    assert root.name == "VCALENDAR"
    assert root["VERSION"] == "2.0"
    assert root.parts, "a calendar has at least one component (3.6)"
    uids = [event["UID"] for event in root.all("VEVENT")]
    assert len(uids) == len(set(uids)), "one UID, two events"
    return root


def _property(line: str) -> Property:
    head, colon, value = line.partition(":")
    assert colon, line
    name, *parameters = head.split(";")
    assert _NAME.match(name), line
    pairs = [_PARAMETER.match(each) for each in parameters]
    assert all(pairs), line
    return Property(name, {pair[1]: pair[2] for pair in pairs if pair}, value)


def _check(component: Component) -> None:
    names = [each.name for each in component.properties]
    assert NEEDED.get(component.name, set()) <= set(names), (component.name, names)
    assert all(names.count(name) <= 1 for name in ONCE), names
    if component.name == "VEVENT":
        assert component["STATUS"] in ("TENTATIVE", "CONFIRMED", "CANCELLED")
        assert component["SEQUENCE"].isdigit()
        start, end = component.property("DTSTART"), component.property("DTEND")
        if start and end:
            assert start.parameters.get("VALUE") == end.parameters.get("VALUE")
            assert start.value < end.value or start.parameters != end.parameters


def instant(calendar_: Component, one: Property) -> dt.datetime | dt.date:
    """Return the day, or the instant in UTC, that a DATE or DATE-TIME stands for in that calendar."""
    if one.parameters.get("VALUE") == "DATE":
        assert re.fullmatch(r"\d{8}", one.value)
        return dt.date(int(one.value[:4]), int(one.value[4:6]), int(one.value[6:]))
    assert re.fullmatch(r"\d{8}T\d{6}Z?", one.value), one.value
    local = dt.datetime.fromisoformat(one.value[:15])
    if one.value.endswith("Z"):
        assert "TZID" not in one.parameters
        return local.replace(tzinfo=dt.UTC)
    [zone] = [each for each in calendar_.all("VTIMEZONE") if each["TZID"] == one.parameters["TZID"]]
    return (local - _offset(zone, local)).replace(tzinfo=dt.UTC)


def _offset(zone: Component, local: dt.datetime) -> dt.timedelta:
    """Return what a zone is ahead of UTC at a local time, by its last change before it (3.6.5)."""
    changes = [(_onset(each, year), each) for each in zone.parts for year in (local.year - 1, local.year)]
    _, last = max(((onset, each) for onset, each in changes if onset <= local), key=lambda pair: pair[0])
    text = last["TZOFFSETTO"]
    return (1 if text[0] == "+" else -1) * dt.timedelta(hours=int(text[1:3]), minutes=int(text[3:5]))


def _onset(change: Component, year: int) -> dt.datetime:
    rule = dict(part.split("=") for part in change["RRULE"].split(";"))
    assert rule.keys() == {"FREQ", "BYMONTH", "BYDAY"}
    assert (rule["FREQ"], rule["BYDAY"]) == ("YEARLY", "-1SU")
    first = dt.datetime.fromisoformat(change["DTSTART"])
    month = int(rule["BYMONTH"])
    last = dt.date(year, month, calendar.monthrange(year, month)[1])
    sunday = last - dt.timedelta(days=(last.weekday() + 1) % 7)
    assert year != first.year or sunday == first.date()
    return dt.datetime.combine(sunday, first.time())
