"""The calendar: a month of Working Days, last days and meetings; corrections of it; and what they would move."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import add_override, move_deadlines, remove_override
from svtad.governance.calendar import JURISDICTIONS, LISTS, holiday_names, jurisdiction_words
from svtad.governance.forms import MoveForm, OverrideForm
from svtad.governance.models import NonWorkingDayOverride
from svtad.governance.policies import check_can_manage_calendar
from svtad.governance.queries.deadlines import Moves, moves_for
from svtad.governance.queries.months import Day, Month, month_for, readings_at
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.rulebook.deadlines import WINDOWS
from svtad.rulebook.procedures.wording import outcome_words

#: Jurisdictions as readings name them; the lists' own names are not offered beside them.
_OFFERED = tuple(name for name in JURISDICTIONS if name not in LISTS)


@page("GET")
def calendar(request: PageRequest) -> HttpResponseBase:
    """Show the month that `?month=` names (this one by default); `?where=` for whose days, `?as=csv` as CSV."""
    moment = clock.now()
    readings = readings_at(moment)
    asked = request.GET.get("where", "")
    where = asked if asked in _OFFERED else readings[-1].held.jurisdiction
    month = month_for(
        request.actor,
        _month_asked(request.GET.get("month", ""), clock.london_date(moment)),
        jurisdiction=where,
        moment=moment,
    )
    if request.GET.get("as") == "csv":
        return csv_response(f"calendar-{month.first:%Y-%m}.csv", _HEAD, _rows(month))
    days = month.days
    context = {
        "title": f"Calendar of {month.first:%B %Y}",
        "month": month,
        "due": sum(len(day.due) for day in days),
        "meetings": sum(len(day.meetings) for day in days),
        "readings": readings,
        "windows": WINDOWS.values(),
        "where": where,
        "where_words": jurisdiction_words(where),
        "offered": [(name, jurisdiction_words(name)) for name in _OFFERED],
        "weekdays": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        "synthetic": any(each.is_synthetic for day in days for each in day.meetings)
        or any(each.matter.is_synthetic for day in days for each in day.due),
    }
    return render(request, "governance/calendar.html", context)


def _month_asked(text: str, today: dt.date) -> dt.date:
    """Return the first day of the month that the address asks for, or of today's. Raises InvalidInput."""
    if not text.strip():
        return today.replace(day=1)
    try:
        first = dt.date.fromisoformat(f"{text.strip()}-01")
    except ValueError:
        first = dt.date.min
    if not 2000 <= first.year < 2100:
        raise InvalidInput.one("month", "write a year of this century and a month, such as 2026-11")
    return first


_HEAD = (
    "Day", "Weekday", "Working Day", "What", "Name", "Matter", "Body", "Clause", "Begins", "State",
    "Working Days left", "Source",
)  # fmt: skip


def _rows(month: Month) -> Iterator[tuple[object, ...]]:
    """Yield a line for each day of the month that holds something, and each thing that it holds."""
    for day in month.days:
        yield from _lines(day)


def _lines(day: Day) -> Iterator[tuple[object, ...]]:
    head = (day.day, f"{day.day:%A}", day.is_working_day)
    for note in day.notes:
        what = "Correction" if note.is_correction else "Holiday"
        state = "a Working Day" if note.is_working_day else "not a Working Day"
        yield (*head, what, f"{note.name} ({note.where})", None, None, None, None, state, None, note.source)
    for due in day.due:
        what, name = ("Last day", outcome_words(due.outcome)) if due.outcome else ("View wanted", "View")
        left = due.count.left if due.count else None
        state = due.state.capitalize()
        yield (*head, what, name, due.matter.reference, due.body, due.clause, None, state, left, None)
    for each in day.meetings:
        state = each.get_state_display()
        yield (*head, "Meeting", each.title, None, each.body, None, each.starts_at, state, None, None)


