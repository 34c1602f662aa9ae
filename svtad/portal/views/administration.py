"""The way to what administrators keep: people, parameters, the calendar, jobs."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.governance.policies import check_can_see_outbox
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, page


@page("GET")
def administration(request: PageRequest) -> HttpResponseBase:
    """Name what is administered, and who may change it."""
    may_see_outbox, _ = allowed(check_can_see_outbox, request.actor)
    context = {"title": "Administration", "may_see_outbox": may_see_outbox}
    return render(request, "portal/administration.html", context)
