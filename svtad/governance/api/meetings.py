"""REST: meetings of the boards and their agendas."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.models import BOARDS, Capacity, Matter, Meeting, MeetingState, Presence
from svtad.governance.queries.meetings import (
    AgendaRow,
    agenda_of,
    attendance_of,
    meetings_for,
    minutes_of,
    quorum_of,
)
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import (
    CURSOR_PARAMETERS,
    MomentField,
    PublicIdField,
    StrictSerializer,
    answers,
    checked,
    cursor_page_of,
    find,
)
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView

_BODIES = [body.value for body in BOARDS]


class MeetingSerializer(serializers.Serializer[Any]):
    """A meeting of a board. `items` counts what the caller may see of its agenda."""

    id = serializers.CharField()
    body = serializers.ChoiceField(choices=_BODIES)
    title = serializers.CharField()
    state = serializers.ChoiceField(choices=MeetingState.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(allow_null=True)
    place = serializers.CharField()
    link = serializers.CharField()
    reason = serializers.CharField(help_text="Why it was cancelled.")
    revision = serializers.IntegerField(help_text="Counts its changes.")
    items = serializers.IntegerField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class QuorumSerializer(serializers.Serializer[Any]):
    """What the body's rule says of who was there. NOT_SET: no quorum is set. UNSURE: whether deputies count is not."""

    state = serializers.ChoiceField(choices=["NOT_SET", "MET", "SHORT", "UNSURE"])
    text = serializers.CharField()


class AttendanceSerializer(serializers.Serializer[Any]):
    """Somebody who was there, or sent apologies. `person` is null for who has no account."""

    person = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    represents = serializers.CharField()
    capacity = serializers.ChoiceField(choices=Capacity.choices)
    presence = serializers.ChoiceField(choices=Presence.choices)
    in_chair = serializers.BooleanField()


class MinutesSerializer(serializers.Serializer[Any]):
    """The minutes that are kept; a draft until they are approved. Their bytes are at `/files/{file}/content`."""

    file = serializers.CharField()
    approved_at = serializers.DateTimeField(allow_null=True)


class MeetingDetailSerializer(MeetingSerializer):
    """A meeting with who was there, whether that is a quorum, and its minutes where the caller may see them."""

    quorum = QuorumSerializer()
    attendance = AttendanceSerializer(many=True)
    minutes = MinutesSerializer(allow_null=True)


class PaperSerializer(serializers.Serializer[Any]):
    """A paper for an item. Its bytes are at `/files/{file}/content`."""

    id = serializers.CharField()
    title = serializers.CharField()
    file = serializers.CharField()


class InterestSerializer(serializers.Serializer[Any]):
    """A conflict of interest that was declared and not withdrawn."""

    id = serializers.CharField()
    name = serializers.CharField()
    text = serializers.CharField()
    declared_at = serializers.DateTimeField()


class AgendaItemSerializer(serializers.Serializer[Any]):
    """An item that the caller may see: a matter, or anything else by its title. `steps` is what the body may do now."""

    id = serializers.CharField()
    number = serializers.IntegerField()
    title = serializers.CharField()
    matter = serializers.CharField(allow_null=True)
    steps = serializers.ListField(child=serializers.CharField())
    last_day = serializers.DateField(allow_null=True)
    papers = PaperSerializer(many=True)
    interests = InterestSerializer(many=True)
    decisions = serializers.ListField(child=serializers.CharField(), help_text="Ids of what was decided there.")


