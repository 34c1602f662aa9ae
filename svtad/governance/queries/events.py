"""A person's calendar as events: last days of steps, days by which views are wanted, and meetings.

What they say is chosen for a calendar, which is shown to others and often fetched by somebody else's servers: the
reference and the clause, never what the matter is about. Who follows the address signs in to read that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable

from django.db.models import Exists, Max, OuterRef, Q

from svtad.audit.queries import last_acts
from svtad.governance.calendar import jurisdiction_words
from svtad.governance.models import Deadline, DeadlineKind, Decision, Matter, Meeting, MeetingState, View, ViewRequest
from svtad.governance.queries.asked import unanswered
from svtad.lib.clock import LONDON
from svtad.lib.ical import Event
from svtad.parties.actors import Actor
from svtad.rulebook.procedures import PROCEDURES
from svtad.rulebook.procedures.wording import capital, outcome_words, who

#: Who makes these calendars, and the end of every UID.
PRODUCT = "-//Testing Governance//EN"
_DOMAIN = "testing-governance"
#: How long what ended stays in a feed, as cancelled.
KEPT_CANCELLED = dt.timedelta(days=30)
#: How far back meetings go.
MEETINGS_SINCE = dt.timedelta(days=90)
#: What a deadline's `end` says where another took its place.
_MOVED = "MOVED"
#: Gives the address of a page: (route, public id).
Link = Callable[[str, str], str]


def events_for(actor: Actor, *, bodies: Collection[str], moment: dt.datetime, link: Link) -> list[Event]:
    """Return what the calendar of `actor` holds at `moment`, as far as they may see it; `bodies` is whom they act for.

    The last days of steps that `bodies` may take, or that matters which `bodies` brought wait for; the days by which
    their views are wanted; and meetings. What ended (the step was taken, the matter went another way, the view was
    given, the meeting was cancelled) is CANCELLED for a month and then gone: a calendar that follows the address
    would do without the first, but one that took a copy keeps it until it is told. A fixed number of queries.
    """
    return [
        *_deadlines(actor, bodies=bodies, moment=moment, link=link),
        *_views(actor, bodies=bodies, moment=moment, link=link),
        *_meetings(actor, moment=moment, link=link),
    ]


def meeting_event(meeting: Meeting, *, stamp: dt.datetime, url: str, changed_at: dt.datetime | None = None) -> Event:
    """Return a meeting as an event, at its London time. It names no matter: a calendar is shown to others."""
    return Event(
        uid=f"meeting-{meeting.public_id}@{_DOMAIN}",
        stamp=stamp,
        starts_at=meeting.starts_at.astimezone(LONDON),
        ends_at=meeting.ends_at.astimezone(LONDON) if meeting.ends_at else None,
        summary=meeting.title if meeting.body in meeting.title else f"{meeting.body}: {meeting.title}",
        location=meeting.place or meeting.link,
        description=f"Join: {meeting.link}" if meeting.link and meeting.place else "",
        url=url,
        sequence=meeting.revision,
        is_cancelled=meeting.state == MeetingState.CANCELLED,
        changed_at=changed_at,
    )


# --- last days of steps --------------------------------------------------------------------------------


def _deadlines(actor: Actor, *, bodies: Collection[str], moment: dt.datetime, link: Link) -> Iterable[Event]:
    recent = Q(ended_at=None) | (Q(ended_at__gt=moment - KEPT_CANCELLED) & ~Q(end=_MOVED))
    rows = list(
        Deadline.objects.visible_to(actor)
        .filter(recent, Q(body__in=bodies) | Q(matter__proposer__in=bodies))
        .select_related("matter")
    )
    before = _moved([row.matter_id for row in rows if row.replaces_id])
    for row in rows:
        history = _history(row, before)
        yield _deadline(row, history, link("governance:matter", row.matter.public_id))


def _moved(matters: Collection[int]) -> dict[int, Deadline]:
    """Return the deadlines of these matters whose places others took, by their key."""
    return {row.pk: row for row in Deadline.objects.filter(matter__in=matters, end=_MOVED)} if matters else {}


def _history(row: Deadline, before: dict[int, Deadline]) -> list[Deadline]:
    """Return what `row` took the place of, the first first, and `row` itself."""
    history = [row]
    while (earlier := before.get(history[0].replaces_id or 0)) is not None:
        history.insert(0, earlier)
    return history


def _deadline(row: Deadline, history: list[Deadline], url: str) -> Event:
    """Return the event of a deadline. Its UID is the first one's, so that a moved day moves the event."""
    ended = row.ended_at is not None
    counted = (
        f" {row.working_days} Working Days after {row.trigger_on:%a %-d %b %Y}"
        f"{', itself counted where it is one' if row.count_trigger_day else ', itself not counted'};"
        f" bank holidays of {jurisdiction_words(row.jurisdiction)}."
    )
    lines = [
        f"{capital(row.text)}.{'' if row.kind == DeadlineKind.SET_DAY else counted}",
        f"In time until the end of the day in London ({row.clause}).",
        *(
            [f"Moved from {history[-2].last_day:%a %-d %b %Y}: {row.reason}"]
            if len(history) > 1 and row.replaces_id
            else []
        ),
    ]
    changed = row.ended_at or row.recorded_at
    return Event(
        uid=f"deadline-{history[0].public_id}@{_DOMAIN}",
        stamp=changed,
        changed_at=changed,
        starts_at=row.last_day,
        summary=f"Last day: {capital(who(row.body))} {_step(row)} · {row.matter.reference} ({row.clause})",
        description="\n".join(lines),
        url=url,
        sequence=len(history) - 1 + ended,
        is_cancelled=ended,
    )


