"""The inbox: what needs this person, what waits for others, what is overdue."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.gates.gathering.plans import PlanStanding, late_plans
from svtad.governance.models import BOARDS
from svtad.governance.policies import bodies_of, check_can_plan_meetings
from svtad.governance.queries import Waiting, waiting_for, waiting_on_others
from svtad.lib.clock import now
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, page
from svtad.rulebook.vocabulary import Body


@page("GET")
def inbox(request: PageRequest) -> HttpResponseBase:
    """Show what waits for the bodies that this person acts for, overdue first; `?body=` for one, `?as=csv` as CSV."""
    own = bodies_of(request.actor)
    asked = request.GET.get("body", "")
    bodies = frozenset({Body(asked)}) if asked in own else own
    moment = now()
    needs = waiting_for(request.actor, bodies=bodies, moment=moment)
    others = waiting_on_others(request.actor, bodies=bodies, moment=moment)
    late = late_plans(request.actor, moment=moment) if Body.DCC in bodies else []
    wanting = [each for each in late if each.wants_correction]
    if request.GET.get("as") == "csv":
        rows = [*_rows("Needs you", needs), *_asked(wanting), *_rows("Waits for others", others)]
        return csv_response("inbox.csv", _HEAD, rows)
    overdue = [each for each in needs if each.is_overdue]
    plans = {body for body in BOARDS if allowed(check_can_plan_meetings, request.actor, body)[0]}
    context = {
        "title": "Inbox",
        "for_agendas": {each.matter.pk for each in (*needs, *others) if _bodies(each) & plans},
        "answer": _answer(needs, overdue),
        "wanting": wanting,
        "bodies": sorted(own),
        "chosen": asked if asked in own else "",
        "lists": [
            ("Overdue", overdue, "Nothing that shall be done is overdue."),
            (
                "Needs you",
                [each for each in needs if not each.is_overdue],
                "Nothing. Matters whose next step is yours come here, and views that you are asked for.",
            ),
            ("Waits for others", others, "Nothing that you brought waits for anybody else."),
        ],
    }
    return render(request, "portal/inbox.html", context)


_HEAD = ("List", "Matter", "Title", "What", "Body", "Clause", "Last day", "Working Days left", "Overdue")


def _rows(name: str, found: Iterable[Waiting]) -> Iterable[tuple[object, ...]]:
    for each in found:
        left = each.deadline.left if each.deadline else None
        end = (each.last_day, left, each.is_overdue)
        if each.view is not None:
            yield (
                name,
                each.matter.reference,
                each.matter.title,
                "Give a view",
                each.view.body,
                each.view.clause,
                *end,
            )
        for duty in each.duties:
            owed = duty.deadline
            ends = (owed.last_day, duty.left, duty.is_over)
            yield (name, each.matter.reference, each.matter.title, owed.outcome, owed.body, owed.clause, *ends)
        for step in each.steps:
            yield (name, each.matter.reference, each.matter.title, step.outcome, step.body, step.clause, *end)


def _asked(plans: Iterable[PlanStanding]) -> Iterable[tuple[object, ...]]:
    """Yield what 15.2 asks of the DCC: a correction plan, as soon as something is overdue without one."""
    for each in plans:
        matter = each.plan.matter
        yield ("Needs you", matter.reference, matter.title, "PRESENT_CORRECTION_PLAN", Body.DCC, "15.2", "", "", True)


def _bodies(waiting: Waiting) -> set[str]:
    """Return the bodies that something waits for."""
    owing = {duty.deadline.body for duty in waiting.duties}
    return {step.body for step in waiting.steps} | owing | ({waiting.view.body} if waiting.view else set())


def _answer(needs: list[Waiting], overdue: list[Waiting]) -> str:
    if overdue:
        return f"{len(overdue)} overdue, {len(needs) - len(overdue)} more need you"
    if needs:
        return "1 matter needs you" if len(needs) == 1 else f"{len(needs)} matters need you"
    return "Nothing needs you"
