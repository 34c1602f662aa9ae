"""The non-working days that the rulebook is given: the published holidays, as administrators corrected them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version as version_of
from types import MappingProxyType

import holidays

from svtad.governance.models import NonWorkingDayOverride
from svtad.rulebook.calendar import last_day_within
from svtad.rulebook.deadlines import Window

#: Whose lists are held, by the holidays package's own names. Without a subdivision it misses 18 days of
#: 2018–2026; the lists of England and of Wales are the same.
LISTS = {"ENG": "England and Wales", "SCT": "Scotland", "NIR": "Northern Ireland"}
#: Which lists each reading of "Working Day" takes together: the sources name no nation.
JURISDICTIONS: dict[str, tuple[str, ...]] = {
    "england_and_wales": ("ENG",),
    "scotland": ("SCT",),
    "northern_ireland": ("NIR",),
    "great_britain": ("ENG", "SCT"),
    "united_kingdom": ("ENG", "SCT", "NIR"),
    **{name: (name,) for name in LISTS},
}
#: Where those lists come from, for who asks on what a day rests.
PUBLISHED = f"published list (holidays {version_of('holidays')})"
_SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class DayReading:
    """How a document's Working Days are read: whose holidays, and whether the day of the trigger counts."""

    jurisdiction: str = "england_and_wales"
    count_trigger_day: bool = False


#: Tells the reading of a document's version at a moment.
ReadingSource = Callable[[str, str, dt.datetime | None], DayReading]
_sources: list[ReadingSource] = []


def register_readings(source: ReadingSource) -> None:
    """Let the app that holds the documents' settings tell how Working Days are read. The last one counts."""
    _sources[:] = [source]


def reading_of(*, document: str, version: str, moment: dt.datetime | None = None) -> DayReading:
    """Return how Working Days are read under that document version at `moment` (None: now)."""
    return _sources[0](document, version, moment) if _sources else DayReading()


def published_holidays(year: int, jurisdiction: str = "ENG") -> tuple[dt.date, ...]:
    """Return the bank holidays of that year which fall on a weekday, in order. `jurisdiction` names a list."""
    return tuple(holiday_names(year, jurisdiction))


@lru_cache(maxsize=256)
def holiday_names(year: int, jurisdiction: str = "ENG") -> MappingProxyType[dt.date, str]:
    """Return what each bank holiday of that year on a weekday is called, in order. `jurisdiction` names a list."""
    listed = holidays.country_holidays("GB", subdiv=jurisdiction, years=year)
    days = sorted(day for day in listed if day.weekday() < _SATURDAY and day.year == year)
    return MappingProxyType({day: listed[day] for day in days})


def non_working_days(
    *, first: dt.date, last: dt.date, moment: dt.datetime | None = None, jurisdiction: str = "ENG"
) -> tuple[dt.date, ...]:
    """Return the weekdays from `first` to `last` (both included) that are no Working Days, in order.

    Saturdays and Sundays are not listed: the rulebook knows them. `jurisdiction` is one of JURISDICTIONS;
    where it takes several lists together, a day in any of them is no Working Day. `moment` picks the
    corrections that held then (None: now), so that a day proclaimed later changes no past verdict.
    Raises ValueError for an unknown jurisdiction.
    """
    names = _lists_of(jurisdiction)
    days = {
        name: {day for year in range(first.year, last.year + 1) for day in published_holidays(year, name)}
        for name in names
    }
    held = NonWorkingDayOverride.objects.held_at(moment).filter(jurisdiction__in=names, day__gte=first, day__lte=last)
    for name, day, is_working_day in held.values_list("jurisdiction", "day", "is_working_day"):
        (days[name].discard if is_working_day else days[name].add)(day)
    return tuple(sorted(day for day in set().union(*days.values()) if first <= day <= last))


@dataclass(frozen=True, kw_only=True)
class DayNote:
    """Why a weekday is no Working Day, or is one against the published list: by whose list, and from which source."""

    day: dt.date
    where: str
    name: str
    source: str
    is_correction: bool
    is_working_day: bool

    @property
    def text(self) -> str:
        """Say it: what the day is called, and what it is."""
        says = "a Working Day by correction" if self.is_working_day else "not a Working Day"
        return f"{self.name}: {says}"


def day_notes(
    *, first: dt.date, last: dt.date, jurisdiction: str, moment: dt.datetime | None = None
) -> dict[dt.date, list[DayNote]]:
    """Return what the lists of a jurisdiction, and the corrections that held at `moment`, say of each weekday.

    A correction stands in place of what the same list publishes. Raises ValueError for an unknown jurisdiction.
    """
    names = _lists_of(jurisdiction)
    notes: dict[tuple[dt.date, str], DayNote] = {
        (day, name): DayNote(
            day=day, where=LISTS[name], name=called, source=PUBLISHED, is_correction=False, is_working_day=False
        )
        for name in names
        for year in range(first.year, last.year + 1)
        for day, called in holiday_names(year, name).items()
        if first <= day <= last
    }
    held = NonWorkingDayOverride.objects.held_at(moment).filter(jurisdiction__in=names, day__gte=first, day__lte=last)
    for row in held:
        notes[row.day, row.jurisdiction] = DayNote(
            day=row.day,
            where=LISTS[row.jurisdiction],
            name=row.reason,
            source=row.source,
            is_correction=True,
            is_working_day=row.is_working_day,
        )
    found: dict[dt.date, list[DayNote]] = {}
    for (day, _), note in sorted(notes.items()):
        found.setdefault(day, []).append(note)
    return found


def jurisdiction_words(jurisdiction: str) -> str:
    """Return what a reading's jurisdiction, or a list, is called: `Great Britain`."""
    return LISTS.get(jurisdiction) or jurisdiction.replace("_", " ").title().replace(" And ", " and ")


def _lists_of(jurisdiction: str) -> tuple[str, ...]:
    if jurisdiction not in JURISDICTIONS:
        raise ValueError(f"unknown jurisdiction {jurisdiction!r}; known: {', '.join(JURISDICTIONS)}")
    return JURISDICTIONS[jurisdiction]


def last_day_of_window(
    window: Window, *, trigger: dt.date, document: str, version: str, moment: dt.datetime | None = None
) -> dt.date:
    """Return the last London day of a window of that document, with the calendar and reading of `moment`."""
    reading = reading_of(document=document, version=version, moment=moment)
    # Three calendar days to a Working Day, and a fortnight, is more than any run of holidays needs.
    until = trigger + dt.timedelta(days=3 * window.working_days + 14)
    days = non_working_days(first=trigger, last=until, moment=moment, jurisdiction=reading.jurisdiction)
    return last_day_within(
        trigger, window.working_days, non_working_days=days, count_trigger_day=reading.count_trigger_day
    )
