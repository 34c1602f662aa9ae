"""One meeting: its agenda and papers, who was there, its minutes, and what it decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.forms import Form
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from svtad.governance.actions import (
    add_item,
    add_paper,
    approve_minutes,
    attach_minutes,
    cancel_meeting,
    change_meeting,
    hold_meeting,
    put_on_agenda,
    record_attendance,
    reorder_agenda,
    take_back_paper,
    take_off_agenda,
)
from svtad.governance.models import AgendaItem, Matter, Meeting, MeetingState, Paper
from svtad.governance.policies import check_can_keep_meeting
from svtad.governance.queries.events import PRODUCT, meeting_event
from svtad.governance.queries.meetings import (
    AgendaRow,
    agenda_of,
    attendance_of,
    candidates_for,
    minutes_of,
    quorum_of,
    rule_of,
)
from svtad.governance.queries.redacted import redact
from svtad.governance.views.meeting_forms import (
    ApprovalForm,
    BecauseForm,
    ItemForm,
    MeetingForm,
    MinutesForm,
    PaperForm,
    TakeOffForm,
)
from svtad.governance.views.meeting_parts import AttendanceForms, interest_form, withdrawable_by
from svtad.lib import clock
from svtad.lib.errors import InvalidInput
from svtad.lib.ical import calendar_of
from svtad.parties.audiences import audience_of
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page

AnyForm = TypeVar("AnyForm", bound=Form | None)


@dataclass(frozen=True)
class Tried:
    """A form of the page that has to be shown again, by its name."""

    name: str
    form: Form | AttendanceForms


@page("GET")
def meeting(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show one meeting."""
    return meeting_page(request, _found(request, public_id))


def meeting_page(request: PageRequest, found: Meeting, tried: Tried | None = None) -> HttpResponseBase:
    """Return the page of `found`; with the form that was `tried` and cannot be taken as it is."""
    moment = clock.now()
    may, refused = allowed(check_can_keep_meeting, request.actor, found)
    is_planned, was_held = found.state == MeetingState.PLANNED, found.state == MeetingState.HELD
    changes = may and is_planned
    rows = agenda_of(found, request.actor, moment=moment)
    attendance = attendance_of(found)
    minutes = minutes_of(found, request.actor)

    def form(name: str, make: Callable[[], AnyForm]) -> AnyForm:
        return tried.form if tried and tried.name == name else make()  # type: ignore[return-value]

    attending = None
    if may and found.state != MeetingState.CANCELLED:
        attending = tried.form if tried and tried.name == "attendance" else AttendanceForms.of(found, attendance)
    context = {
        "title": found.title,
        "meeting": found,
        "is_planned": is_planned,
        "was_held": was_held,
        "has_begun": found.starts_at <= moment,
        "may": may,
        "refused": refused,
        "changes": changes,
        "rows": rows,
        "withdrawable": withdrawable_by(request.actor, (each for row in rows for each in row.interests)),
        "decidable": [row for row in rows if row.waiting and row.waiting.steps],
        "attendance": attendance,
        "attending": attending,
        "attending_open": bool(tried and tried.name == "attendance"),
        "quorum": quorum_of(found, attendance),
        "rule": rule_of(found.body, found.starts_at),
        "minutes": minutes,
        "acts": _acts(request, rows, changes=changes, tried=tried),
        "cancel": form("cancel", lambda: BecauseForm(prefix="cancel")) if changes else None,
        "attach": form("minutes", lambda: MinutesForm(prefix="minutes")) if may and was_held else None,
        "approve": (
            form("approve", lambda: ApprovalForm(prefix="approve"))
            if may and was_held and minutes and not minutes.approved_at
            else None
        ),
        "opened": tried.name if tried else "",
        "synthetic": found.is_synthetic,
    }
    return render(request, "governance/meeting.html", context, status=400 if tried else 200)


def _acts(
    request: PageRequest, rows: Sequence[AgendaRow], *, changes: bool, tried: Tried | None
) -> list[tuple[str, str, str, Form, bool]]:
    """Return what can be done to the agenda: the words, the route, the button, the form, and whether it is open."""
    items = [(row.item.public_id, f"{row.number}. {row.item.heading}") for row in rows]
    forms: list[tuple[str, str, str, str, Form | None]] = []
    if changes:
        forms.append(("item", "Add something that is no matter", "add-item", "Add it", ItemForm(prefix="item")))
    if changes and rows:
        paper, off = PaperForm(items=items, prefix="paper"), TakeOffForm(items=items, prefix="off")
        forms.append(("paper", "Add a paper", "add-paper", "Add the paper", paper))
        forms.append(("off", "Take an item off", "take-off", "Take it off", off))
    if rows:
        interest = interest_form(request.actor, items=items)
        forms.append(("interest", "Declare an interest", "declare-at-meeting", "Declare the interest", interest))
    return [
        (words, f"governance:{route}", button, shown, bool(tried and tried.name == name))
        for name, words, route, button, form in forms
        if (shown := tried.form if tried and tried.name == name and isinstance(tried.form, Form) else form) is not None
    ]


