"""Windows and dates that the document sets, as data and pure functions.

A :class:`Window` says how many Working Days, from what, by which clause. Where the document states no window there is
none here: none is invented.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from svtad.rulebook import calendar


class Basis(StrEnum):
    """From what a window runs."""

    DECISION = "DECISION"
    """The day of the decision, not of its notice (13.4, 13.7, 13.21)."""
    NOTIFICATION = "NOTIFICATION"
    RECEIPT = "RECEIPT"
    CERTIFICATE = "CERTIFICATE"
    """The issue of the provider's Test Completion Certificate (15.1; our choice whose)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A period in Working Days after a trigger. ``key`` is stable; ``text`` says it in words."""

    key: str
    clause: str
    working_days: int
    basis: Basis
    text: str

    def last_day(self, trigger: date, *, non_working_days: Collection[date]) -> date:
        """The last London date on which the act is in time."""
        return calendar.last_day_within(trigger, self.working_days, non_working_days=non_working_days)

    def ends_at(self, trigger: date, *, non_working_days: Collection[date]) -> datetime:
        """The first instant (UTC) at which the act is out of time."""
        return calendar.end_of_day(self.last_day(trigger, non_working_days=non_working_days))

    def is_open(self, act: datetime, trigger: date, *, non_working_days: Collection[date]) -> bool:
        """Whether an act at that instant is in time."""
        return act < self.ends_at(trigger, non_working_days=non_working_days)


REFERRAL_13_4 = Window(
    key="13.4",
    clause="13.4",
    working_days=10,
    basis=Basis.DECISION,
    text="within 10 Working Days of the DCC's decision on the DMCs to be used",
)
REFERRAL_13_7 = Window(
    key="13.7",
    clause="13.7",
    working_days=10,
    basis=Basis.DECISION,
    text="within 10 Working Days of the DCC's de-selection decision",
)
REFERRAL_13_21 = Window(
    key="13.21",
    clause="13.21",
    working_days=5,
    basis=Basis.DECISION,
    text="within 5 Working Days of the TAG's decision",
)

APPEAL_20_35 = Window(
    key="20.35",
    clause="20.35-20.37",
    working_days=10,
    basis=Basis.RECEIPT,
    text="within 10 Working Days of the Supplier Party's receiving the draft DMCT Testing Report",
)
"""SVTAD v1.5, as source 002 describes it: each recipient's window runs from when it received the draft."""

WINDOWS: dict[str, Window] = {
    window.key: window for window in (REFERRAL_13_4, REFERRAL_13_7, REFERRAL_13_21, APPEAL_20_35)
}
"""The windows for referrals and appeals by clause."""


def work_off_due(
    severity: str,
    *,
    clock_start: date,
    days: Mapping[str, int],
    non_working_days: Collection[date],
    count_trigger_day: bool = False,
) -> date | None:
    """The date of 15.1 by which an issue of that severity is to be resolved; None where 15.1 sets no timescale.

    ``days`` is the edition's table of Working Days by severity; ``clock_start`` the issue date of the provider's
    certificate (our choice with several providers), or the day that TAB set where the phase has none.
    ``count_trigger_day`` is the other reading of how one counts.
    """
    if severity not in days:
        return None
    return calendar.last_day_within(
        clock_start, days[severity], non_working_days=non_working_days, count_trigger_day=count_trigger_day
    )
