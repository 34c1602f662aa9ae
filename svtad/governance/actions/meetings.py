"""Meetings are planned, changed, held or cancelled; their minutes are kept; what a body's rule wants is set."""

from __future__ import annotations

import datetime as dt
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, transaction

from svtad.audit.actions import record
from svtad.governance.files import store_file
from svtad.governance.models import BOARDS, AgendaItem, BodyRule, Matter, Meeting, MeetingState, Minutes
from svtad.governance.policies import check_can_keep_meeting, check_can_plan_meetings, check_can_set_body_rule
from svtad.governance.queries.meetings import common_keys, minutes_of
from svtad.lib.clock import now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import BODY_KEYS, Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience, OrganisationKind

#: The most members a quorum may ask for: anything above is a slip.
LARGEST_QUORUM = 100


def meeting_audience(body: str) -> Audience:
    """Return who may see the meetings of a board: its members and the DCC."""
    return audience_of("dcc", BODY_KEYS[OrganisationKind(body)])


@transaction.atomic
def plan_meeting(
    *,
    body: str,
    title: str,
    starts_at: dt.datetime,
    by: Actor,
    ends_at: dt.datetime | None = None,
    place: str = "",
    link: str = "",
    is_synthetic: bool = False,
    at: dt.datetime | None = None,
) -> Meeting:
    """Plan a meeting of a board, or enter one that was. `title` is what its decisions will name as their meeting.

    Raises ActionDenied, and InvalidInput by field: a body that does not meet, a title that another meeting of the body
    has, an end before the beginning, an address that is none.
    """
    moment = at or now()
    if body not in BOARDS:
        raise InvalidInput.one("body", f"Known: {', '.join(BOARDS)}.")
    check_can_plan_meetings(by, body)
    values = _checked(body, title=title, starts_at=starts_at, ends_at=ends_at, place=place, link=link)
    meeting = Meeting(
        body=body,
        audience=meeting_audience(body),
        is_synthetic=is_synthetic,
        recorded_at=moment,
        recorded_by=by.label,
        **values,
    )
    _saved(meeting)
    audit_meeting(meeting, "plan_meeting", by=by, at=moment, detail=_shown(values))
    return meeting


@transaction.atomic
def change_meeting(
    *,
    meeting: Meeting,
    title: str,
    starts_at: dt.datetime,
    by: Actor,
    ends_at: dt.datetime | None = None,
    place: str = "",
    link: str = "",
    expected_revision: int | None = None,
    at: dt.datetime | None = None,
) -> Meeting:
    """Change when and where a planned meeting is, or what it is called. `expected_revision` is what the person saw.

    Raises ActionDenied, Refused where it is held or cancelled or was changed meanwhile, and InvalidInput by field.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    if expected_revision is not None and expected_revision != held.revision:
        raise Refused("", f"{held.title} was changed meanwhile: look at it again first.")
    values = _checked(held.body, title=title, starts_at=starts_at, ends_at=ends_at, place=place, link=link, but=held.pk)
    before = {name: getattr(held, name) for name in values}
    changed = {name: value for name, value in values.items() if value != before[name]}
    if not changed:
        return held
    for name, value in changed.items():
        setattr(held, name, value)
    held.revision += 1
    _saved(held)
    detail = {"from": _shown({name: before[name] for name in changed}), "to": _shown(changed)}
    audit_meeting(held, "change_meeting", by=by, at=moment, detail=detail)
    return held


@transaction.atomic
def cancel_meeting(*, meeting: Meeting, reason: str, by: Actor, at: dt.datetime | None = None) -> Meeting:
    """Cancel a planned meeting, with the reason. What stood on its agenda can be put on another.

    Raises ActionDenied, Refused where it is held or cancelled, and InvalidInput without a reason.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why the meeting is cancelled.")
    held.state, held.reason, held.closed_at = MeetingState.CANCELLED, plain_line(reason)[:300], moment
    held.revision += 1
    held.save()
    audit_meeting(held, "cancel_meeting", by=by, at=moment, detail={"reason": held.reason})
    return held


@transaction.atomic
def hold_meeting(*, meeting: Meeting, by: Actor, at: dt.datetime | None = None) -> Meeting:
    """Record that a planned meeting was held. From then on its agenda stands, and its decisions can be recorded.

    Raises ActionDenied, and Refused where it is held or cancelled already or has not begun.
    """
    moment = at or now()
    held = planned(meeting, by=by)
    if held.starts_at > moment:
        raise Refused("", f"{held.title} has not begun: change its time first where it began earlier.")
    held.state, held.closed_at = MeetingState.HELD, moment
    held.save()
    audit_meeting(held, "hold_meeting", by=by, at=moment)
    return held


