"""Duties under a matter that are no step of its procedure: the days by which they are due, kept as they change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from svtad.governance.actions.deadlines import MET, OVERTAKEN
from svtad.governance.calendar import reading_of
from svtad.governance.models import Deadline, DeadlineKind, Matter
from svtad.parties.actors import Actor


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What `body` owes under a matter: `outcome` in words as a step has it, until the London day `last_day`.

    `window` is stable and `clause` the one that sets it. `working_days` are counted from `trigger_on`. Where
    `is_set_day`, a body set the day itself, on `trigger_on`, and no calendar reckons it.
    """

    window: str
    clause: str
    text: str
    body: str
    outcome: str
    trigger_on: dt.date
    working_days: int
    last_day: dt.date
    is_set_day: bool = False

    @property
    def key(self) -> tuple[str, str, str, dt.date, dt.date | None]:
        """What makes it the same duty: a reckoned day moves only where somebody confirms that, a set day is its own."""
        return (self.window, self.body, self.outcome, self.trigger_on, self.last_day if self.is_set_day else None)


@transaction.atomic
def keep_duties(
    *, matter: Matter, duties: Iterable[Duty], by: Actor, at: dt.datetime, is_done: bool = True
) -> tuple[int, int]:
    """Keep just these duties open under `matter`; return how many were begun, and how many ended.

    What is no longer owed ends as MET where `is_done`, else as OVERTAKEN. Doing it twice changes nothing. Who may is
    the question of the action that owns the matter's subject; a notified day is never moved by this (rule 18).
    """
    Matter.objects.select_for_update().get(pk=matter.pk)
    wanted = {duty.key: duty for duty in duties}
    held = Deadline.objects.filter(matter=matter, ended_at=None).exclude(kind=DeadlineKind.STEP)
    known = {_key(row): row for row in held}
    gone = [row.pk for key, row in known.items() if key not in wanted]
    replaced = {(duty.window, duty.outcome) for key, duty in wanted.items() if key not in known}
    for row in held.filter(pk__in=gone):
        end = MET if is_done and (row.window, row.outcome) not in replaced else OVERTAKEN
        Deadline.objects.filter(pk=row.pk).update(ended_at=at, end=end)
    reading = reading_of(document=matter.document, version=matter.version, moment=at)
    new = [duty for key, duty in wanted.items() if key not in known]
    for duty in new:
        Deadline.objects.create(
            matter=matter,
            kind=DeadlineKind.SET_DAY if duty.is_set_day else DeadlineKind.DUTY,
            window=duty.window,
            clause=duty.clause,
            text=duty.text,
            body=duty.body,
            outcome=duty.outcome,
            trigger_on=duty.trigger_on,
            working_days=duty.working_days,
            jurisdiction=reading.jurisdiction,
            count_trigger_day=reading.count_trigger_day,
            last_day=duty.last_day,
            audience=matter.audience,
            recorded_at=at,
            recorded_by=by.label,
        )
    return len(new), len(gone)


def _key(row: Deadline) -> tuple[str, str, str, dt.date, dt.date | None]:
    set_day = row.last_day if row.kind == DeadlineKind.SET_DAY else None
    return (row.window, row.body, row.outcome, row.trigger_on, set_day)
