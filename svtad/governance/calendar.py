"""The non-working days that the rulebook is given: the published holidays, as administrators corrected them."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

import holidays

from svtad.governance.models import NonWorkingDayOverride

#: Whose bank holidays count: the sources state none, so it is a reading. England by default; the
#: names are those of the holidays package. Without a subdivision it misses 18 days of 2018–2026.
JURISDICTIONS = {"ENG": "England", "WLS": "Wales", "SCT": "Scotland", "NIR": "Northern Ireland"}
_SATURDAY = 5


@lru_cache(maxsize=256)
def published_holidays(year: int, jurisdiction: str = "ENG") -> tuple[dt.date, ...]:
    """Return the bank holidays of that year which fall on a weekday, in order."""
    listed = holidays.country_holidays("GB", subdiv=jurisdiction, years=year)
    return tuple(sorted(day for day in listed if day.weekday() < _SATURDAY and day.year == year))


def non_working_days(
    *, first: dt.date, last: dt.date, moment: dt.datetime | None = None, jurisdiction: str = "ENG"
) -> tuple[dt.date, ...]:
    """Return the weekdays from `first` to `last` (both included) that are no Working Days, in order.

    Saturdays and Sundays are not listed: the rulebook knows them. `moment` picks the overrides that
    held then (None: now), so that a day proclaimed later changes no past verdict. Raises ValueError
    for an unknown jurisdiction.
    """
    if jurisdiction not in JURISDICTIONS:
        raise ValueError(f"unknown jurisdiction {jurisdiction!r}; known: {', '.join(JURISDICTIONS)}")
    days = {
        day
        for year in range(first.year, last.year + 1)
        for day in published_holidays(year, jurisdiction)
        if first <= day <= last
    }
    overrides = NonWorkingDayOverride.objects.held_at(moment).filter(
        jurisdiction=jurisdiction, day__gte=first, day__lte=last
    )
    for day, is_working_day in overrides.values_list("day", "is_working_day"):
        (days.discard if is_working_day else days.add)(day)
    return tuple(sorted(days))