class MeetingFilter(StrictSerializer):
    """What a list of meetings may be narrowed by."""

    body = serializers.ChoiceField(choices=_BODIES, required=False)
    state = serializers.ChoiceField(choices=MeetingState.choices, required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class MeetingIn(StrictSerializer):
    """A meeting to plan."""

    body = serializers.ChoiceField(choices=_BODIES)
    title = serializers.CharField(max_length=120, help_text="Its decisions name it as their meeting.")
    starts_at = MomentField()
    ends_at = MomentField(required=False, allow_null=True, default=None)
    place = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    link = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


class AgendaIn(StrictSerializer):
    """What to put on an agenda: these matters, or with `draw` all that waits for the body."""

    matters = serializers.ListField(child=PublicIdField(), required=False, default=list, max_length=500)
    draw = serializers.BooleanField(required=False, default=False)


class Meetings(ApiView):
    """Meetings of the boards."""

    @extend_schema(
        operation_id="meetings_list",
        tags=["meetings"],
        parameters=[MeetingFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(MeetingSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the meetings that the caller may see, the last entered first."""
        wanted = checked(MeetingFilter, request.query_params.dict())
        narrowed = {name: wanted[name] for name in ("body", "state") if name in wanted}
        return self.cursor(meetings_for(self.actor).filter(**narrowed), show_meeting)

    @extend_schema(
        operation_id="meetings_create",
        tags=["meetings"],
        request=MeetingIn,
        responses=answers({201: MeetingDetailSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Plan a meeting, or enter one that was."""
        made = actions.plan_meeting(**checked(MeetingIn, request.data), by=self.actor)
        return Response(show_meeting_whole(seen(self.actor, made.public_id), self.actor), status=201)


class OneMeeting(ApiView):
    """One meeting."""

    @extend_schema(
        operation_id="meetings_get", tags=["meetings"], responses=answers({200: MeetingDetailSerializer}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Show a meeting with who was there and whether that is a quorum."""
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor))


class Agenda(ApiView):
    """What a meeting takes up."""

    @extend_schema(
        operation_id="meetings_agenda",
        tags=["meetings"],
        responses=answers({200: AgendaItemSerializer(many=True)}, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the items that the caller may see, in order."""
        rows = agenda_of(seen(self.actor, public_id), self.actor, moment=now())
        return Response([show_agenda_row(row) for row in rows])

    @extend_schema(
        operation_id="meetings_put",
        tags=["meetings"],
        request=AgendaIn,
        responses=answers({201: AgendaItemSerializer(many=True)}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Put matters on the agenda of a planned meeting, all of them or none; answer with the whole agenda."""
        meeting = seen(self.actor, public_id)
        given = checked(AgendaIn, request.data)
        if bool(given["matters"]) == given["draw"]:
            raise InvalidInput.one("matters", "Name matters, or draw what waits.")
        if given["draw"]:
            actions.draw_agenda(meeting=meeting, by=self.actor)
        else:
            matters = _matters(self.actor, given["matters"])
            actions.put_on_agenda(meeting=meeting, matters=matters, by=self.actor)
        rows = agenda_of(meeting, self.actor, moment=now())
        return Response([show_agenda_row(row) for row in rows], status=201)


def seen(actor: Actor, public_id: str) -> Any:
    """Return the meeting of that id, as `meetings_for` finds it. Raises NotFound."""
    return find(meetings_for(actor), public_id)


def _matters(actor: Actor, public_ids: list[str]) -> list[Matter]:
    """Return the matters in the order asked for. Raises InvalidInput for one that the caller may not see."""
    seen = {each.public_id: each for each in Matter.objects.visible_to(actor).filter(public_id__in=public_ids)}
    if set(public_ids) != set(seen):
        raise InvalidInput.one("matters", "There is no such matter among those you may see.")
    return [seen[public_id] for public_id in dict.fromkeys(public_ids)]


def show_meeting(meeting: Any) -> dict[str, Any]:
    """Return the meeting, as `meetings_for` found it, as `MeetingSerializer` describes it."""
    return {
        "id": meeting.public_id,
        "body": meeting.body,
        "title": meeting.title,
        "state": meeting.state,
        "starts_at": meeting.starts_at,
        "ends_at": meeting.ends_at,
        "place": meeting.place,
        "link": meeting.link,
        "reason": meeting.reason,
        "revision": meeting.revision,
        "items": meeting.item_count,
        "recorded_at": meeting.recorded_at,
        "recorded_by": meeting.recorded_by,
    }


def show_meeting_whole(meeting: Meeting, actor: Actor) -> dict[str, Any]:
    """Return the meeting as `MeetingDetailSerializer` describes it, its minutes where `actor` may see them."""
    there = attendance_of(meeting)
    quorum = quorum_of(meeting, there)
    minutes = minutes_of(meeting, actor)
    return show_meeting(meeting) | {
        "quorum": {"state": quorum.state, "text": quorum.text},
        "attendance": [
            {
                "person": row.person.public_id if row.person else None,
                "name": row.name,
                "represents": row.represents,
                "capacity": row.capacity,
                "presence": row.presence,
                "in_chair": row.in_chair,
            }
            for row in there
        ],
        "minutes": {"file": minutes.file.public_id, "approved_at": minutes.approved_at} if minutes else None,
    }


def show_agenda_row(row: AgendaRow) -> dict[str, Any]:
    """Return the item as `AgendaItemSerializer` describes it."""
    return {
        "id": row.item.public_id,
        "number": row.number,
        "title": row.item.heading,
        "matter": row.matter.public_id if row.matter else None,
        "steps": [step.outcome for step in row.waiting.steps] if row.waiting else [],
        "last_day": row.waiting.last_day if row.waiting else None,
        "papers": [{"id": paper.public_id, "title": paper.title, "file": paper.file.public_id} for paper in row.papers],
        "interests": [
            {"id": each.public_id, "name": each.name, "text": each.text, "declared_at": each.declared_at}
            for each in row.standing_interests
        ],
        "decisions": [mark.decision.public_id for mark in row.decisions],
    }


urlpatterns = [
    path("meetings", Meetings.as_view(), name="api-meetings"),
    path("meetings/<str:public_id>", OneMeeting.as_view(), name="api-meeting"),
    path("meetings/<str:public_id>/agenda", Agenda.as_view(), name="api-agenda"),
]
