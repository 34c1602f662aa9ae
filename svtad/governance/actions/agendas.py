"""Agendas: what a meeting takes up, in which order, with which papers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, BinaryIO

from django.db import transaction
from django.db.models import Max

from svtad.audit.actions import record
from svtad.governance.actions.meetings import planned, shared_audience
from svtad.governance.files import store_file
from svtad.governance.models import AgendaItem, Matter, Meeting, Paper
from svtad.governance.policies import check_sees_matter
from svtad.governance.queries.inbox import open_to
from svtad.governance.queries.meetings import candidates_for, common_keys, is_for, keys_of
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Audience


@transaction.atomic
def put_on_agenda(
    *, meeting: Meeting, matters: Sequence[Matter], by: Actor, at: dt.datetime | None = None
) -> list[AgendaItem]:
    """Put matters on the agenda of a planned meeting, at its end, in the order given: all of them or none.

    Only a matter whose procedure gives the body a step, or asks for its view, in the state it is in. Raises
    ActionDenied, and Refused with every matter that cannot be put there and why.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    for matter in matters:
        check_sees_matter(by, matter)
    wanted = open_to(Matter.objects.filter(pk__in=[each.pk for each in matters]), bodies=(held.body,), moment=moment)
    there = set(AgendaItem.objects.standing().filter(meeting=held).values_list("matter_id", flat=True))
    refused = []
    for matter in matters:
        if matter.pk in there:
            refused.append(f"{matter.reference} is on this agenda already.")
        elif not is_for(wanted[matter.pk], held.body):
            refused.append(f"{matter.reference} has no step for {held.body} and does not ask for its view now.")
        there.add(matter.pk)
    if refused:
        raise Refused("", " ".join([*refused, "Nothing was put on the agenda."]))
    return [_add(held, matter=matter, by=by, at=moment) for matter in matters]


@transaction.atomic
def draw_agenda(*, meeting: Meeting, by: Actor, at: dt.datetime | None = None) -> list[AgendaItem]:
    """Put on the agenda of a planned meeting all that waits for its body and is on no other planned meeting of it.

    The most urgent comes first. What would be put there can be looked at before by `candidates_for`. Raises
    ActionDenied, and Refused where the meeting is no longer planned.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    waiting = [each.matter for each in candidates_for(held, by, moment=moment) if each.elsewhere is None]
    return put_on_agenda(meeting=held, matters=waiting, by=by, at=moment)


@transaction.atomic
def add_item(*, meeting: Meeting, title: str, by: Actor, at: dt.datetime | None = None) -> AgendaItem:
    """Put something that is no matter on the agenda of a planned meeting, at its end.

    Raises ActionDenied, Refused where the meeting is no longer planned, and InvalidInput without a title.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    line = plain_line(title)
    if not line:
        raise InvalidInput.one("title", "Say what it is about.")
    if len(line) > 300:
        raise InvalidInput.one("title", "At most 300 characters.")
    return _add(held, title=line, by=by, at=moment)


