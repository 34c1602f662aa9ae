"""The days by which Work Off Plans say that Testing Issues are resolved, as deadlines of the plans' matters (15.1)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

from svtad.gates.models import WorkOffPlan, WorkOffPlanItem
from svtad.gates.queries.corrections import approved_on
from svtad.gates.queries.resolution import resolution_dates
from svtad.governance.actions import Duty, keep_duties
from svtad.governance.calendar import non_working_days, reading_of
from svtad.governance.queries import last_decision
from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.rulebook.calendar import working_days_between
from svtad.rulebook.findings import DueLine
from svtad.rulebook.vocabulary import Body, WorkOffPlanState
from testphases.models import TestScope

_IN_FORCE = (WorkOffPlanState.TAB_APPROVED, WorkOffPlanState.IN_PROGRESS)
CLAUSE = "15.1"
CLAUSE_OF_CORRECTION = "15.2"
BY_SET_DAY = "RESOLVE_BY_DAY_SET"


def keep_resolution_dates(*, scope: TestScope, by: Actor, at: dt.datetime) -> None:
    """Keep the deadlines of the approved plans of `scope` as the phase was last judged.

    One for each severity with a timescale, and one for each day that TAB set, for as long as a Testing Issue of the
    plan is open that it concerns. They fall to the provider of the plan, or to the DCC where it is of the whole phase.
    Doing it twice changes nothing; a plan that is not in force has none.
    """
    plans = list(WorkOffPlan.objects.filter(scope=scope).select_related("matter", "provider").order_by("pk"))
    if not plans:
        return
    dates = resolution_dates(scope)
    items: defaultdict[int, list[str]] = defaultdict(list)
    rows = WorkOffPlanItem.objects.filter(plan__in=plans).order_by("pk")
    for plan_pk, issue in rows.values_list("plan_id", "issue__public_id"):
        items[plan_pk].append(issue)
    for plan in plans:
        lines = [dates[issue] for issue in items[plan.pk] if issue in dates]
        duties = _duties(plan, lines, approved_on(plan, at), at=at) if plan.matter.state in _IN_FORCE else []
        keep_duties(matter=plan.matter, duties=duties, by=by, at=at)


def _duties(plan: WorkOffPlan, lines: list[DueLine], corrected: dict[str, dt.date], *, at: dt.datetime) -> list[Duty]:
    body = Body.PROVIDER if plan.provider else Body.DCC
    found: dict[tuple[str, str | None], Duty] = {}
    for line in lines:
        if line.due is None or line.severity is None:
            continue
        last_day = dt.date.fromisoformat(line.due)
        if line.issue in corrected:
            found[line.severity, line.due] = _corrected(plan, line, last_day, corrected[line.issue], body=body)
        elif line.working_days is not None and line.clock_start is not None:
            found[line.severity, line.clock_start] = Duty(
                window=f"{CLAUSE} {line.severity}",
                clause=CLAUSE,
                text=f"the Testing Issues of severity {line.severity} in the Work Off Plan are resolved",
                body=body,
                outcome=f"RESOLVE_SEVERITY_{line.severity}",
                trigger_on=dt.date.fromisoformat(line.clock_start),
                working_days=line.working_days,
                last_day=last_day,
            )
        else:
            found["set", line.due] = _set_by_tab(plan, last_day, body=body, at=at)
    return list(found.values())


def _corrected(plan: WorkOffPlan, line: DueLine, last_day: dt.date, approved: dt.date, *, body: Body) -> Duty:
    """Return the duty of a day that TAB approved with a correction plan, in place of the one before it (15.2)."""
    counted = line.working_days is not None
    return Duty(
        window=f"{CLAUSE} {line.severity}" if counted else f"{CLAUSE} set",
        clause=CLAUSE_OF_CORRECTION,
        text=f"the Testing Issues of severity {line.severity} for which TAB approved this day are resolved",
        body=body,
        outcome=f"RESOLVE_SEVERITY_{line.severity}" if counted else BY_SET_DAY,
        trigger_on=min(approved, last_day),
        working_days=0,
        last_day=last_day,
        is_set_day=True,
    )


def _set_by_tab(plan: WorkOffPlan, last_day: dt.date, *, body: Body, at: dt.datetime) -> Duty:
    """Return the duty of a day that TAB set with its approval, where 15.1 gives none."""
    approved = last_decision(plan.matter)
    set_on = min(last_day, london_date(approved.decided_at if approved else at))
    reading = reading_of(document=plan.matter.document, version=plan.matter.version, moment=at)
    off = non_working_days(first=set_on, last=last_day, moment=at, jurisdiction=reading.jurisdiction)
    return Duty(
        window=f"{CLAUSE} set",
        clause=CLAUSE,
        text="the Testing Issues of the Work Off Plan for which TAB set this day are resolved",
        body=body,
        outcome=BY_SET_DAY,
        trigger_on=set_on,
        working_days=max(0, working_days_between(set_on, last_day, non_working_days=off)),
        last_day=last_day,
        is_set_day=True,
    )
