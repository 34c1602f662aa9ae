"""Meetings as a person reads them: their agenda, what could be put on it, who was there, whether that is a quorum."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from svtad.governance.models import (
    BOARDS,
    AgendaItem,
    Attendance,
    BodyRule,
    Capacity,
    Interest,
    Matter,
    Meeting,
    MeetingDecision,
    MeetingState,
    Minutes,
    Paper,
    Presence,
)
from svtad.governance.queries.inbox import Waiting, open_to, waiting_for
from svtad.governance.queries.redacted import redact, redact_decisions
from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.parties.models import Audience, Membership
from svtad.rulebook.procedures import PROCEDURES

Row = TypeVar("Row")


def keys_of(audience: Audience) -> frozenset[str]:
    """Return the keys of an audience."""
    return frozenset(audience.text.split(",")) - {""}


def common_keys(audiences: Iterable[Audience]) -> frozenset[str]:
    """Return the keys that all of `audiences` share: who has one of them sees all. What is public narrows nothing."""
    found: frozenset[str] | None = None
    for audience in audiences:
        keys = keys_of(audience)
        if "public" in keys:
            continue
        found = keys if found is None else found & keys
    return frozenset({"public"}) if found is None else found


def meetings_for(actor: Actor) -> QuerySet[Any]:
    """Return the meetings that `actor` may see, each with `item_count`: how many of its items `actor` may see."""
    counted = (
        AgendaItem.objects.visible_to(actor)
        .standing()
        .filter(meeting=OuterRef("pk"))
        .order_by()
        .values("meeting")
        .annotate(count=Count("pk"))
        .values("count")
    )
    found: QuerySet[Any] = Meeting.objects.visible_to(actor).annotate(item_count=Coalesce(Subquery(counted), 0))
    return found


# --- the agenda ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AgendaRow:
    """One item as a reader sees it: `number` counts among what they may see; `waiting` is what the body may do now."""

    number: int
    item: AgendaItem
    waiting: Waiting | None
    papers: tuple[Paper, ...]
    interests: tuple[Interest, ...]
    decisions: tuple[MeetingDecision, ...]

    @property
    def matter(self) -> Matter | None:
        """The matter, where the item is one."""
        return self.item.matter

    @property
    def standing_interests(self) -> tuple[Interest, ...]:
        """The interests that were not withdrawn."""
        return tuple(each for each in self.interests if not is_withdrawn(each))


def agenda_of(meeting: Meeting, actor: Actor, *, moment: dt.datetime) -> list[AgendaRow]:
    """Return the items of `meeting` that `actor` may see, in order, each with what belongs to it.

    A fixed number of queries, whatever there is.
    """
    items = list(AgendaItem.objects.visible_to(actor).standing().filter(meeting=meeting).select_related("matter"))
    matter_pks = [item.matter_id for item in items if item.matter_id]
    matters = Matter.objects.filter(pk__in=matter_pks)
    waiting = open_to(matters, bodies=(meeting.body,), moment=moment)
    papers = _by(
        Paper.objects.visible_to(actor).filter(item__in=items, removed_at=None).select_related("file"), "item_id"
    )
    taken = (
        MeetingDecision.objects.filter(item__in=items)
        .select_related("decision__document", "decision__supersedes", "decision__matter")
        .order_by("pk")
    )
    redact(actor, [item.matter for item in items if item.matter is not None])
    redact_decisions(actor, [each.decision for each in taken])
    decisions = _by(taken, "item_id")
    declared = interests_in(actor, matters=matter_pks, items=[item.pk for item in items])
    about_matter, about_item = _by(declared, "matter_id"), _by(declared, "item_id")
    return [
        AgendaRow(
            number=number,
            item=item,
            waiting=waiting.get(item.matter_id) if item.matter_id else None,
            papers=tuple(papers.get(item.pk, ())),
            interests=tuple(about_matter.get(item.matter_id, ()) if item.matter_id else about_item.get(item.pk, ())),
            decisions=tuple(decisions.get(item.pk, ())),
        )
        for number, item in enumerate(items, start=1)
    ]


def _by(rows: Iterable[Row], key: str) -> dict[int | None, list[Row]]:
    found: dict[int | None, list[Row]] = {}
    for row in rows:
        found.setdefault(getattr(row, key), []).append(row)
    return found


def is_for(waiting: Waiting, body: str) -> bool:
    """Return whether the matter's procedure gives `body` a step, or asks for its view, in the matter's state."""
    rules = PROCEDURES[waiting.matter.procedure]
    return bool(waiting.steps) or any(each.body == body for each in rules.consultations_in(waiting.matter.state))


@dataclass(frozen=True)
class Candidate:
    """A matter that waits for the body; `elsewhere` is another planned meeting that has it already."""

    waiting: Waiting
    elsewhere: Meeting | None

    @property
    def matter(self) -> Matter:
        """The matter."""
        return self.waiting.matter


def candidates_for(meeting: Meeting, actor: Actor, *, moment: dt.datetime) -> list[Candidate]:
    """Return what waits for the meeting's body, as far as `actor` may see it, and is not on its agenda: by urgency."""
    found: dict[int, Waiting] = {}
    for waiting in waiting_for(actor, bodies=(meeting.body,), moment=moment):
        found.setdefault(waiting.matter.pk, waiting)
    here = set(
        AgendaItem.objects.standing()
        .filter(meeting=meeting)
        .filter(matter__in=list(found))
        .values_list("matter_id", flat=True)
    )
    wanted = open_to(Matter.objects.filter(pk__in=found.keys() - here), bodies=(meeting.body,), moment=moment)
    audiences = Audience.objects.in_bulk({waiting.matter.audience_id for waiting in wanted.values()})
    elsewhere = planned_elsewhere(actor, meeting=meeting, matters=wanted)
    redact(actor, [waiting.matter for waiting in wanted.values()])
    return [
        Candidate(wanted[pk], elsewhere.get(pk))
        for pk in found
        if pk in wanted
        and is_for(wanted[pk], meeting.body)
        and common_keys((meeting.audience, audiences[wanted[pk].matter.audience_id]))
    ]


