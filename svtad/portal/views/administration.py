"""The way to what administrators keep: people, parameters, the calendar, jobs."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.governance.policies import check_can_see_outbox
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, page


@page("GET")
def administration(request: PageRequest) -> HttpResponseBase:
    """Name what is administered, and who may change it; linked is what this person may open."""
    may_see_outbox, _ = allowed(check_can_see_outbox, request.actor)
    context = {
        "title": "Administration",
        "may_see_outbox": may_see_outbox,
        "may_manage_people": request.actor.may("manage_people"),
        "may_see_audit": request.actor.may("see_audit"),
    }
    return render(request, "portal/administration.html", context)
