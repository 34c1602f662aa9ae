"""Weekday bank holidays of England and Wales, 2018 to 2026: a documented table for the command line and the tests.

Cross-checked against the official list (75 dates). Substitute days and one-off holidays are in it: VE Day 2020 (in
place of 4 May), the moved spring holiday and the Jubilee of 2022, the State Funeral of 2022, the Coronation of 2023.
The product itself keeps an editable table and passes it in, because a proclamation may come after a release.
"""

from __future__ import annotations

from datetime import date

JURISDICTION = "england_and_wales"
"""The default reading of whose bank holidays count: the sources state none."""

_BY_YEAR: dict[int, str] = {
    2018: "01-01 03-30 04-02 05-07 05-28 08-27 12-25 12-26",
    2019: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
}
"""Month-day of each, by year."""

ENGLAND_AND_WALES: tuple[date, ...] = tuple(
    date.fromisoformat(f"{year}-{day}") for year, days in _BY_YEAR.items() for day in days.split()
)
"""Every weekday bank holiday from 2018-01-01 to 2026-12-31, in order."""
