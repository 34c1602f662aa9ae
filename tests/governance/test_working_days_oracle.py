"""Working Days from 2018 to 2030 against a walk, day by day, over bank holidays worked out from their rules."""

from __future__ import annotations

import datetime as dt
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from svtad.governance import actions
from svtad.governance.calendar import last_day_of_window, non_working_days, published_holidays
from svtad.governance.models import Deadline, NonWorkingDayOverride
from svtad.rulebook import calendar
from svtad.rulebook.deadlines import REFERRAL_13_4, REFERRAL_13_7, REFERRAL_13_21, Window
from tests.factories import heard
from tests.governance.boards import SYSTEM

YEARS = range(2018, 2031)
FIRST, LAST = dt.date(2018, 1, 1), dt.date(2030, 12, 31)
DAY = dt.timedelta(days=1)
#: What was proclaimed for one year: days added, and days moved to others.
ADDED = {dt.date(2022, 6, 3), dt.date(2022, 9, 19), dt.date(2023, 5, 8)}
MOVED = {
    dt.date(2020, 5, 4): dt.date(2020, 5, 8),
    dt.date(2022, 5, 30): dt.date(2022, 6, 2),
}


def easter(year: int) -> dt.date:
    """Easter Sunday, by the method of the anonymous correspondent of 1876."""
    golden, century, rest = year % 19, year // 100, year % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return dt.date(year, month, day + 1)


def monday(year: int, month: int, *, last: bool = False) -> dt.date:
    """The first or the last Monday of a month."""
    days = [dt.date(year, month, 1) + DAY * offset for offset in range(31)]
    mondays = [day for day in days if day.month == month and day.isoweekday() == 1]
    return mondays[-1 if last else 0]


def in_lieu(day: dt.date, taken: set[dt.date]) -> dt.date:
    """The day itself, or the next weekday that is not taken already."""
    while day.isoweekday() > 5 or day in taken:
        day += DAY
    return day


@cache
def bank_holidays() -> frozenset[dt.date]:
    """The weekday bank holidays of England and Wales in those years."""
    found = set(ADDED)
    for year in YEARS:
        regular = {easter(year) - 2 * DAY, easter(year) + DAY, monday(year, 5), monday(year, 5, last=True)}
        regular |= {monday(year, 8, last=True), in_lieu(dt.date(year, 1, 1), set())}
        # Where Christmas Day falls on a weekend, Boxing Day keeps its weekday and Christmas Day has the day after.
        fixed = {day for day in (dt.date(year, 12, 25), dt.date(year, 12, 26)) if day.isoweekday() <= 5}
        for day in (dt.date(year, 12, 25), dt.date(year, 12, 26)):
            if day.isoweekday() > 5:
                fixed.add(in_lieu(dt.date(year, 12, 27), fixed))
        found |= {MOVED.get(day, day) for day in regular | fixed}
    return frozenset(found)


def walk(trigger: dt.date, count: int, off: frozenset[dt.date]) -> dt.date:
    """The last day within so many Working Days of the trigger, one day after another."""
    day = trigger
    while count:
        day += DAY
        count -= day.isoweekday() <= 5 and day not in off
    return day


def test_the_published_lists_are_what_the_rules_of_bank_holidays_give():
    published = {day for year in YEARS for day in published_holidays(year)}
    assert published == bank_holidays()


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 5, 10, 20, 40, 60])
def test_every_trigger_of_thirteen_years_ends_where_a_walk_ends(count):
    off = frozenset(non_working_days(first=FIRST, last=dt.date(2031, 12, 31)))
    trigger = FIRST
    while trigger <= LAST - 150 * DAY:
        assert calendar.last_day_within(trigger, count, non_working_days=off) == walk(
            trigger, count, bank_holidays()
        ), trigger
        trigger += DAY


triggers = st.dates(FIRST, dt.date(2030, 8, 1))
weekdays = st.dates(FIRST, LAST).filter(lambda day: day.isoweekday() <= 5)


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.7", "13.21")
@given(
    trigger=triggers,
    window=st.sampled_from([REFERRAL_13_4, REFERRAL_13_7, REFERRAL_13_21]),
    nearby=st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=6),
)
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_corrected_a_window_ends_where_a_walk_ends(audience, trigger, window: Window, nearby):
    off = set(bank_holidays())
    at = dt.datetime(2018, 1, 1, tzinfo=dt.UTC)
    for number, (offset, working) in enumerate(nearby):
        day = trigger + DAY * offset
        if day.isoweekday() > 5:
            continue
        moment = at + dt.timedelta(hours=number)
        actions.add_override(
            day=day, is_working_day=working, reason="Proclaimed", source="The Gazette", audience=audience,
            by=SYSTEM, at=moment,
        )  # fmt: skip
        (off.discard if working else off.add)(day)
    found = last_day_of_window(window, trigger=trigger, document="SVTAD", version="1.23")
    assert found == walk(trigger, window.working_days, frozenset(off))
    before = last_day_of_window(window, trigger=trigger, document="SVTAD", version="1.23", moment=at - DAY)
    assert before == walk(trigger, window.working_days, bank_holidays())
    NonWorkingDayOverride.objects.all().delete()


@pytest.mark.clause("SVTAD 1.23", "13.4")
@pytest.mark.usefixtures("no_handlers")
@pytest.mark.parametrize(
    ("decided", "notified", "last_day"),
    [("2019-10-08", "2019-10-15", "2019-10-22"), ("2019-12-19", "2019-12-20", "2020-01-07")],
)
def test_rule_17_ten_working_days_run_from_the_decision_whenever_it_is_notified(
    open_matter, registrar, decided, notified, last_day
):
    matter = open_matter("DMC_SELECTION", title="DMCs of MOC")
    day = dt.datetime.fromisoformat(f"{decided}T10:00:00+00:00")
    told = dt.datetime.fromisoformat(f"{notified}T10:00:00+00:00")
    more = {"matter": matter, "body": "DCC", "rationale": "As discussed.", "by": SYSTEM}
    heard(matter, moment=day, by=SYSTEM)
    actions.record_decision(outcome="CONCLUDE_DISCUSSION", decided_at=day, at=day, **more)
    actions.record_decision(
        outcome="DETERMINE", decided_at=day, notified_at=told, data={"dmcs": "A and B"}, at=told, **more
    )
    assert Deadline.objects.get(matter=matter, ended_at=None).last_day == dt.date.fromisoformat(last_day)