@transaction.atomic
def reorder_agenda(
    *, meeting: Meeting, items: Sequence[AgendaItem], by: Actor, at: dt.datetime | None = None
) -> list[AgendaItem]:
    """Bring the items that the person sees into the order given; items that they do not see keep their places.

    Raises ActionDenied, and Refused where the meeting is no longer planned or `items` is not what is there now.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    seen = list(AgendaItem.objects.visible_to(by).standing().filter(meeting=held))
    if {item.pk for item in items} != {item.pk for item in seen} or len(items) != len(seen):
        raise Refused("", "The agenda was changed meanwhile: look at it again first.")
    places = sorted(item.position for item in seen)
    moved = False
    for place, item in zip(places, items, strict=True):
        if item.position != place:
            moved = True
            item.position = place
            item.save(update_fields=["position"])
    if moved:
        order = {"order": [item.public_id for item in items]}
        _audit_items(held, "reorder_agenda", items, by=by, at=moment, detail=order)
    return list(items)


@transaction.atomic
def take_off_agenda(*, item: AgendaItem, reason: str, by: Actor, at: dt.datetime | None = None) -> AgendaItem:
    """Take an item off the agenda of a planned meeting, with the reason; it stays in the records.

    Raises ActionDenied, Refused where it is off already, and InvalidInput without a reason.
    """
    moment = at or now()
    held = planned(item.meeting, by=by)
    found = _seen(item, held, by=by)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why it is taken off.")
    found.removed_at, found.removed_reason = moment, plain_line(reason)[:300]
    found.save(update_fields=["removed_at", "removed_reason"])
    _audit_items(held, "take_off_agenda", [found], by=by, at=moment, detail={"reason": found.removed_reason})
    return found


@transaction.atomic
def add_paper(
    *,
    item: AgendaItem,
    content: bytes | BinaryIO,
    name: str,
    by: Actor,
    media_type: str = "application/octet-stream",
    title: str = "",
    audience: Audience | None = None,
    at: dt.datetime | None = None,
) -> Paper:
    """Keep a paper for an item of a planned meeting's agenda. `audience` may be narrower than the item's, never wider.

    Raises ActionDenied, Refused where the agenda stands, and InvalidInput by field.
    """
    moment = at or now()
    held = planned(item.meeting, by=by)
    found = _seen(item, held, by=by)
    whole = audience_of_item(found)
    chosen = audience or whole
    if not keys_of(chosen) or not keys_of(chosen) <= keys_of(whole):
        raise InvalidInput.one("audience", "A paper is for nobody who may not see its item.")
    file = store_file(
        content=content,
        name=name,
        media_type=media_type,
        purpose="paper",
        audience=chosen,
        by=by,
        at=moment,
        is_synthetic=held.is_synthetic,
    )
    paper: Paper = Paper.objects.create(
        item=found,
        file=file,
        title=(plain_line(title) or file.name)[:200],
        audience=chosen,
        recorded_at=moment,
        recorded_by=by.label,
    )
    _audit_paper(paper, "add_paper", by=by, at=moment, detail={"sha256": file.sha256})
    return paper


@transaction.atomic
def take_back_paper(*, paper: Paper, reason: str, by: Actor, at: dt.datetime | None = None) -> Paper:
    """Take a paper off the agenda of a planned meeting, with the reason; it stays in the records.

    Raises ActionDenied, Refused where it is off already or the agenda stands, and InvalidInput without a reason.
    """
    moment = at or now()
    planned(paper.item.meeting, by=by)
    found: Paper | None = Paper.objects.visible_to(by).select_for_update().filter(pk=paper.pk, removed_at=None).first()
    if found is None:
        raise Refused("", "There is no such paper on the agenda any more.")
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why it is taken back.")
    found.removed_at, found.removed_reason = moment, plain_line(reason)[:300]
    found.save(update_fields=["removed_at", "removed_reason"])
    _audit_paper(found, "take_back_paper", by=by, at=moment, detail={"reason": found.removed_reason})
    return found


def audience_of_item(item: AgendaItem) -> Audience:
    """Return who may see the item: the meeting's audience, as far as it may see the matter."""
    audiences = (item.meeting.audience, item.matter.audience) if item.matter else (item.meeting.audience,)
    return shared_audience(*audiences)


def _add(meeting: Meeting, *, by: Actor, at: dt.datetime, matter: Matter | None = None, title: str = "") -> AgendaItem:
    if matter is not None:
        shared_audience(meeting.audience, matter.audience)
    last = AgendaItem.objects.filter(meeting=meeting).aggregate(last=Max("position"))["last"] or 0
    item: AgendaItem = AgendaItem.objects.create(
        meeting=meeting, matter=matter, title=title, position=last + 1, recorded_at=at, recorded_by=by.label
    )
    _audit_items(meeting, "put_on_agenda", [item], by=by, at=at)
    return item


def _seen(item: AgendaItem, meeting: Meeting, *, by: Actor) -> AgendaItem:
    """Return the item as it stands. Raises Refused where it is off the agenda or not for the person's eyes."""
    found: AgendaItem | None = (
        AgendaItem.objects.visible_to(by)
        .standing()
        .filter(meeting=meeting, pk=item.pk)
        .select_related("matter")
        .first()
    )
    if found is None:
        raise Refused("", "There is no such item on the agenda any more.")
    return found


def _audit_items(
    meeting: Meeting,
    action: str,
    items: Sequence[AgendaItem],
    *,
    by: Actor,
    at: dt.datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write the audit event of an act on items: for those who may see every one of them."""
    matters = [item.matter for item in items if item.matter]
    audience = audience_of(*common_keys((meeting.audience, *(matter.audience for matter in matters))))
    subject = items[0] if len(items) == 1 else None
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="AgendaItem" if subject else "Meeting",
        subject_id=subject.public_id if subject else meeting.public_id,
        subject_label=f"{meeting.title}: {subject.heading}" if subject else f"{meeting.body}: {meeting.title}",
        scope_id=matters[0].scope_id if subject and matters else "",
        audience_id=audience.pk,
        detail={"meeting": meeting.public_id, **(detail or {})},
    )


def _audit_paper(paper: Paper, action: str, *, by: Actor, at: dt.datetime, detail: dict[str, Any]) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="Paper",
        subject_id=paper.public_id,
        subject_label=f"{paper.item.meeting.title}: {paper.title}",
        audience_id=paper.audience_id,
        detail={"meeting": paper.item.meeting.public_id, "item": paper.item.public_id, **detail},
    )