@transaction.atomic
def attach_minutes(
    *,
    meeting: Meeting,
    content: bytes | BinaryIO,
    name: str,
    by: Actor,
    media_type: str = "application/octet-stream",
    approved_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Minutes:
    """Keep the minutes of a meeting that was held; later ones take their place. Empty `approved_at`: a draft.

    They are for those alone who may see every matter of the agenda. Raises ActionDenied, Refused where the meeting was
    not held, and InvalidInput by field.
    """
    moment = at or now()
    held = was_held(meeting, by=by)
    _check_approved(held, approved_at, at=moment)
    file = store_file(
        content=content,
        name=name,
        media_type=media_type,
        purpose="minutes",
        audience=_audience_of_all(held),
        by=by,
        at=moment,
        is_synthetic=held.is_synthetic,
    )
    minutes: Minutes = Minutes.objects.create(
        meeting=held,
        file=file,
        audience=file.audience,
        approved_at=approved_at,
        recorded_at=moment,
        recorded_by=by.label,
    )
    _audit_minutes(minutes, "attach_minutes", by=by, at=moment)
    return minutes


@transaction.atomic
def approve_minutes(*, meeting: Meeting, approved_at: dt.datetime, by: Actor, at: dt.datetime | None = None) -> Minutes:
    """Record when the minutes that are kept were approved.

    Raises ActionDenied, Refused where there are none or they are approved, and InvalidInput for the time.
    """
    moment = at or now()
    held = was_held(meeting, by=by)
    last = minutes_of(held)
    if last is None:
        raise Refused("", f"No minutes of {held.title} are kept yet.")
    if last.approved_at is not None:
        raise Refused("", f"The minutes of {held.title} are approved already.")
    _check_approved(held, approved_at, at=moment)
    minutes: Minutes = Minutes.objects.create(
        meeting=held,
        file=last.file,
        audience=last.audience,
        approved_at=approved_at,
        recorded_at=moment,
        recorded_by=by.label,
    )
    _audit_minutes(minutes, "approve_minutes", by=by, at=moment)
    return minutes


@transaction.atomic
def set_body_rule(
    *,
    body: str,
    source: str,
    by: Actor,
    quorum: int | None = None,
    deputies_count: bool | None = None,
    chair_needed: bool | None = None,
    at: dt.datetime | None = None,
) -> BodyRule:
    """Set what a body's meetings need, from now on, with where that is laid down. None leaves a value empty.

    Raises ActionDenied, and InvalidInput for a body that does not meet, no source, or a number that cannot be.
    """
    moment = at or now()
    check_can_set_body_rule(by)
    errors = []
    if body not in BOARDS:
        errors.append(FieldError(None, "body", f"Known: {', '.join(BOARDS)}."))
    if quorum is not None and not 1 <= quorum <= LARGEST_QUORUM:
        errors.append(FieldError(None, "quorum", f"From 1 to {LARGEST_QUORUM} members, or empty."))
    if not source.strip():
        errors.append(FieldError(None, "source", "Say where this is laid down: a value without it would be a guess."))
    if errors:
        raise InvalidInput(errors)
    BodyRule.objects.select_for_update().current().filter(body=body).update(valid_to=moment)
    try:
        with transaction.atomic():
            rule: BodyRule = BodyRule.objects.create(
                body=body,
                quorum=quorum,
                deputies_count=deputies_count,
                chair_needed=chair_needed,
                source=plain_line(source)[:300],
                valid_from=moment,
                recorded_by=by.label,
            )
    except IntegrityError:
        raise Refused("", f"The rule of {body} was set meanwhile: look at it again first.") from None
    record(
        by=by,
        at=moment,
        action="set_body_rule",
        subject_kind="BodyRule",
        subject_id=rule.public_id,
        subject_label=str(rule),
        audience_id=audience_of(*GOVERNANCE).pk,
        detail={
            "body": body,
            "quorum": quorum,
            "deputies_count": deputies_count,
            "chair_needed": chair_needed,
            "source": rule.source,
        },
    )
    return rule


# --- what the other acts on meetings stand on ------------------------------------------------------------


def planned(meeting: Meeting, *, by: Actor) -> Meeting:
    """Return the locked row of a meeting that is still planned. Raises ActionDenied, and Refused where it is not."""
    held = locked(meeting, by=by)
    if held.state != MeetingState.PLANNED:
        raise Refused("", f"{held.title} is {held.get_state_display().lower()}: this can no longer be changed.")
    return held


def was_held(meeting: Meeting, *, by: Actor) -> Meeting:
    """Return the locked row of a meeting that was held. Raises ActionDenied, and Refused where it was not."""
    held = locked(meeting, by=by)
    if held.state != MeetingState.HELD:
        raise Refused("", f"{held.title} is {held.get_state_display().lower()}: record that it was held first.")
    return held


def locked(meeting: Meeting, *, by: Actor) -> Meeting:
    """Return the meeting's row, held until the transaction ends. Raises ActionDenied."""
    check_can_keep_meeting(by, meeting)
    held: Meeting = Meeting.objects.select_for_update().get(pk=meeting.pk)
    return held


def audit_meeting(
    meeting: Meeting,
    action: str,
    *,
    by: Actor,
    at: dt.datetime,
    detail: dict[str, Any] | None = None,
    audience: Audience | None = None,
) -> None:
    """Write the audit event of an act on a meeting: for those who see it, or for `audience` where that is narrower."""
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="Meeting",
        subject_id=meeting.public_id,
        subject_label=f"{meeting.body}: {meeting.title}",
        audience_id=meeting.audience_id if audience is None else audience.pk,
        detail=detail,
    )


