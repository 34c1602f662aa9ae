"""Working Days: the published list, corrections with a date, and the counting vectors."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from svtad.audit.models import AuditEvent
from svtad.governance import actions, calendar
from svtad.governance.calendar import last_day_of_window, non_working_days, published_holidays
from svtad.governance.models import NonWorkingDayOverride
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.rulebook.bank_holidays import ENGLAND_AND_WALES
from svtad.rulebook.calendar import add_working_days
from svtad.rulebook.deadlines import REFERRAL_13_21

ADMIN = Actor(kind="PERSON", actor_id="a", label="Ada Admin", permissions=frozenset({"manage_calendar"}))
T0 = dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2018, 1, 1), dt.date(2026, 12, 31)

#: The official list, day by month, as published (weekdays only).
OFFICIAL = {
    2018: "1/1 30/3 2/4 7/5 28/5 27/8 25/12 26/12",
    2019: "1/1 19/4 22/4 6/5 27/5 26/8 25/12 26/12",
    2020: "1/1 10/4 13/4 8/5 25/5 31/8 25/12 28/12",
    2021: "1/1 2/4 5/4 3/5 31/5 30/8 27/12 28/12",
    2022: "3/1 15/4 18/4 2/5 2/6 3/6 29/8 19/9 26/12 27/12",
    2023: "2/1 7/4 10/4 1/5 8/5 29/5 28/8 25/12 26/12",
    2024: "1/1 29/3 1/4 6/5 27/5 26/8 25/12 26/12",
    2025: "1/1 18/4 21/4 5/5 26/5 25/8 25/12 26/12",
    2026: "1/1 3/4 6/4 4/5 25/5 31/8 25/12 28/12",
}

VECTORS = {
    "2019-12-19": "2019-12-30 2020-01-07 2020-01-21 2020-02-18 2020-03-17",
    "2020-04-08": "2020-04-17 2020-04-24 2020-05-11 2020-06-09 2020-07-07",
    "2022-05-26": "2022-06-06 2022-06-13 2022-06-27 2022-07-25 2022-08-22",
    "2022-09-12": "2022-09-20 2022-09-27 2022-10-11 2022-11-08 2022-12-06",
    "2023-04-28": "2023-05-09 2023-05-16 2023-05-31 2023-06-28 2023-07-26",
    "2026-12-18": "2026-12-29 2027-01-06 2027-01-20 2027-02-17 2027-03-17",
}


@pytest.mark.parametrize("year", OFFICIAL)
def test_the_published_list_is_the_official_one(year):
    days = [tuple(map(int, text.split("/"))) for text in OFFICIAL[year].split()]
    assert published_holidays(year) == tuple(dt.date(year, month, day) for day, month in days)


@pytest.mark.django_db
def test_all_75_dates_of_2018_to_2026_agree_with_the_rulebooks_own_table():
    days = non_working_days(first=FIRST, last=LAST)
    assert len(days) == 75
    assert days == ENGLAND_AND_WALES


@pytest.mark.django_db
@pytest.mark.parametrize("trigger", VECTORS)
@pytest.mark.clause("SVTAD 1.23", "15.1")
def test_working_days_are_counted_from_the_day_after(trigger):
    start = dt.date.fromisoformat(trigger)
    days = non_working_days(first=start, last=start + dt.timedelta(days=120))
    ends = [str(add_working_days(start, count, non_working_days=days)) for count in (5, 10, 20, 40, 60)]
    assert ends == VECTORS[trigger].split()


@pytest.mark.django_db
def test_the_range_is_closed_at_both_ends_and_may_be_empty():
    assert non_working_days(first=dt.date(2026, 4, 3), last=dt.date(2026, 4, 6)) == (
        dt.date(2026, 4, 3),
        dt.date(2026, 4, 6),
    )
    assert non_working_days(first=dt.date(2026, 4, 4), last=dt.date(2026, 4, 5)) == ()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("jurisdiction", "first_weeks"),
    [
        ("england_and_wales", ["2026-01-01"]),
        ("ENG", ["2026-01-01"]),
        ("scotland", ["2026-01-01", "2026-01-02"]),
        ("great_britain", ["2026-01-01", "2026-01-02"]),
        ("northern_ireland", ["2026-01-01", "2026-03-17"]),
        ("united_kingdom", ["2026-01-01", "2026-01-02", "2026-03-17"]),
    ],
)
def test_whose_holidays_count_is_a_reading(jurisdiction, first_weeks):
    days = non_working_days(first=dt.date(2026, 1, 1), last=dt.date(2026, 3, 31), jurisdiction=jurisdiction)
    assert [str(day) for day in days] == first_weeks


@pytest.mark.django_db
def test_an_unknown_jurisdiction_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="unknown jurisdiction 'FR'"):
        non_working_days(first=FIRST, last=LAST, jurisdiction="FR")


def correct(audience, day: dt.date, *, working: bool, at: dt.datetime = T0, **more) -> NonWorkingDayOverride:
    return actions.add_override(
        **(
            {
                "day": day,
                "is_working_day": working,
                "reason": "Proclaimed",
                "source": "The Gazette",
                "audience": audience,
                "by": ADMIN,
                "at": at,
            }
            | more
        )
    )


def test_a_day_proclaimed_later_counts_from_then_on_and_changes_no_past_picture(audience):
    day = dt.date(2026, 9, 21)
    window: dict[str, Any] = {"first": day, "last": day}
    correct(audience, day, working=False)
    assert non_working_days(**window) == (day,)
    assert non_working_days(**window, moment=T0) == (day,)
    assert non_working_days(**window, moment=T0 - dt.timedelta(seconds=1)) == ()


def test_a_listed_day_can_be_made_a_working_day_and_the_list_can_hold_again(audience):
    day = dt.date(2026, 8, 31)
    window: dict[str, Any] = {"first": day, "last": day}
    made = correct(audience, day, working=True)
    assert non_working_days(**window) == ()
    actions.remove_override(override=made, audience=audience, by=ADMIN, at=T0 + dt.timedelta(days=1))
    assert non_working_days(**window) == (day,)
    assert non_working_days(**window, moment=T0 + dt.timedelta(hours=1)) == ()
    with pytest.raises(Refused, match="no longer holds"):
        actions.remove_override(override=made, audience=audience, by=ADMIN)
    acts = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert acts == ["add_override", "remove_override"]


def test_a_second_correction_of_a_day_takes_the_place_of_the_first(audience):
    day = dt.date(2026, 8, 31)
    correct(audience, day, working=True)
    correct(audience, day, working=False, at=T0 + dt.timedelta(days=1))
    assert NonWorkingDayOverride.objects.current().count() == 1
    assert NonWorkingDayOverride.objects.count() == 2


def test_a_correction_of_one_list_leaves_the_others(audience):
    day = dt.date(2026, 1, 2)
    correct(audience, day, working=True, jurisdiction="SCT")
    window: dict[str, Any] = {"first": day, "last": day}
    assert non_working_days(**window, jurisdiction="great_britain") == ()
    correct(audience, day, working=False, jurisdiction="ENG")
    assert non_working_days(**window, jurisdiction="great_britain") == (day,)
    assert non_working_days(**window, jurisdiction="scotland") == ()


def test_a_weekend_a_missing_source_and_an_unknown_list_are_not_taken(audience):
    with pytest.raises(InvalidInput) as error:
        correct(audience, dt.date(2026, 9, 5), working=True, reason="", source=" ", jurisdiction="FR")
    assert {each.field for each in error.value.errors} == {"day", "jurisdiction", "reason", "source"}


def test_only_an_administrator_corrects_the_calendar(audience):
    with pytest.raises(ActionDenied):
        correct(audience, dt.date(2026, 9, 21), working=False, by=Actor(kind="PERSON", actor_id="x", label="X"))


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_a_window_ends_by_the_calendar_and_the_reading_of_the_moment(audience, monkeypatch):
    window: dict[str, Any] = {
        "window": REFERRAL_13_21,
        "trigger": dt.date(2019, 4, 18),
        "document": "SVTAD",
        "version": "1.23",
    }
    assert last_day_of_window(**window) == dt.date(2019, 4, 29)
    monkeypatch.setattr(
        calendar, "_sources", [lambda *_: calendar.DayReading(jurisdiction="scotland", count_trigger_day=True)]
    )
    # In Scotland Easter Monday is a Working Day; and the 18th itself counts.
    assert last_day_of_window(**window) == dt.date(2019, 4, 25)
