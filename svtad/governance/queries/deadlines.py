"""Deadlines as a person reads them: day 3 of 10, last day Monday 29 April 2019, 23:59."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass

from django.db.models import QuerySet

from svtad.governance.calendar import non_working_days
from svtad.governance.models import Deadline, DeadlineKind
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
    off = _days_off(moment)

    def count(deadline: Deadline) -> Count:
        first, last = min(today, deadline.trigger_on), max(today, deadline.last_day)
        return _count(deadline, today, off(deadline.jurisdiction, first, last))

    return count


def _days_off(moment: dt.datetime) -> Callable[[str, dt.date, dt.date], frozenset[dt.date]]:
    """Return what gives a jurisdiction's weekdays off for a stretch and more, by the calendar of `moment`."""
    read: dict[str, tuple[dt.date, dt.date, frozenset[dt.date]]] = {}

    def off(jurisdiction: str, first: dt.date, last: dt.date) -> frozenset[dt.date]:
        held = read.get(jurisdiction)
        if held is None or first < held[0] or last > held[1]:
            # What was read already stays in, so that deadlines far apart do not take turns at reading.
            first, last = min(first, held[0] if held else first), max(last, held[1] if held else last)
            first, last = first - _REACH, last + _REACH
            days = non_working_days(first=first, last=last, moment=moment, jurisdiction=jurisdiction)
            held = read[jurisdiction] = (first, last, frozenset(days))
        return held[2]

    return off


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
    return reckoner(moment)(deadline)


def reckoner(moment: dt.datetime) -> Callable[[Deadline], dt.date]:
    """Return what reckons deadlines anew by the calendar of `moment`: it reads the calendar once for many of them."""
    off = _days_off(moment)

    def reckon(deadline: Deadline) -> dt.date:
        # Three calendar days to a Working Day, and a fortnight, is more than any run of holidays needs.
        until = deadline.trigger_on + dt.timedelta(days=3 * deadline.working_days + 14)
        return last_day_within(
            deadline.trigger_on,
            deadline.working_days,
            non_working_days=off(deadline.jurisdiction, deadline.trigger_on, until),
            count_trigger_day=deadline.count_trigger_day,
        )

    return reckon


def would_move(moment: dt.datetime) -> list[tuple[Deadline, dt.date]]:
    """Return the open deadlines that the calendar of `moment` puts on another day, with that day.

    A day that a body set is none that a calendar moves.
    """
    held = Deadline.objects.filter(ended_at=None).exclude(kind=DeadlineKind.SET_DAY).select_related("matter")
    reckon = reckoner(moment)
    return [(each, day) for each in held if (day := reckon(each)) != each.last_day]


@dataclass(frozen=True)
class Move:
    """An open deadline that the calendar of now puts on another day, as it is counted now and as it would be."""

    deadline: Deadline
    new_day: dt.date
    now: Count
    then: Count


@dataclass(frozen=True)
class Moves:
    """What would move: what the reader may see, and what they may not: of that they are told no more than how many."""

    seen: tuple[Move, ...]
    unseen: tuple[Move, ...]

    @property
    def total(self) -> int:
        """How many there are in all."""
        return len(self.seen) + len(self.unseen)


def moves_for(actor: Actor, moment: dt.datetime) -> Moves:
    """Return what the calendar of `moment` would move: who may not see a deadline is not told which it is.

    A fixed number of queries, whatever there is.
    """
    found = would_move(moment)
    visible = Deadline.objects.visible_to(actor).filter(ended_at=None)
    seen = set(visible.filter(pk__in=[each.pk for each, _ in found]).values_list("pk", flat=True))
    count = counter(moment)
    parts: dict[bool, list[Move]] = {True: [], False: []}
    for deadline, day in found:
        moved = copy(deadline)
        moved.last_day = day
        parts[deadline.pk in seen].append(Move(deadline, day, count(deadline), count(moved)))
    return Moves(tuple(parts[True]), tuple(parts[False]))