def shared_audience(*audiences: Audience) -> Audience:
    """Return the audience of those who are in every one of `audiences`. Raises Refused where that is nobody."""
    keys = common_keys(audiences)
    if not keys:
        raise Refused("", "Nobody may see both: their audiences have nobody in common.")
    return audience_of(*keys)


def _audience_of_all(meeting: Meeting) -> Audience:
    """Return who may see the meeting and every matter that stands on its agenda."""
    matters = Matter.objects.filter(pk__in=AgendaItem.objects.standing().filter(meeting=meeting).values("matter"))
    return shared_audience(meeting.audience, *Audience.objects.filter(pk__in=matters.values("audience")))


def _audit_minutes(minutes: Minutes, action: str, *, by: Actor, at: dt.datetime) -> None:
    approved = minutes.approved_at
    detail = {"sha256": minutes.file.sha256, "approved_at": approved.isoformat() if approved else ""}
    audit_meeting(minutes.meeting, action, by=by, at=at, detail=detail, audience=minutes.audience)


def _check_approved(meeting: Meeting, approved_at: dt.datetime | None, *, at: dt.datetime) -> None:
    if approved_at is None:
        return
    if approved_at > at:
        raise InvalidInput.one("approved_at", "This is later than the moment it is recorded.")
    if approved_at < meeting.starts_at:
        raise InvalidInput.one("approved_at", "Minutes are not approved before the meeting.")


def _checked(
    body: str,
    *,
    title: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
    place: str,
    link: str,
    but: int | None = None,
) -> dict[str, Any]:
    """Return the values as they are stored. Raises InvalidInput with every field that cannot be."""
    title, place, link = plain_line(title), plain_line(place), link.strip()
    # To the second, as forms hold it: a decision is not earlier than its meeting by the rest of one.
    starts_at = starts_at.replace(microsecond=0)
    ends_at = ends_at.replace(microsecond=0) if ends_at else None
    errors = []
    if not title:
        errors.append(FieldError(None, "title", "A title is needed: decisions name it as their meeting."))
    elif len(title) > 120:
        errors.append(FieldError(None, "title", "At most 120 characters."))
    elif _is_taken(body, title, but=but):
        errors.append(FieldError(None, "title", f"Another meeting of {body} has this title."))
    errors += [
        FieldError(None, name, "This is not a moment of this century.")
        for name, moment in (("starts_at", starts_at), ("ends_at", ends_at))
        if moment is not None and not 2000 <= moment.year < 2100
    ]
    if ends_at is not None and ends_at <= starts_at:
        errors.append(FieldError(None, "ends_at", "A meeting ends after it began."))
    if len(place) > 200:
        errors.append(FieldError(None, "place", "At most 200 characters."))
    if link and not _is_web_address(link):
        errors.append(FieldError(None, "link", "This is not an address that begins with https:// or http://."))
    if errors:
        raise InvalidInput(errors)
    return {"title": title, "starts_at": starts_at, "ends_at": ends_at, "place": place, "link": link}


def _is_taken(body: str, title: str, *, but: int | None = None) -> bool:
    others = Meeting.objects.filter(body=body, title__iexact=title).exclude(state=MeetingState.CANCELLED)
    return bool(others.exclude(pk=but).exists())


def _is_web_address(link: str) -> bool:
    try:
        URLValidator(schemes=["https", "http"])(link)
    except ValidationError:
        return False
    return len(link) <= 500


def _saved(meeting: Meeting) -> None:
    """Write the row. Raises InvalidInput where another meeting took its title at the same moment."""
    try:
        with transaction.atomic():
            meeting.save()
    except IntegrityError:
        if _is_taken(meeting.body, meeting.title, but=meeting.pk):
            raise InvalidInput.one("title", f"Another meeting of {meeting.body} has this title.") from None
        raise


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, dt.datetime) else value for name, value in values.items()}
