"""Deadlines are set when a step opens a window, end when the step is taken or lapses, and move only by confirmation."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.actions.notices import notify
from svtad.governance.calendar import last_day_of_window, reading_of
from svtad.governance.models import Deadline, DeadlineKind, Decision, Matter
from svtad.governance.policies import check_can_manage_calendar
from svtad.governance.queries.deadlines import reckoner
from svtad.governance.queries.notices import moved_notice
from svtad.lib.clock import london_date, now
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.rulebook.deadlines import Basis, Window
from svtad.rulebook.procedures import Procedure, Transition

#: How a deadline ended: the step was taken, or the matter went another way.
MET, OVERTAKEN, MOVED = "MET", "OVERTAKEN", "MOVED"


def renew_deadlines(*, matter: Matter, rules: Procedure, decision: Decision, by: Actor, at: dt.datetime) -> None:
    """End the deadlines of the state that the matter left, and set those of the state it came to.

    A window that runs from a notice is set only once the notice is known. A correction that leaves the day alone from
    which a window runs leaves its last day alone too, or the record of a better reason would move it. The caller holds
    the matter's row.
    """
    due = _due(matter, rules, decision)
    kept = set()
    for deadline in Deadline.objects.filter(matter=matter, ended_at=None, kind=DeadlineKind.STEP):
        key = (deadline.window, deadline.body, deadline.outcome)
        if decision.supersedes_id is not None and due.get(key, (None, None))[1] == deadline.trigger_on:
            kept.add(key)
            continue
        taken = (deadline.body, deadline.outcome) == (decision.body, decision.outcome)
        Deadline.objects.filter(pk=deadline.pk).update(ended_at=at, end=MET if taken else OVERTAKEN)
    for key, (step, trigger) in due.items():
        if key in kept or step.within is None:
            continue
        last_day = last_day_of_window(
            step.within, trigger=trigger, document=matter.document, version=matter.version, moment=at
        )
        _set(matter, step.within, (step.body, step.outcome), trigger, last_day=last_day, by=by, at=at)


def met_on_opening(*, matter: Matter, rules: Procedure, last_day: dt.date, by: Actor, at: dt.datetime) -> None:
    """Keep with a matter that was opened in its window how that was counted, met from the first."""
    if rules.opens_within is not None and matter.received_on is not None:
        act = (rules.proposer, "OPEN")
        made = _set(matter, rules.opens_within, act, matter.received_on, last_day=last_day, by=by, at=at)
        Deadline.objects.filter(pk=made.pk).update(ended_at=at, end=MET)


def _set(
    matter: Matter,
    window: Window,
    act: tuple[str, str],
    trigger: dt.date,
    *,
    last_day: dt.date,
    by: Actor,
    at: dt.datetime,
) -> Deadline:
    """Keep the last day of `act` (body, outcome), with the reading that it was counted by."""
    reading = reading_of(document=matter.document, version=matter.version, moment=at)
    made: Deadline = Deadline.objects.create(
        matter=matter,
        window=window.key,
        clause=window.clause,
        text=window.text,
        body=act[0],
        outcome=act[1],
        trigger_on=trigger,
        working_days=window.working_days,
        jurisdiction=reading.jurisdiction,
        count_trigger_day=reading.count_trigger_day,
        last_day=last_day,
        audience=matter.audience,
        recorded_at=at,
        recorded_by=by.label,
    )
    return made


def _due(
    matter: Matter, rules: Procedure, decision: Decision
) -> dict[tuple[str, str, str], tuple[Transition, dt.date]]:
    """Return the steps of the matter's state whose windows run from `decision`, with the London day they run from."""
    found = {}
    for step in rules.transitions_from(matter.state):
        if step.within is None:
            continue
        told = decision.notified_at if step.within.basis is Basis.NOTIFICATION else decision.decided_at
        if told is not None:
            found[step.within.key, step.body.value, step.outcome] = (step, london_date(told))
    return found


@transaction.atomic
def move_deadlines(
    *,
    deadlines: Sequence[Deadline],
    reason: str,
    by: Actor,
    expected: Mapping[int, dt.date] | None = None,
    at: dt.datetime | None = None,
) -> list[Deadline]:
    """Confirm that open deadlines move to where the calendar of now puts them; return those that took their places.

    Notified dates never move by themselves (rule 18): an administrator confirms it, with the reason. `expected` is
    the last day that each was shown to get, by its key: it is confirmed as it was seen, or not at all. Raises
    ActionDenied, InvalidInput without a reason, and Refused where nothing is to be moved, or one of them no longer
    stands, would not move, or would move to another day than was expected.
    """
    moment = at or now()
    check_can_manage_calendar(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why the dates move.")
    if not deadlines:
        raise Refused("", "No deadline is named that would move.")
    # The rows of deadlines alone, always in one order: two who confirm at once wait for one another.
    held = Deadline.objects.select_for_update(of=("self",)).filter(pk__in=[each.pk for each in deadlines])
    reckon = reckoner(moment)
    made = []
    for deadline in held.select_related("matter").order_by("pk"):
        day = reckon(deadline)
        if deadline.ended_at is not None:
            raise Refused("", f"The deadline of {deadline.matter.reference} was ended or moved meanwhile.")
        if day == deadline.last_day:
            raise Refused("", f"The deadline of {deadline.matter.reference} is where the calendar puts it.")
        if expected is not None and expected.get(deadline.pk) != day:
            raise Refused("", f"The deadline of {deadline.matter.reference} would now move to {day:%-d %b %Y}.")
        made.append(_replace(deadline, day=day, reason=reason.strip()[:200], by=by, at=moment))
    return made


def _replace(deadline: Deadline, *, day: dt.date, reason: str, by: Actor, at: dt.datetime) -> Deadline:
    Deadline.objects.filter(pk=deadline.pk).update(ended_at=at, end=MOVED)
    same = (
        "matter", "kind", "window", "clause", "text", "body", "outcome", "trigger_on", "working_days", "jurisdiction",
        "count_trigger_day", "audience",
    )  # fmt: skip
    new: Deadline = Deadline.objects.create(
        **{name: getattr(deadline, name) for name in same},
        last_day=day,
        replaces=deadline,
        reason=reason,
        recorded_at=at,
        recorded_by=by.label,
    )
    record(
        by=by,
        at=at,
        action="move_deadline",
        clause=deadline.clause,
        subject_kind="Matter",
        subject_id=deadline.matter.public_id,
        subject_label=str(deadline.matter),
        scope_id=deadline.matter.scope_id,
        audience_id=deadline.audience_id,
        detail={"from": deadline.last_day.isoformat(), "to": day.isoformat(), "reason": reason},
    )
    moved = moved_notice(deadline, new, at=at)
    notify(
        key=f"moved:{new.public_id}",
        what=moved.what,
        text=moved.text,
        addressees=moved.addressees,
        audience=audience_of(*moved.audience_keys),
        is_required=False,  # no clause demands it
        document=new.matter.document,
        version=new.matter.version,
        clause=new.clause,
        to=moved.to,
        matter=new.matter,
        is_synthetic=new.matter.is_synthetic,
        by=by,
        at=at,
    )
    return new