def _found(request: PageRequest, public_id: str) -> Meeting:
    found: Meeting = get_object_or_404(Meeting.objects.visible_to(request.actor), public_id=public_id)
    return found


def items_of(request: PageRequest, found: Meeting) -> list[tuple[str, str]]:
    """Return the items of that meeting to choose from: those that the person may see."""
    items = AgendaItem.objects.visible_to(request.actor).standing().filter(meeting=found).select_related("matter")
    redact(request.actor, [item.matter for item in items if item.matter is not None])
    return [(item.public_id, item.heading) for item in items]


def item_of(request: PageRequest, found: Meeting, item_id: str) -> AgendaItem:
    """Return the item of that meeting. Raises InvalidInput where the person may not see it."""
    items = AgendaItem.objects.visible_to(request.actor).standing().filter(meeting=found)
    item: AgendaItem | None = items.filter(public_id=item_id).first()
    if item is None:
        raise InvalidInput.one("item", "There is no such item on the agenda any more.")
    return item


# --- when and where ------------------------------------------------------------------------------------


@page("GET", "POST")
def change(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Change when and where a planned meeting is."""
    found = _found(request, public_id)
    check_can_keep_meeting(request.actor, found)
    names = ("title", "starts_at", "ends_at", "place", "link")
    initial = {name: getattr(found, name) for name in names} | {"expected_revision": found.revision}
    form = MeetingForm(request.POST or None, initial=initial)
    if request.method == "POST":
        made = carried_out(form, lambda: change_meeting(meeting=found, **form.cleaned_data, by=request.actor))
        if made is not None:
            return done(request, f"{made.title}: changed.", "governance:meeting", made.public_id)
    context = {"title": f"Change {found.title}", "meeting": found, "form": form, "act": "Change the meeting"}
    return render(request, "governance/meeting_form.html", context, status=400 if form.errors else 200)


@page("POST")
def cancel(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Cancel a planned meeting, with the reason."""
    found = _found(request, public_id)
    form = BecauseForm(request.POST, prefix="cancel")
    made = carried_out(form, lambda: cancel_meeting(meeting=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return meeting_page(request, found, Tried("cancel", form))
    return done(request, f"{made.title} is cancelled.", "governance:meeting", found.public_id)


@page("POST")
def hold(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record that the meeting was held."""
    made = hold_meeting(meeting=_found(request, public_id), by=request.actor)
    return done(request, f"{made.title} was held.", "governance:meeting", made.public_id)


@page("GET")
def calendar_file(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Send the meeting as iCalendar. It names no matter: a calendar is shown to others."""
    found = _found(request, public_id)
    url = request.build_absolute_uri(reverse("governance:meeting", args=[found.public_id]))
    event = meeting_event(found, stamp=clock.now(), url=url)
    response = HttpResponse(calendar_of(event, product=PRODUCT), content_type="text/calendar")
    response["Content-Disposition"] = f'attachment; filename="{found.body.lower()}-meeting.ics"'
    return response


# --- the agenda ----------------------------------------------------------------------------------------


@page("GET")
def agenda(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show the agenda by itself, to be printed: what this person may see of it."""
    found = _found(request, public_id)
    context = {
        "title": f"Agenda of {found.title}",
        "meeting": found,
        "rows": agenda_of(found, request.actor, moment=clock.now()),
        "printed_at": clock.now(),
        "synthetic": found.is_synthetic,
    }
    return render(request, "governance/meeting_agenda.html", context)


@page("GET", "POST")
def draw(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show what waits for the body, and put on the agenda what is ticked of it."""
    found = _found(request, public_id)
    check_can_keep_meeting(request.actor, found)
    if request.method == "POST":
        matters = _ticked(request)
        made = put_on_agenda(meeting=found, matters=matters, by=request.actor)
        count = "1 matter is" if len(made) == 1 else f"{len(made)} matters are"
        return done(request, f"{count} put on the agenda.", "governance:meeting", found.public_id)
    context = {
        "title": f"Draw the agenda of {found.title}",
        "meeting": found,
        "candidates": candidates_for(found, request.actor, moment=clock.now()),
        "synthetic": found.is_synthetic,
    }
    return render(request, "governance/meeting_draw.html", context)


def _ticked(request: PageRequest) -> Sequence[Matter]:
    """Return the matters that were ticked, in the order of the page. Raises InvalidInput for none or a stranger."""
    wanted = list(dict.fromkeys(request.POST.getlist("matter")))
    seen = {each.public_id: each for each in Matter.objects.visible_to(request.actor).filter(public_id__in=wanted)}
    if not wanted or set(wanted) != set(seen):
        raise InvalidInput.one("matter", "Tick at least one of the matters that wait.")
    return [seen[public_id] for public_id in wanted]


@page("POST")
def add(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Put something that is no matter on the agenda."""
    found = _found(request, public_id)
    form = ItemForm(request.POST, prefix="item")
    made = carried_out(form, lambda: add_item(meeting=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return meeting_page(request, found, Tried("item", form))
    return done(request, f"{made.heading} is put on the agenda.", "governance:meeting", found.public_id)


@page("POST")
def order(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Bring the items into the order of the numbers that were given them."""
    found = _found(request, public_id)
    items = list(AgendaItem.objects.visible_to(request.actor).standing().filter(meeting=found))
    numbers: dict[int, float] = {}
    for item in items:
        text = request.POST.get(f"place-{item.public_id}", "").strip()
        if not (text.isascii() and text.isdigit() and len(text) < 6):
            raise InvalidInput.one("place", f"{item.heading}: give it a number.")
        numbers[item.pk] = int(text)
    in_order = sorted(items, key=lambda item: (numbers[item.pk], item.position))
    reorder_agenda(meeting=found, items=in_order, by=request.actor)
    return done(request, "The agenda is in this order.", "governance:meeting", found.public_id)


@page("POST")
def take_off(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Take an item off the agenda, with the reason."""
    found = _found(request, public_id)
    form = TakeOffForm(request.POST, items=items_of(request, found), prefix="off")

    def taken() -> AgendaItem:
        item = item_of(request, found, form.cleaned_data["item"])
        return take_off_agenda(item=item, reason=form.cleaned_data["reason"], by=request.actor)

    made = carried_out(form, taken)
    if made is None:
        return meeting_page(request, found, Tried("off", form))
    redact(request.actor, [made.matter] if made.matter else [])
    return done(request, f"{made.heading} is off the agenda.", "governance:meeting", found.public_id)


@page("POST")
def paper(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Keep a paper for an item."""
    found = _found(request, public_id)
    form = PaperForm(request.POST, request.FILES, items=items_of(request, found), prefix="paper")

    def keep() -> Paper:
        upload = form.cleaned_data["file"]
        return add_paper(
            item=item_of(request, found, form.cleaned_data["item"]),
            content=upload.file,
            name=upload.name or "paper",
            media_type=upload.content_type or "application/octet-stream",
            title=form.cleaned_data["title"],
            audience=audience_of("dcc") if form.cleaned_data["seen_by"] == "dcc" else None,
            by=request.actor,
        )

    made = carried_out(form, keep)
    if made is None:
        return meeting_page(request, found, Tried("paper", form))
    redact(request.actor, [made.item.matter] if made.item.matter else [])
    return done(request, f"{made.title} is with {made.item.heading}.", "governance:meeting", found.public_id)


@page("POST")
def take_back(request: PageRequest, public_id: str, paper_id: str) -> HttpResponseBase:
    """Take a paper back, with the reason."""
    found = _found(request, public_id)
    papers = Paper.objects.visible_to(request.actor).filter(item__meeting=found, removed_at=None)
    held = get_object_or_404(papers, public_id=paper_id)
    take_back_paper(paper=held, reason=request.POST.get("reason", ""), by=request.actor)
    return done(request, f"{held.title} is taken back.", "governance:meeting", found.public_id)


# --- who was there ------------------------------------------------------------------------------------


@page("POST")
def attend(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record who is at the meeting; once it was held, with the reason of the correction."""
    found = _found(request, public_id)
    forms = AttendanceForms.of(found, attendance_of(found), request.POST)
    given = forms.given()
    if given is None:
        return meeting_page(request, found, Tried("attendance", forms))
    attendees, named = given
    try:
        written = record_attendance(meeting=found, attendees=attendees, reason=forms.reason, by=request.actor)
    except InvalidInput as wrong:
        forms.show(wrong, named)
        return meeting_page(request, found, Tried("attendance", forms))
    message = "The attendance is recorded." if written else "Nothing changed: it was recorded so already."
    return done(request, message, "governance:meeting", found.public_id)


# --- minutes -------------------------------------------------------------------------------------------


@page("POST")
def minutes(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Keep the minutes."""
    found = _found(request, public_id)
    form = MinutesForm(request.POST, request.FILES, prefix="minutes")

    def keep() -> object:
        upload = form.cleaned_data["file"]
        return attach_minutes(
            meeting=found,
            content=upload.file,
            name=upload.name or "minutes",
            media_type=upload.content_type or "application/octet-stream",
            approved_at=form.cleaned_data["approved_at"],
            by=request.actor,
        )

    if carried_out(form, keep) is None:
        return meeting_page(request, found, Tried("minutes", form))
    return done(request, f"The minutes of {found.title} are kept.", "governance:meeting", found.public_id)


@page("POST")
def approve(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record when the minutes were approved."""
    found = _found(request, public_id)
    form = ApprovalForm(request.POST, prefix="approve")
    if carried_out(form, lambda: approve_minutes(meeting=found, **form.cleaned_data, by=request.actor)) is None:
        return meeting_page(request, found, Tried("approve", form))
    return done(request, f"The minutes of {found.title} are approved.", "governance:meeting", found.public_id)
