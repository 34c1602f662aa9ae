"""The calendar of Working Days and its corrections."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import add_override, remove_override
from svtad.governance.calendar import published_holidays
from svtad.governance.forms import OverrideForm
from svtad.governance.models import NonWorkingDayOverride
from svtad.governance.policies import check_can_manage_calendar
from svtad.lib import clock
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page


@page("GET", "POST")
def calendar(request: PageRequest) -> HttpResponseBase:
    """Show the days that are no Working Days, this year and next, and take corrections with their source."""
    may, refused = allowed(check_can_manage_calendar, request.actor)
    form = OverrideForm(request.POST or None)
    if request.method == "POST":
        made = carried_out(
            form, lambda: add_override(**form.cleaned_data, audience=audience_of(*GOVERNANCE), by=request.actor)
        )
        if made is not None:
            return done(request, f"{made.day:%-d %B %Y}: corrected from now on.", "governance:calendar")
    year = clock.london_date(clock.now()).year
    context = {
        "title": "Working Days",
        "years": [(each, published_holidays(each)) for each in (year, year + 1)],
        "overrides": NonWorkingDayOverride.objects.order_by("-valid_from")[:200],
        "form": form,
        "may": may,
        "refused": refused,
    }
    return render(request, "governance/calendar.html", context, status=400 if form.errors else 200)


@page("POST")
def remove(request: PageRequest, pk: int) -> HttpResponseBase:
    """Let the published list hold again for a day."""
    override = get_object_or_404(NonWorkingDayOverride, pk=pk)
    remove_override(override=override, audience=audience_of(*GOVERNANCE), by=request.actor)
    return done(request, f"{override.day:%-d %B %Y}: the published list holds again.", "governance:calendar")
