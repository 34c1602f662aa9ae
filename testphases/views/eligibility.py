"""Eligibility Testing: each Party in each User Role (13.25)."""

from __future__ import annotations

from typing import Any

from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.vocabulary import EligibilityState
from testphases import actions
from testphases.actions.eligibility import TRANSITIONS
from testphases.forms import EligibilityForm, EligibilityMoveForm
from testphases.models import Eligibility
from testphases.policies import check_can_record_eligibility
from testphases.queries.eligibility import EligibilityAt, eligibility_at

MOVES = {EligibilityState.IN_PROGRESS: "It has begun", EligibilityState.COMPLETE: "It is completed successfully"}


@page("GET", "POST")
def eligibility(request: PageRequest) -> HttpResponseBase:
    """List how far Parties have come, or had (`?as_at=`); enter one. A Party is shown its own."""
    if request.method == "GET":
        return _page(request)
    form = EligibilityForm(request.POST)
    made = carried_out(form, lambda: actions.enter_eligibility(**form.cleaned_data, by=request.actor))
    if made is None:
        return _page(request, tried=("", form))
    return done(request, f"{made} is entered.", "testphases:eligibility")


@page("POST")
def move(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record that a Party began, or completed."""
    row = get_object_or_404(Eligibility.objects.visible_to(request.actor), public_id=public_id)
    form = EligibilityMoveForm(request.POST, prefix=public_id)
    made = carried_out(form, lambda: actions.move_eligibility(eligibility=row, **form.cleaned_data, by=request.actor))
    if made is None:
        return _page(request, tried=(public_id, form))
    return done(request, f"{row}: recorded.", "testphases:eligibility")


def _page(request: PageRequest, *, tried: tuple[str, Form] | None = None) -> HttpResponseBase:
    moment = moment_of(request) if request.method == "GET" else None
    may, refused = allowed(check_can_record_eligibility, request.actor)
    held = eligibility_at(request.actor, moment)
    if request.GET.get("as") == "csv":
        return csv_response(
            "eligibility-testing.csv",
            ("Party", "User Role", "State", "Since", "Eligible", "Why"),
            (
                (
                    row.eligibility.organisation.name,
                    row.eligibility.role,
                    row.state,
                    row.changes[-1].occurred_at if row.changes else "",
                    row.verdict,
                    row.why,
                )
                for row in held
            ),
        )
    key, form = tried or ("", None)
    rows = [_row(row, may and moment is None, form if row.eligibility.public_id == key else None) for row in held]
    context: dict[str, Any] = {
        "title": "Eligibility Testing",
        "rows": paged(request, rows),
        "total": len(held),
        "complete": sum(1 for row in held if row.state is EligibilityState.COMPLETE),
        "unheld": bool(held) and held[0].verdict == "CANNOT_EVALUATE",
        "own_view": not request.actor.may("see_all_phases"),
        "entering": form if form is not None and not key else EligibilityForm(),
        "adding": form is not None and not key,
        "may": may and moment is None,
        "refused": refused,
        "as_at": moment,
        "can_look_back": True,
    }
    return render(request, "testphases/eligibility.html", context, status=400 if tried else 200)


def _row(held: EligibilityAt, may: bool, tried: Form | None) -> tuple[EligibilityAt, str, Form | None, bool]:
    following = TRANSITIONS[held.state] if may else ()
    if not following:
        return held, "", None, False
    to_state = following[0]
    form = tried or EligibilityMoveForm(prefix=held.eligibility.public_id, initial={"to_state": to_state})
    return held, MOVES[EligibilityState(to_state)], form, tried is not None
