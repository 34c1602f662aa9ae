"""Working Days and windows: our readings, with the worked dates; and against a day-by-day walk."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from svtad.rulebook import calendar
from svtad.rulebook.bank_holidays import ENGLAND_AND_WALES
from svtad.rulebook.deadlines import (
    APPEAL_20_35,
    REFERRAL_13_4,
    REFERRAL_13_7,
    REFERRAL_13_21,
    WINDOWS,
    Basis,
    work_off_due,
)
from svtad.rulebook.editions.svtad_1_23 import WORK_OFF_DAYS
from tests.rulebook import oracle

HOLIDAYS = frozenset(ENGLAND_AND_WALES)


def plus(start: str, days: int) -> str:
    """The date so many Working Days after another."""
    return calendar.add_working_days(date.fromisoformat(start), days, non_working_days=HOLIDAYS).isoformat()


def test_the_shipped_table_has_the_75_weekday_bank_holidays_of_nine_years() -> None:
    assert len(ENGLAND_AND_WALES) == len(HOLIDAYS) == 75
    assert list(ENGLAND_AND_WALES) == sorted(ENGLAND_AND_WALES)
    assert all(day.weekday() < 5 for day in ENGLAND_AND_WALES)
    assert date(2020, 5, 8) in HOLIDAYS
    assert date(2020, 5, 4) not in HOLIDAYS


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ("2019-12-19", ("2019-12-30", "2020-01-07", "2020-01-21", "2020-02-18", "2020-03-17")),
        ("2020-04-08", ("2020-04-17", "2020-04-24", "2020-05-11", "2020-06-09", "2020-07-07")),
        ("2022-05-26", ("2022-06-06", "2022-06-13", "2022-06-27", "2022-07-25", "2022-08-22")),
        ("2022-09-12", ("2022-09-20", "2022-09-27", "2022-10-11", "2022-11-08", "2022-12-06")),
        ("2023-04-28", ("2023-05-09", "2023-05-16", "2023-05-31", "2023-06-28", "2023-07-26")),
    ],
)
def test_working_days_after_a_trigger_skip_weekends_and_holidays(trigger, expected) -> None:
    assert tuple(plus(trigger, days) for days in (5, 10, 20, 40, 60)) == expected


def test_a_saturday_trigger_counts_from_monday() -> None:
    assert plus("2019-10-12", 5) == "2019-10-18"
    assert plus("2019-10-12", 0) == "2019-10-12"


def test_a_day_proclaimed_later_moves_the_date() -> None:
    assert plus("2020-04-02", 10) == "2020-04-20"
    more = HOLIDAYS | {date(2020, 4, 17)}
    assert calendar.add_working_days(date(2020, 4, 2), 10, non_working_days=more) == date(2020, 4, 21)


def test_a_window_of_one_working_day_ends_on_the_next() -> None:
    assert calendar.last_day_within(date(2019, 10, 11), 1, non_working_days=HOLIDAYS) == date(2019, 10, 14)


def test_negative_working_days_and_empty_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        calendar.add_working_days(date(2020, 1, 1), -1, non_working_days=())
    with pytest.raises(ValueError, match="at least one"):
        calendar.last_day_within(date(2020, 1, 1), 0, non_working_days=())


def test_the_other_counting_takes_a_working_trigger_day_as_the_first() -> None:
    def last(day: date) -> date:
        return calendar.last_day_within(day, 5, non_working_days=HOLIDAYS, count_trigger_day=True)

    assert last(date(2019, 10, 14)) == date(2019, 10, 18)
    assert last(date(2019, 10, 12)) == date(2019, 10, 18)


def test_instants_are_dated_in_london() -> None:
    assert calendar.london_instant(date(2019, 5, 7), time(16)) == datetime(2019, 5, 7, 15, tzinfo=UTC)
    assert calendar.london_instant(date(2020, 6, 10), time(16)) == datetime(2020, 6, 10, 15, tzinfo=UTC)
    assert calendar.london_instant(date(2020, 1, 17), time(16)) == datetime(2020, 1, 17, 16, tzinfo=UTC)
    assert calendar.london_date(datetime(2019, 6, 30, 23, 30, tzinfo=UTC)) == date(2019, 7, 1)
    assert calendar.london_date(datetime(2019, 12, 31, 23, 30, tzinfo=UTC)) == date(2019, 12, 31)
    assert calendar.end_of_day(date(2019, 10, 26)) - calendar.start_of_day(date(2019, 10, 26)) == timedelta(hours=24)
    assert calendar.end_of_day(date(2019, 10, 27)) - calendar.start_of_day(date(2019, 10, 27)) == timedelta(hours=25)
    with pytest.raises(ValueError, match="time zone"):
        calendar.london_date(datetime(2019, 1, 1))  # noqa: DTZ001 - that is what is refused


@pytest.mark.clause("SVTAD 1.23", "13.21")
def test_clause_13_21_the_referral_window_is_5_working_days_of_tags_decision() -> None:
    decided = date(2019, 4, 18)
    assert REFERRAL_13_21.last_day(decided, non_working_days=HOLIDAYS) == date(2019, 4, 29)
    last_moment = datetime(2019, 4, 29, 22, 59, 59, tzinfo=UTC)
    assert REFERRAL_13_21.is_open(last_moment, decided, non_working_days=HOLIDAYS)
    assert not REFERRAL_13_21.is_open(last_moment + timedelta(seconds=1), decided, non_working_days=HOLIDAYS)
    assert REFERRAL_13_21.ends_at(decided, non_working_days=HOLIDAYS) == datetime(2019, 4, 29, 23, tzinfo=UTC)
    assert calendar.is_within(last_moment, decided, 5, non_working_days=HOLIDAYS)
    assert not calendar.is_within(last_moment + timedelta(seconds=1), decided, 5, non_working_days=HOLIDAYS)


@pytest.mark.clause("SVTAD 1.23", "13.4", "13.7")
def test_clauses_13_4_and_13_7_run_10_working_days_from_the_decision() -> None:
    for window in (REFERRAL_13_4, REFERRAL_13_7):
        assert window.basis is Basis.DECISION
        assert window.last_day(date(2019, 10, 8), non_working_days=HOLIDAYS) == date(2019, 10, 22)
        assert window.last_day(date(2019, 12, 19), non_working_days=HOLIDAYS) == date(2020, 1, 7)
    assert {key: window.working_days for key, window in WINDOWS.items()} == {
        "13.4": 10,
        "13.7": 10,
        "13.21": 5,
        "20.35": 10,
    }


@pytest.mark.clause("SVTAD 1.5", "20.35-20.37")
def test_clause_20_35_an_appeal_is_in_time_for_10_working_days_from_receipt() -> None:
    received = date(2020, 4, 2)
    assert APPEAL_20_35.basis is Basis.RECEIPT
    assert APPEAL_20_35.last_day(received, non_working_days=HOLIDAYS) == date(2020, 4, 20)
    publishable = APPEAL_20_35.ends_at(received, non_working_days=HOLIDAYS)
    assert calendar.london_date(publishable) == date(2020, 4, 21)
    assert not APPEAL_20_35.is_open(publishable, received, non_working_days=HOLIDAYS)
    assert APPEAL_20_35.is_open(publishable - timedelta(seconds=1), received, non_working_days=HOLIDAYS)


@pytest.mark.clause("SVTAD 1.23", "15.1")
@pytest.mark.parametrize(
    ("severity", "start", "due"),
    [
        ("3", "2019-12-20", "2020-01-22"),
        ("4", "2019-12-20", "2020-02-19"),
        ("5", "2019-12-20", "2020-03-18"),
        ("3", "2020-01-06", "2020-02-03"),
        ("5", "2020-03-20", "2020-06-18"),
        ("2", "2019-12-20", None),
    ],
)
def test_clause_15_1_severity_3_4_and_5_have_20_40_and_60_working_days(severity, start, due) -> None:
    found = work_off_due(severity, clock_start=date.fromisoformat(start), days=WORK_OFF_DAYS, non_working_days=HOLIDAYS)
    assert (found and found.isoformat()) == due


days = st.dates(date(2018, 1, 1), date(2030, 12, 31))
holidays = st.frozensets(st.dates(date(2018, 1, 1), date(2031, 6, 30)), max_size=40)


@given(start=days, number=st.integers(0, 70), extra=holidays)
@settings(max_examples=500, deadline=None, derandomize=True, database=None)
def test_adding_working_days_is_walking_day_by_day(start, number, extra) -> None:
    off = HOLIDAYS | extra
    end = calendar.add_working_days(start, number, non_working_days=off)
    assert end == oracle.walk(start, number, off)
    if number:
        assert calendar.is_working_day(end, non_working_days=off)
        assert calendar.working_days_between(start, end, non_working_days=off) == number


@given(start=days, end=days)
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_working_days_between_two_dates_turn_their_sign_with_the_order(start, end) -> None:
    between = calendar.working_days_between(start, end, non_working_days=HOLIDAYS)
    assert between == -calendar.working_days_between(end, start, non_working_days=HOLIDAYS)
