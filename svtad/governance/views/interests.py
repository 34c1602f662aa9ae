"""Interests are declared on the page of a matter or of a meeting, and withdrawn there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse

from svtad.governance.actions import declare_interest, withdraw_interest
from svtad.governance.models import Interest, Matter, Meeting
from svtad.governance.views.matter import matter_page
from svtad.governance.views.meeting import Tried, item_of, items_of, meeting_page
from svtad.governance.views.meeting_forms import InterestForm
from svtad.governance.views.meeting_parts import interest_form
from svtad.parties.models import Organisation, Person
from svtad.parties.views.pages import PageRequest, carried_out, done, page, safe_back


@page("POST")
def declare(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Declare an interest in a matter."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    form = _form(request)
    made = carried_out(form, lambda: declare_interest(matter=found, **_given(request, form), by=request.actor))
    if made is None:
        return matter_page(request, found, declaring=form)
    return done(request, f"The interest of {made.name} is declared.", "governance:matter", found.public_id)


@page("POST")
def declare_at_meeting(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Declare an interest in an item of an agenda: in its matter, where it has one."""
    found = get_object_or_404(Meeting.objects.visible_to(request.actor), public_id=public_id)
    form = _form(request, items=items_of(request, found))

    def declared() -> Interest:
        item = item_of(request, found, form.cleaned_data["item"])
        return declare_interest(item=item, **_given(request, form), by=request.actor)

    made = carried_out(form, declared)
    if made is None:
        return meeting_page(request, found, Tried("interest", form))
    return done(request, f"The interest of {made.name} is declared.", "governance:meeting", found.public_id)


@page("POST")
def withdraw(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Withdraw a declared interest, with the reason."""
    interest = get_object_or_404(Interest.objects.visible_to(request.actor), public_id=public_id)
    withdraw_interest(interest=interest, reason=request.POST.get("reason", ""), by=request.actor)
    return done(request, f"The interest of {interest.name} is withdrawn.", safe_back(request, reverse("portal:home")))


def _form(request: PageRequest, *, items: Sequence[tuple[str, str]] | None = None) -> InterestForm:
    form = interest_form(request.actor, request.POST, items=items)
    if form is None:
        raise Http404
    return form


def _given(request: PageRequest, form: InterestForm) -> dict[str, Any]:
    """Return whose interest it is, and what."""
    whose, text = form.cleaned_data["whose"], form.cleaned_data["text"]
    if whose == "me":
        return {"person": get_object_or_404(Person, pk=request.actor.person_pk or 0), "text": text}
    if whose == "other":
        return {"name": form.cleaned_data["name"], "text": text}
    return {"organisation": Organisation.objects.get(public_id=whose.removeprefix("org:")), "text": text}
