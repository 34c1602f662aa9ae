"""What waits for whom: matters whose next step is a body's, and views that it was asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Prefetch, Q, QuerySet

from svtad.governance.models import Deadline, DeadlineKind, Matter, ViewRequest
from svtad.governance.queries.asked import unanswered
from svtad.governance.queries.deadlines import Count, counts_of
from svtad.governance.queries.redacted import redact
from svtad.governance.queries.rest import at_rest
from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.rulebook.procedures import PROCEDURES, Transition


@dataclass(frozen=True)
class Waiting:
    """A matter that waits for these steps, this view or these duties, with the deadline that comes first."""

    matter: Matter
    steps: tuple[Transition, ...]
    view: ViewRequest | None
    duties: tuple[Count, ...]
    deadline: Count | None
    respond_by: dt.date | None
    is_overdue: bool

    @property
    def last_day(self) -> dt.date | None:
        """The last London day of what is to be done, where one is set."""
        return self.deadline.deadline.last_day if self.deadline else self.respond_by

    @property
    def is_owed(self) -> bool:
        """Whether somebody shall act, and not only may: a mere power to act is no task."""
        return self.view is not None or any(step.duty == "shall" for step in self.steps) or self.decides

    @property
    def is_open(self) -> bool:
        """Whether there is anything to do: once the window of all that somebody may do is over, there is not."""
        return bool(self.steps) or self.view is not None or bool(self.duties) or self.is_overdue

    @property
    def decides(self) -> bool:
        """Whether one of the steps is the decision that the matter was opened for."""
        rules = PROCEDURES[self.matter.procedure]
        own = (step for step in self.steps if step.refers_to is None and not _takes_back(step))
        return not rules.is_final(self.matter.state) and any(own)


def waiting_for(actor: Actor, *, bodies: Collection[str], moment: dt.datetime) -> list[Waiting]:
    """Return what waits for `bodies` among the matters that `actor` may see: overdue first, then by deadline.

    A fixed number of queries, whatever there is.
    """
    wanted = _state_with_step_of(bodies) | _with_duty_of(bodies)
    matters = _with_deadlines(Matter.objects.visible_to(actor).filter(wanted))
    counts = _counts(matters, moment)
    own = [(matter, [step for step in _steps(matter) if step.body in bodies]) for matter in matters]
    found = [_of(matter, steps, counts, moment=moment, bodies=bodies) for matter, steps in own]
    found = [waiting for waiting in found if waiting.is_open and (waiting.is_owed or waiting.deadline is not None)]
    asked = unanswered(ViewRequest.objects.filter(matter__in=Matter.objects.visible_to(actor), body__in=bodies))
    found += [_of(request.matter, [], counts, view=request, moment=moment) for request in asked]
    return _shown(actor, found)


def waiting_in(actor: Actor, *, scope_ids: Collection[str], moment: dt.datetime) -> list[Waiting]:
    """Return the matters of these scopes in which somebody has a step to take, whosever it is.

    One at rest is among them while its clause still obliges somebody (9.6: the report is shared with TAG).
    """
    open_ = ~at_rest(moment) | _state_with_duty()
    matters = _with_deadlines(Matter.objects.visible_to(actor).filter(open_, scope_id__in=scope_ids))
    counts = _counts(matters, moment)
    return _shown(actor, [_of(matter, list(_steps(matter)), counts, moment=moment) for matter in matters])


def waiting_on_others(actor: Actor, *, bodies: Collection[str], moment: dt.datetime) -> list[Waiting]:
    """Return the matters that `bodies` brought, or may see, and that wait for somebody else."""
    open_matters = Matter.objects.visible_to(actor).filter(proposer__in=bodies).exclude(at_rest(moment))
    matters = _with_deadlines(open_matters)
    counts = _counts(matters, moment)
    found = [_of(matter, list(_steps(matter)), counts, moment=moment) for matter in matters]
    return _shown(
        actor, [each for each in found if each.steps and not any(_is_for(step, bodies) for step in each.steps)]
    )


def _shown(actor: Actor, found: Iterable[Waiting]) -> list[Waiting]:
    """Return them by urgency, with what `actor` may not read of a matter taken out."""
    rows = sorted(found, key=_by_urgency)
    redact(actor, [each.matter for each in rows])
    return rows


def open_to(matters: QuerySet[Matter], *, bodies: Collection[str], moment: dt.datetime) -> dict[int, Waiting]:
    """Return what each of `matters` has for `bodies` now, by its key: steps, owed or not, and a view not yet given.

    A fixed number of queries, whatever there is.
    """
    rows = _with_deadlines(matters)
    counts = _counts(rows, moment)
    requests = ViewRequest.objects.filter(matter__in=[row.pk for row in rows], body__in=bodies)
    asked = {request.matter_id: request for request in unanswered(requests)}
    return {
        row.pk: _of(
            row,
            [step for step in _steps(row) if step.body in bodies],
            counts,
            moment=moment,
            view=asked.get(row.pk),
            bodies=bodies,
        )
        for row in rows
    }


def _takes_back(step: Transition) -> bool:
    """Return whether whoever brought the matter would only take it back: they may, and nobody waits for it."""
    return step.outcome == "WITHDRAW"


def _is_for(step: Transition, bodies: Collection[str]) -> bool:
    return step.body in bodies and not _takes_back(step)


def _state_with_duty() -> Q:
    found = Q(pk__in=())
    for rules in PROCEDURES.values():
        states = {step.source for step in rules.transitions if step.duty == "shall"}
        if states:
            found |= Q(procedure=rules.key, state__in=states)
    return found


def _state_with_step_of(bodies: Collection[str]) -> Q:
    found = Q(pk__in=())
    for rules in PROCEDURES.values():
        states = {step.source for step in rules.transitions if step.body in bodies}
        if states:
            found |= Q(procedure=rules.key, state__in=states)
    return found


def _with_duty_of(bodies: Collection[str]) -> Q:
    """Return the condition that one of `bodies` owes something under a matter, or brought it and waits for that."""
    owed = Deadline.objects.filter(ended_at=None).exclude(kind=DeadlineKind.STEP)
    whose = Q(body__in=bodies) | Q(matter__proposer__in=bodies)
    return Q(pk__in=owed.filter(whose).values("matter"))


def _with_deadlines(matters: QuerySet[Matter]) -> list[Matter]:
    held = Deadline.objects.filter(ended_at=None).order_by("last_day")
    return list(matters.order_by("pk").prefetch_related(Prefetch("deadlines", queryset=held, to_attr="open_deadlines")))


def _counts(matters: Iterable[Matter], moment: dt.datetime) -> dict[int, Count]:
    return counts_of((each for matter in matters for each in getattr(matter, "open_deadlines", ())), moment)


def _steps(matter: Matter) -> tuple[Transition, ...]:
    return PROCEDURES[matter.procedure].transitions_from(matter.state)


def _of(
    matter: Matter,
    steps: list[Transition],
    counts: dict[int, Count],
    *,
    moment: dt.datetime,
    view: ViewRequest | None = None,
    bodies: Collection[str] | None = None,
) -> Waiting:
    """Return what a matter waits for; its duties only where one of `bodies` owes them or brought it, None: whosever."""
    outcomes = {(step.body, step.outcome) for step in steps}
    open_: list[Deadline] = getattr(matter, "open_deadlines", [])
    of_steps = [each for each in open_ if each.kind == DeadlineKind.STEP and (each.body, each.outcome) in outcomes]
    brought = bodies is None or matter.proposer in bodies
    owed = [each for each in open_ if each.kind != DeadlineKind.STEP and (brought or each.body in (bodies or ()))]
    held = sorted([*of_steps, *owed], key=lambda each: (each.last_day, each.pk))
    window = counts[of_steps[0].pk] if of_steps else None
    count = counts[held[0].pk] if held else None
    respond_by = view.respond_by if view else None
    late = respond_by is not None and respond_by < london_date(moment)
    return Waiting(
        matter=matter,
        # A step whose window is over is no longer anybody's to take.
        steps=tuple(step for step in steps if step.within is None or window is None or not window.is_over),
        view=view,
        duties=tuple(counts[each.pk] for each in owed),
        deadline=count,
        respond_by=respond_by,
        is_overdue=late
        or any(counts[each.pk].is_over for each in owed)
        or (window is not None and window.is_over and any(step.duty == "shall" for step in steps)),
    )


def _by_urgency(waiting: Waiting) -> tuple[bool, dt.date, int]:
    return (not waiting.is_overdue, waiting.last_day or dt.date.max, waiting.matter.pk)
