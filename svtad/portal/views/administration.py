"""The way to what administrators keep: people, parameters, the calendar, jobs."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.parties.views.pages import PageRequest, page


@page("GET")
def administration(request: PageRequest) -> HttpResponseBase:
    """Name what is administered, and who may change it."""
    return render(request, "portal/administration.html", {"title": "Administration"})