def planned_elsewhere(actor: Actor, *, meeting: Meeting, matters: Collection[int]) -> dict[int, Meeting]:
    """Return by matter the other planned meeting of the same body whose agenda has it."""
    items = (
        AgendaItem.objects.visible_to(actor)
        .standing()
        .filter(matter__in=list(matters), meeting__body=meeting.body, meeting__state=MeetingState.PLANNED)
        .exclude(meeting=meeting)
        .select_related("meeting")
    )
    return {item.matter_id: item.meeting for item in items if item.matter_id}


# --- the matter's side ---------------------------------------------------------------------------------


def meetings_of(matter: Matter, actor: Actor) -> list[AgendaItem]:
    """Return the items by which the matter stands on agendas that `actor` may see, the latest meeting first."""
    items = AgendaItem.objects.visible_to(actor).standing().filter(matter=matter).select_related("meeting")
    return list(items.order_by("-meeting__starts_at", "-pk"))


def boards_for(matter: Matter, *, moment: dt.datetime) -> list[str]:
    """Return the boards that have a step on the matter, or are asked for their view, in the state it is in."""
    steps_of = {
        body.value: open_to(Matter.objects.filter(pk=matter.pk), bodies=(body,), moment=moment)[matter.pk]
        for body in BOARDS
    }
    return [body for body, waiting in steps_of.items() if is_for(waiting, body)]


def open_meetings_for(matter: Matter, actor: Actor, *, moment: dt.datetime) -> list[Meeting]:
    """Return the planned meetings that `actor` may see, whose body the matter is for, and that do not have it yet."""
    have = AgendaItem.objects.standing().filter(matter=matter).values("meeting")
    planned = (
        Meeting.objects.visible_to(actor)
        .filter(state=MeetingState.PLANNED, body__in=boards_for(matter, moment=moment))
        .exclude(pk__in=have)
        .select_related("audience")
        .order_by("starts_at")
    )
    return [meeting for meeting in planned if common_keys((meeting.audience, matter.audience))]


def interests_in(actor: Actor, *, matters: Collection[int] = (), items: Collection[int] = ()) -> list[Interest]:
    """Return the interests declared on these matters and items that `actor` may see, with what withdrew them."""
    declared = Interest.objects.visible_to(actor).filter(
        Q(matter__in=list(matters)) | Q(item__in=list(items)), withdraws__isnull=True
    )
    return list(declared.select_related("withdrawn_by", "person", "organisation").order_by("pk"))


