"""Deadlines as a person reads them: day 3 of 10, last day Monday 29 April 2019, 23:59."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from svtad.governance.calendar import non_working_days
from svtad.governance.models import Deadline
from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.rulebook.calendar import last_day_within, working_days_between


@dataclass(frozen=True)
class Count:
    """Where a deadline stands at a moment. `day` of `days` is 0 on the day of the trigger; `left` is 0 on the last."""

    deadline: Deadline
    day: int
    left: int

    @property
    def is_over(self) -> bool:
        """Whether the last day is past."""
        return self.left < 0

    @property
    def days(self) -> int:
        """How many Working Days there are in all."""
        return self.deadline.working_days

    @property
    def text(self) -> str:
        """Say it: the count, the last day, and the hour at which it ends."""
        last = f"last day {self.deadline.last_day:%a %-d %b %Y} 23:59"
        if self.is_over:
            return f"over, {last}"
        return f"day {min(self.day, self.days)} of {self.days}, {last}"


def count_of(deadline: Deadline, moment: dt.datetime) -> Count:
    """Return where `deadline` stands at `moment`, by the calendar of that moment."""
    return counts_of([deadline], moment)[deadline.pk]


def counts_of(deadlines: Iterable[Deadline], moment: dt.datetime) -> dict[int, Count]:
    """Return where each stands at `moment`, by its key."""
    count = counter(moment)
    return {each.pk: count(each) for each in deadlines}


def counter(moment: dt.datetime) -> Callable[[Deadline], Count]:
    """Return what tells where a deadline stands at `moment`: it reads the calendar once for many of them."""
    today = london_date(moment)
    read: dict[str, tuple[dt.date, dt.date, frozenset[dt.date]]] = {}

    def count(deadline: Deadline) -> Count:
        first, last = min(today, deadline.trigger_on), max(today, deadline.last_day)
        held = read.get(deadline.jurisdiction)
        if held is None or first < held[0] or last > held[1]:
            first, last = first - _REACH, last + _REACH
            days = non_working_days(first=first, last=last, moment=moment, jurisdiction=deadline.jurisdiction)
            held = read[deadline.jurisdiction] = (first, last, frozenset(days))
        return _count(deadline, today, held[2])

    return count


#: Deadlines are mostly of one time, so a year around one serves the others.
_REACH = dt.timedelta(days=366)


def _count(deadline: Deadline, today: dt.date, holidays: frozenset[dt.date]) -> Count:
    first = 1 if deadline.count_trigger_day else 0
    gone = working_days_between(deadline.trigger_on, today, non_working_days=holidays)
    left = working_days_between(today, deadline.last_day, non_working_days=holidays)
    # A Saturday after the last day is no Working Day later, and too late all the same.
    return Count(
        deadline=deadline, day=max(gone, 0) + first, left=left if today <= deadline.last_day else min(-1, left)
    )


def deadlines_for(actor: Actor, *, bodies: frozenset[str] = frozenset()) -> QuerySet[Deadline]:
    """Return the open deadlines that `actor` may see, the next first; `bodies` narrows to whose step they are."""
    held: QuerySet[Deadline] = Deadline.objects.visible_to(actor).filter(ended_at=None).select_related("matter")
    return held.filter(body__in=bodies) if bodies else held


def reckoned_anew(deadline: Deadline, moment: dt.datetime) -> dt.date:
    """Return the last day that the calendar of `moment` gives, with the reading it was set by."""
    until = deadline.trigger_on + dt.timedelta(days=3 * deadline.working_days + 14)
    return last_day_within(
        deadline.trigger_on,
        deadline.working_days,
        non_working_days=non_working_days(
            first=deadline.trigger_on, last=until, moment=moment, jurisdiction=deadline.jurisdiction
        ),
        count_trigger_day=deadline.count_trigger_day,
    )


def would_move(moment: dt.datetime) -> list[tuple[Deadline, dt.date]]:
    """Return the open deadlines that the calendar of `moment` puts on another day, with that day."""
    held = Deadline.objects.filter(ended_at=None).select_related("matter")
    return [(each, day) for each in held if (day := reckoned_anew(each, moment)) != each.last_day]