def _step(row: Deadline) -> str:
    if row.kind != DeadlineKind.STEP:
        return f"shall {outcome_words(row.outcome)}"
    rules = PROCEDURES.get(row.matter.procedure)
    steps = rules.transitions if rules else ()
    duty = next((step.duty for step in steps if (step.body, step.outcome) == (row.body, row.outcome)), "may")
    return f"{duty} {outcome_words(row.outcome)}"


# --- views ---------------------------------------------------------------------------------------------


def _views(actor: Actor, *, bodies: Collection[str], moment: dt.datetime, link: Link) -> Iterable[Event]:
    said = View.objects.filter(is_remark=False)
    asked = list(
        ViewRequest.objects.filter(matter__in=Matter.objects.visible_to(actor))
        .filter(body__in=bodies, respond_by__isnull=False)
        .exclude(Exists(said.filter(request=OuterRef("pk"), recorded_at__lte=moment - KEPT_CANCELLED)))
        .select_related("matter")
    )
    given = dict(
        said.filter(request__in=[row.pk for row in asked]).order_by("-pk").values_list("request_id", "recorded_at")
    )
    wanted = {row.pk for row in unanswered(ViewRequest.objects.filter(pk__in=[row.pk for row in asked]))}
    overtaken = _overtaken([row for row in asked if row.pk not in wanted and row.pk not in given])
    for row in asked:
        # The first answer, since a later one corrects it; or when the matter went past the request.
        ended = given.get(row.pk) or overtaken.get(row.pk)
        if ended is not None and ended <= moment - KEPT_CANCELLED:
            continue
        changed = ended or row.recorded_at
        yield Event(
            uid=f"view-{row.public_id}@{_DOMAIN}",
            stamp=changed,
            changed_at=changed,
            starts_at=row.respond_by or row.recorded_at,
            summary=f"View of {who(row.body)} wanted · {row.matter.reference} ({row.clause})",
            description="By the end of the day in London. Once it is past, “no view” can be recorded.",
            url=link("governance:matter", row.matter.public_id),
            sequence=1 if ended else 0,
            is_cancelled=ended is not None,
        )


def _overtaken(requests: Collection[ViewRequest]) -> dict[int, dt.datetime]:
    """Return since when each request that nobody answered waits for nobody: the last step, or request, after it."""
    if not requests:
        return {}
    matters = {row.matter_id for row in requests}
    steps = dict(
        Decision.objects.filter(matter__in=matters)
        .order_by()
        .values("matter_id")
        .annotate(last=Max("recorded_at"))
        .values_list("matter_id", "last")
    )
    asked = {
        (matter, body): last
        for matter, body, last in ViewRequest.objects.filter(matter__in=matters)
        .order_by()
        .values("matter_id", "body")
        .annotate(last=Max("recorded_at"))
        .values_list("matter_id", "body", "last")
    }
    return {
        row.pk: max(row.recorded_at, steps.get(row.matter_id, row.recorded_at), asked[row.matter_id, row.body])
        for row in requests
    }


# --- meetings ------------------------------------------------------------------------------------------


def _meetings(actor: Actor, *, moment: dt.datetime, link: Link) -> Iterable[Event]:
    gone = Q(state=MeetingState.CANCELLED, closed_at__lte=moment - KEPT_CANCELLED)
    rows = list(Meeting.objects.visible_to(actor).filter(starts_at__gte=moment - MEETINGS_SINCE).exclude(gone))
    changes = last_acts(
        kind="Meeting",
        subjects=[row.public_id for row in rows],
        actions=("plan_meeting", "change_meeting", "cancel_meeting", "hold_meeting"),
    )
    for row in sorted(rows, key=lambda each: (each.starts_at, each.pk)):
        changed = changes.get(row.public_id, row.closed_at or row.recorded_at)
        url = link("governance:meeting", row.public_id)
        yield meeting_event(row, stamp=changed, changed_at=changed, url=url)