def is_withdrawn(interest: Interest) -> bool:
    """Return whether a later row withdrew it. Costs nothing on what `interests_in` returned."""
    return hasattr(interest, "withdrawn_by")


# --- who was there -------------------------------------------------------------------------------------


def attendance_of(meeting: Meeting) -> list[Attendance]:
    """Return who was there and who sent apologies, as the records stand: the chair first, then by capacity and name."""
    held = Attendance.objects.filter(meeting=meeting, replaced_by__isnull=True, is_void=False).select_related("person")
    capacities = list(Capacity)
    return sorted(
        held,
        key=lambda row: (
            not row.in_chair,
            row.presence != Presence.PRESENT,
            capacities.index(Capacity(row.capacity)),
            row.name.casefold(),
        ),
    )


def members_at(meeting: Meeting) -> list[Membership]:
    """Return who acts for the body on the day of the meeting, one row a person, by name."""
    held = (
        Membership.objects.held_on(london_date(meeting.starts_at))
        .filter(organisation__kind=meeting.body, person__is_service_account=False)
        .select_related("person", "organisation")
        .order_by("person__name", "pk")
    )
    return list({membership.person_id: membership for membership in held}.values())


@dataclass(frozen=True)
class Quorum:
    """What the body's rule says of a meeting. UNSURE: whether deputies count would settle it, and is not set."""

    state: Literal["NOT_SET", "MET", "SHORT", "UNSURE"]
    text: str

    @property
    def lacks(self) -> bool:
        """Whether a rule is set that is not shown to be kept."""
        return self.state in ("SHORT", "UNSURE")


def rule_of(body: str, moment: dt.datetime | None = None) -> BodyRule | None:
    """Return what was set about the body's meetings by `moment` (None: now), or None where nothing was."""
    rule: BodyRule | None = BodyRule.objects.held_at(moment).filter(body=body).first()
    return rule


def quorum_of(meeting: Meeting, attendance: Collection[Attendance] | None = None) -> Quorum:
    """Return whether the body's rule, as it was set when the meeting began, is kept by who was there.

    An empty rule is said to be empty. `attendance` saves the query where it was read already.
    """
    there = [
        row
        for row in (attendance_of(meeting) if attendance is None else attendance)
        if row.presence == Presence.PRESENT
    ]
    members = sum(row.capacity == Capacity.MEMBER for row in there)
    deputies = sum(row.capacity == Capacity.DEPUTY for row in there)
    has_chair = any(row.in_chair for row in there)
    rule = rule_of(meeting.body, meeting.starts_at)
    counted = f"{_many(members, 'member')}{' and ' + _many(deputies, 'deputy') if deputies else ''} present"
    no_chair = bool(rule and rule.chair_needed and not has_chair)
    chair = " A chair is needed and none is recorded." if no_chair else ""
    if rule is None or rule.quorum is None:
        text = f"No quorum is set for {meeting.body}. {counted}.{chair}"
        return Quorum("SHORT" if no_chair else "NOT_SET", text)
    counts = members + (deputies if rule.deputies_count else 0)
    text = f"{counted}, {rule.quorum} needed.{chair}"
    if counts >= rule.quorum:
        return Quorum("SHORT" if no_chair else "MET", text)
    if rule.deputies_count is None and members + deputies >= rule.quorum:
        return Quorum("SHORT" if no_chair else "UNSURE", f"{text} Whether deputies count is not set.")
    return Quorum("SHORT", text)


def _many(count: int, word: str) -> str:
    plural = {"member": "members", "deputy": "deputies"}[word]
    return f"{count} {word if count == 1 else plural}"


def minutes_of(meeting: Meeting, actor: Actor | None = None) -> Minutes | None:
    """Return the minutes that hold, or None; of those that `actor` may see where one is named."""
    rows = Minutes.objects.filter(meeting=meeting) if actor is None else Minutes.objects.visible_to(actor)
    last: Minutes | None = rows.filter(meeting=meeting).select_related("file").order_by("-pk").first()
    return last
