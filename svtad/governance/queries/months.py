"""A month of the calendar as a person reads it: Working Days, what falls due, and who meets."""

from __future__ import annotations

import calendar as weeks_of
import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q

from svtad.governance.calendar import DayNote, DayReading, day_notes, non_working_days, reading_of
from svtad.governance.models import Deadline, Matter, Meeting, View, ViewRequest
from svtad.governance.queries.deadlines import Count, counts_of
from svtad.lib.clock import LONDON, london_date, london_midnight_after
from svtad.parties.actors import Actor
from svtad.rulebook.calendar import is_working_day
from svtad.rulebook.edition import Edition
from svtad.rulebook.editions import EDITIONS

Row = TypeVar("Row")


@dataclass(frozen=True)
class Reading:
    """How one document reads "Working Day": the named settings in words, and why they are readings."""

    document: str
    version: str
    held: DayReading
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Setting:
    """One named setting: what it asks, what it says now, whether that is its default, and why it is open at all."""

    key: str
    title: str
    says: str
    is_default: bool
    why: str
    clause: str


@dataclass(frozen=True)
class Day:
    """One day: whether it is a Working Day and why not, what falls due on it, and who meets."""

    day: dt.date
    in_month: bool
    is_today: bool
    is_working_day: bool
    notes: tuple[DayNote, ...]
    due: tuple[Due, ...]
    meetings: tuple[Meeting, ...]

    @property
    def is_weekend(self) -> bool:
        """Whether it is a Saturday or Sunday."""
        return self.day.weekday() >= weeks_of.SATURDAY


@dataclass(frozen=True)
class Due:
    """What falls due: the last day of a step with its count, or the day by which a body's view is wanted.

    `state` is OPEN, OVER (the day is past), MET or OVERTAKEN.
    """

    matter: Matter
    body: str
    outcome: str
    clause: str
    day: dt.date
    state: str
    count: Count | None

    @property
    def is_open(self) -> bool:
        """Whether somebody may still act in time."""
        return self.state == "OPEN"


@dataclass(frozen=True)
class Month:
    """The weeks of a month, Monday first, with the days of the months beside it that fill them up."""

    first: dt.date
    weeks: tuple[tuple[Day, ...], ...]

    @property
    def days(self) -> tuple[Day, ...]:
        """Its own days."""
        return tuple(day for week in self.weeks for day in week if day.in_month)

    @property
    def before(self) -> dt.date:
        """The first of the month before."""
        return (self.first - dt.timedelta(days=1)).replace(day=1)

    @property
    def after(self) -> dt.date:
        """The first of the month after."""
        return (self.first + dt.timedelta(days=31)).replace(day=1)

    @property
    def working_days(self) -> int:
        """How many Working Days it has."""
        return sum(day.is_working_day for day in self.days)

    @property
    def is_empty(self) -> bool:
        """Whether nothing falls due in it and nobody meets."""
        return not any(day.due or day.meetings for day in self.days)


def readings_at(moment: dt.datetime) -> tuple[Reading, ...]:
    """Return how each edition held reads Working Days at `moment`, the newest edition last."""
    return tuple(_reading(edition, moment) for edition in EDITIONS)


def _reading(edition: Edition, moment: dt.datetime) -> Reading:
    held = reading_of(document=edition.document, version=edition.version, moment=moment)
    says = {
        "working_days.jurisdiction": held.jurisdiction,
        "working_days.counting": "trigger_day_is_first" if held.count_trigger_day else "day_after_is_first",
    }
    settings = tuple(
        Setting(
            key=spec.key,
            title=spec.title,
            says=spec.choices.get(says[spec.key], says[spec.key]),
            is_default=says[spec.key] == spec.default,
            why=spec.why,
            clause=spec.clause,
        )
        for spec in edition.parameters
        if spec.key in says
    )
    return Reading(edition.document, edition.version, held, settings)


def month_for(actor: Actor, first: dt.date, *, jurisdiction: str, moment: dt.datetime) -> Month:
    """Return the month that begins on `first` as `actor` may see it, with the calendar of `moment`.

    `jurisdiction` says whose Working Days are drawn; a deadline keeps those it was set by. A fixed number of queries.
    """
    weeks = weeks_of.Calendar().monthdatescalendar(first.year, first.month)
    start, end = weeks[0][0], weeks[-1][-1]
    notes = day_notes(first=start, last=end, jurisdiction=jurisdiction, moment=moment)
    off = frozenset(non_working_days(first=start, last=end, jurisdiction=jurisdiction, moment=moment))
    due = _by_day((each.day, each) for each in _due(actor, start, end, moment))
    meetings = _by_day(
        ((each.starts_at.astimezone(LONDON).date(), each) for each in _meetings(actor, start, end)),
    )
    today = london_date(moment)

    def drawn(day: dt.date) -> Day:
        return Day(
            day=day,
            in_month=day.month == first.month,
            is_today=day == today,
            is_working_day=is_working_day(day, non_working_days=off),
            notes=tuple(notes.get(day, ())),
            due=due[day],
            meetings=meetings[day],
        )

    return Month(first, tuple(tuple(drawn(day) for day in week) for week in weeks))


def _by_day(rows: Iterable[tuple[dt.date, Row]]) -> defaultdict[dt.date, tuple[Row, ...]]:
    found: defaultdict[dt.date, tuple[Row, ...]] = defaultdict(tuple)
    for day, row in rows:
        found[day] += (row,)
    return found


def _due(actor: Actor, start: dt.date, end: dt.date, moment: dt.datetime) -> list[Due]:
    """Return what falls due from `start` to `end`: what was moved away from a day is not on it any more."""
    steps = list(
        Deadline.objects.visible_to(actor)
        .filter(last_day__gte=start, last_day__lte=end)
        .exclude(end="MOVED")
        .select_related("matter")
    )
    counts = counts_of((step for step in steps if step.ended_at is None), moment)
    asked = (
        ViewRequest.objects.filter(matter__in=Matter.objects.visible_to(actor))
        .filter(respond_by__gte=start, respond_by__lte=end)
        .annotate(is_given=Exists(View.objects.filter(request=OuterRef("pk"))))
        .select_related("matter")
    )
    today = london_date(moment)
    found = [
        Due(
            matter=step.matter,
            body=step.body,
            outcome=step.outcome,
            clause=step.clause,
            day=step.last_day,
            state=step.end or ("OVER" if step.last_day < today else "OPEN"),
            count=counts.get(step.pk),
        )
        for step in steps
    ]
    for each in asked:
        day = each.respond_by
        late = "OVER" if day < today else "OPEN"
        state = "MET" if each.is_given else late
        found.append(Due(each.matter, each.body, "", each.clause, day, state, None))
    return sorted(found, key=lambda due: (due.day, not due.is_open, due.matter.reference))


def _meetings(actor: Actor, start: dt.date, end: dt.date) -> Iterable[Meeting]:
    within = Q(starts_at__gte=london_midnight_after(start - dt.timedelta(days=1)))
    within &= Q(starts_at__lt=london_midnight_after(end))
    return Meeting.objects.visible_to(actor).filter(within).order_by("starts_at", "pk")
