"""Which matters are at rest: in a state where nothing is left to do, or in which the last window is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from svtad.governance.models import Deadline, DeadlineKind, Matter
from svtad.lib.clock import london_date
from svtad.rulebook.procedures import PROCEDURES


def at_rest(moment: dt.datetime) -> Q:
    """Return the condition that a matter is at rest at `moment`.

    Its procedure says so of its state, or the window is over within which somebody might have referred it (13.21):
    then what was decided stands, though no step was recorded. It is derived, never stored.
    """
    return _final() | window_over(moment)


def window_over(moment: dt.datetime) -> Q:
    """Return the condition that somebody might have taken a matter further, and the last day for it is past."""
    held = Deadline.objects.filter(matter=OuterRef("pk"), ended_at=None, kind=DeadlineKind.STEP)
    passed = held.filter(last_day__lt=london_date(moment))
    return _only_windows() & Exists(passed) & ~Exists(held.filter(last_day__gte=london_date(moment)))


def windows_over(matters: Iterable[Matter], *, moment: dt.datetime) -> frozenset[int]:
    """Return the primary keys of those of `matters` whose last window is over. One query."""
    keys = [matter.pk for matter in matters]
    return frozenset(Matter.objects.filter(window_over(moment), pk__in=keys).values_list("pk", flat=True))


def _final() -> Q:
    found = Q(pk__in=())
    for rules in PROCEDURES.values():
        found |= Q(procedure=rules.key, state__in=rules.final)
    return found


def _only_windows() -> Q:
    """Return the condition that nothing is listed from a matter's state but what somebody may do within a window."""
    found = Q(pk__in=())
    for rules in PROCEDURES.values():
        states = [
            state
            for state in rules.states
            if (steps := rules.transitions_from(state))
            and all(step.within is not None and step.duty == "may" for step in steps)
        ]
        if states:
            found |= Q(procedure=rules.key, state__in=states)
    return found
