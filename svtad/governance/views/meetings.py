"""Meetings of the boards: which there are, planning one, and putting a matter on an agenda."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import plan_meeting, put_on_agenda, set_body_rule
from svtad.governance.models import BOARDS, BodyRule, Matter, MeetingState
from svtad.governance.policies import check_can_plan_meetings, check_can_set_body_rule
from svtad.governance.queries.meetings import meetings_for, open_meetings_for
from svtad.governance.queries.redacted import redact
from svtad.governance.views.meeting_forms import BodyRuleForm, MeetingForm
from svtad.lib import clock
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page


@page("GET")
def meetings(request: PageRequest) -> HttpResponseBase:
    """List the meetings that the person may see; `?body=`, `?when=` and `?state=` narrow it, `?as=csv` sends it."""
    body, when, state = (request.GET.get(name, "") for name in ("body", "when", "state"))
    rows = narrowed(meetings_for(request.actor), body=body, when=when, state=state)
    if request.GET.get("as") == "csv":
        return csv_response(
            "meetings.csv",
            ("Body", "Meeting", "State", "Begins", "Ends", "Place", "Address", "Items", "Reason", "Recorded by"),
            (
                (
                    each.body,
                    each.title,
                    each.get_state_display(),
                    each.starts_at,
                    each.ends_at,
                    each.place,
                    each.link,
                    each.item_count,
                    each.reason,
                    each.recorded_by,
                )
                for each in rows.iterator(chunk_size=500)
            ),
        )
    context = {
        "title": "Meetings",
        "meetings": paged(request, rows),
        "bodies": BOARDS,
        "states": MeetingState.choices,
        "chosen": {"body": body, "when": when, "state": state},
        "may_plan": bool(bodies_planned_by(request.actor)),
        "synthetic": rows.filter(is_synthetic=True).exists(),
    }
    return render(request, "governance/meetings.html", context)


def narrowed(rows: QuerySet[Any], *, body: str = "", when: str = "", state: str = "") -> QuerySet[Any]:
    """Return `rows` of one body, of one state, and either to come (from today on, the next first) or past."""
    if body in BOARDS:
        rows = rows.filter(body=body)
    if state in MeetingState.values:
        rows = rows.filter(state=state)
    today = clock.london_midnight_after(clock.london_date(clock.now()) - dt.timedelta(days=1))
    if when == "past":
        return rows.filter(starts_at__lt=today).order_by("-starts_at", "-pk")
    if when == "next":
        return rows.filter(starts_at__gte=today).order_by("starts_at", "pk")
    return rows.order_by("-starts_at", "-pk")


def bodies_planned_by(actor: Actor) -> list[str]:
    """Return the boards whose meetings `actor` may plan."""
    return [body.value for body in BOARDS if allowed(check_can_plan_meetings, actor, body)[0]]


@page("GET", "POST")
def plan(request: PageRequest) -> HttpResponseBase:
    """Plan a meeting of a board that one may plan for."""
    bodies = bodies_planned_by(request.actor)
    if not bodies:
        check_can_plan_meetings(request.actor, BOARDS[0])
    form = MeetingForm(request.POST or None, bodies=bodies, initial={"body": request.GET.get("body")})
    if request.method == "POST":
        made = carried_out(form, lambda: plan_meeting(**_given(form), body=form.cleaned_data["body"], by=request.actor))
        if made is not None:
            return done(request, f"{made.title} is planned.", "governance:meeting", made.public_id)
    context = {"title": "Plan a meeting", "form": form, "act": "Plan the meeting"}
    return render(request, "governance/meeting_form.html", context, status=400 if form.errors else 200)


def _given(form: MeetingForm) -> dict[str, Any]:
    return {name: form.cleaned_data[name] for name in ("title", "starts_at", "ends_at", "place", "link")}


@page("GET", "POST")
def put(request: PageRequest) -> HttpResponseBase:
    """Put the matter that `?matter=` names on the agenda of a planned meeting of a body that it is for."""
    source = request.POST if request.method == "POST" else request.GET
    matter = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=source.get("matter", ""))
    planned = [
        meeting
        for meeting in open_meetings_for(matter, request.actor, moment=clock.now())
        if allowed(check_can_plan_meetings, request.actor, meeting.body)[0]
    ]
    if request.method == "POST":
        meeting = next((each for each in planned if each.public_id == request.POST.get("meeting")), None)
        if meeting is None:
            raise InvalidInput.one("meeting", "Choose one of the planned meetings that this matter can go to.")
        put_on_agenda(meeting=meeting, matters=[matter], by=request.actor)
        return done(
            request, f"{matter.reference} is on the agenda of {meeting.title}.", "governance:meeting", meeting.public_id
        )
    redact(request.actor, [matter])
    context = {
        "title": f"Put {matter.reference} on an agenda",
        "matter": matter,
        "meetings": planned,
        "may_plan": bool(bodies_planned_by(request.actor)),
        "synthetic": matter.is_synthetic,
    }
    return render(request, "governance/meeting_put.html", context)


@page("GET", "POST")
def rules(request: PageRequest) -> HttpResponseBase:
    """Show what is set about each body's meetings, and let an administrator set it with its source."""
    may, refused = allowed(check_can_set_body_rule, request.actor)
    form = BodyRuleForm(request.POST or None, initial={"body": request.GET.get("body")})
    if request.method == "POST":
        made = carried_out(form, lambda: set_body_rule(**form.cleaned_data, by=request.actor))
        if made is not None:
            return done(request, f"{made.body}: set from now on.", "governance:body-rules")
    held = {rule.body: rule for rule in BodyRule.objects.current()}
    context = {
        "title": "What meetings need",
        "rows": [(body.value, held.get(body)) for body in BOARDS],
        "past": BodyRule.objects.filter(valid_to__isnull=False).order_by("-valid_from")[:100],
        "form": form,
        "may": may,
        "refused": refused,
    }
    return render(request, "governance/body_rules.html", context, status=400 if form.errors else 200)