@page("GET", "POST")
def holidays(request: PageRequest) -> HttpResponseBase:
    """Show the days that are no Working Days, this year and next, and take corrections with their source."""
    may, refused = allowed(check_can_manage_calendar, request.actor)
    form = OverrideForm(request.POST or None)
    if request.method == "POST":
        made = carried_out(
            form, lambda: add_override(**form.cleaned_data, audience=audience_of(*GOVERNANCE), by=request.actor)
        )
        if made is not None:
            return _corrected(request, f"{made.day:%-d %B %Y}: corrected from now on.")
    year = clock.london_date(clock.now()).year
    context = {
        "title": "Working Days",
        "years": [(each, sorted(holiday_names(each).items())) for each in (year, year + 1)],
        "overrides": NonWorkingDayOverride.objects.order_by("-valid_from")[:200],
        "form": form,
        "may": may,
        "refused": refused,
    }
    return render(request, "governance/holidays.html", context, status=400 if form.errors else 200)


@page("POST")
def remove(request: PageRequest, pk: int) -> HttpResponseBase:
    """Let the published list hold again for a day."""
    override = get_object_or_404(NonWorkingDayOverride, pk=pk)
    remove_override(override=override, audience=audience_of(*GOVERNANCE), by=request.actor)
    return _corrected(request, f"{override.day:%-d %B %Y}: the published list holds again.")


def _corrected(request: PageRequest, message: str) -> HttpResponseBase:
    """Go on to what the correction would move, where it would move anything: nothing has moved yet."""
    moves = moves_for(request.actor, clock.now())
    if not moves.total:
        return done(request, f"{message} No open deadline is counted differently.", "governance:holidays")
    return done(request, f"{message} Nothing has moved yet: see what would.", "governance:moves")


@page("GET", "POST")
def moves(request: PageRequest) -> HttpResponseBase:
    """Show which open deadlines the calendar of now puts on another day, and move what is confirmed.

    Everybody sees those that they may see, so that who waits knows what may come. How many there are in all is told
    to who may confirm: a count is knowledge too.
    """
    may, refused = allowed(check_can_manage_calendar, request.actor)
    found = moves_for(request.actor, clock.now())
    form = MoveForm(request.POST or None)
    if request.method == "POST":
        check_can_manage_calendar(request.actor)
        moved = carried_out(form, lambda: _confirm(request, found, form.cleaned_data["reason"]))
        if moved is not None:
            many = f"{moved} deadline{'s' if moved != 1 else ''}"
            return done(request, f"{many} moved. Whoever waits for them sees the new count.", "governance:moves")
    context = {
        "title": "What would move",
        "moves": found,
        "form": form,
        "may": may,
        "refused": refused,
        "chosen": set(request.POST.getlist("deadline")),
        "was_sent": request.method == "POST",
        "synthetic": any(each.deadline.matter.is_synthetic for each in found.seen),
    }
    return render(request, "governance/moves.html", context, status=400 if form.errors else 200)


def _confirm(request: PageRequest, found: Moves, reason: str) -> int:
    """Move what was ticked, as it was shown; return how many. Raises Refused where it is otherwise by now."""
    shown = {f"{each.deadline.public_id} {each.new_day}": each for each in found.seen}
    chosen = request.POST.getlist("deadline")
    if not shown.keys() >= set(chosen):
        raise Refused("", "What would move changed meanwhile: look at it again first.")
    deadlines = [shown[key].deadline for key in chosen]
    expected = {shown[key].deadline.pk: shown[key].new_day for key in chosen}
    if "unseen" in request.POST:
        if request.POST["unseen"] != str(len(found.unseen)):
            raise Refused("", "What would move changed meanwhile: look at it again first.")
        deadlines += [each.deadline for each in found.unseen]
        expected |= {each.deadline.pk: each.new_day for each in found.unseen}
    if not deadlines:
        raise InvalidInput.one("", "Tick the deadlines that are to move.")
    return len(move_deadlines(deadlines=deadlines, expected=expected, reason=reason, by=request.actor))
