"""Working Days and the end of a day in London, as pure functions: the caller passes the non-working days.

The sources state neither what a Working Day is nor how one counts; both are readings (SVTAD-WD). The counting rule:
the day of the trigger is not counted, and a period of N Working Days ends at the end of the Nth Working Day in
Europe/London. A trigger on a Saturday counts from Monday.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
"""Where the law's dates are."""

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


def is_working_day(day: date, *, non_working_days: Collection[date]) -> bool:
    """Whether a date is a Working Day: not a Saturday or Sunday, and not among the non-working days."""
    return day.weekday() < _SATURDAY and day not in non_working_days


def add_working_days(start: date, days: int, *, non_working_days: Collection[date]) -> date:
    """The date ``days`` Working Days after ``start``, which is itself not counted.

    0 gives ``start`` itself, Working Day or not. Raises ``ValueError`` for a negative number.
    """
    if days < 0:
        raise ValueError("cannot add a negative number of Working Days")
    day = start
    for _ in range(days):
        day += _ONE_DAY
        while not is_working_day(day, non_working_days=non_working_days):
            day += _ONE_DAY
    return day


def working_days_between(start: date, end: date, *, non_working_days: Collection[date]) -> int:
    """How many Working Days lie after ``start`` up to and including ``end``; negative where ``end`` is before."""
    if end < start:
        return -working_days_between(end, start, non_working_days=non_working_days)
    span = (end - start).days
    days = (start + timedelta(days=offset) for offset in range(1, span + 1))
    return sum(is_working_day(day, non_working_days=non_working_days) for day in days)


def london_date(instant: datetime) -> date:
    """The date in London at an instant. Raises ``ValueError`` for one without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(LONDON).date()


def start_of_day(day: date) -> datetime:
    """The first instant of a London date, in UTC."""
    return datetime.combine(day, time(), tzinfo=LONDON).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """The end of a London date as the first instant after it, in UTC: an act is in time when strictly before."""
    return start_of_day(day + _ONE_DAY)


def london_instant(day: date, at: time) -> datetime:
    """An instant given as London clock time, in UTC (a consultation closes at 16:00 London)."""
    return datetime.combine(day, at, tzinfo=LONDON).astimezone(UTC)


def last_day_within(
    trigger: date, days: int, *, non_working_days: Collection[date], count_trigger_day: bool = False
) -> date:
    """The last day "within N Working Days of" a trigger date.

    The trigger is not counted, unless ``count_trigger_day`` takes the other reading: then a trigger that is a Working
    Day is the first of the N. Raises ``ValueError`` for less than one day.
    """
    if days < 1:
        raise ValueError("a window has at least one Working Day")
    counted = count_trigger_day and is_working_day(trigger, non_working_days=non_working_days)
    return add_working_days(trigger, days - counted, non_working_days=non_working_days)


def is_within(act: datetime, trigger: date, days: int, *, non_working_days: Collection[date]) -> bool:
    """Whether an act falls within N Working Days of the trigger date: before the end of the last day in London."""
    return act < end_of_day(last_day_within(trigger, days, non_working_days=non_working_days))
