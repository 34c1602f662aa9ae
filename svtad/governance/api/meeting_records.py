"""REST: what becomes of a meeting: changed, cancelled, held; who was there; its minutes."""

from __future__ import annotations

import mimetypes
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.api.meetings import MeetingDetailSerializer, seen, show_meeting_whole
from svtad.governance.models import Capacity, Meeting, Presence
from svtad.governance.policies import check_can_keep_meeting
from svtad.governance.queries.meetings import attendance_of, members_at
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import MomentField, PublicIdField, StrictSerializer, answers, checked
from svtad.parties.api import ApiView
from svtad.parties.models import Person


class MeetingChangeIn(StrictSerializer):
    """When and where a planned meeting is, whole: what is left out becomes empty."""

    title = serializers.CharField(max_length=120)
    starts_at = MomentField()
    ends_at = MomentField(required=False, allow_null=True, default=None)
    place = serializers.CharField(required=False, default="", allow_blank=True, max_length=200)
    link = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)
    expected_revision = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=1_000_000,
        help_text="The revision you saw: refused (409) where it is another by now.",
    )


class ReasonIn(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=300)


class MemberSerializer(serializers.Serializer[Any]):
    """Somebody who acts for the body on the day of the meeting."""

    person = serializers.CharField(help_text="Names them in `attendees`.")
    name = serializers.CharField()
    role = serializers.CharField()


class AttendeeIn(StrictSerializer):
    """Somebody who was there, or sent apologies; with an empty `presence` the record of them is taken away."""

    person = PublicIdField(required=False, allow_null=True, default=None, help_text="Who has an account: see members.")
    name = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=120, help_text="Who has none, by name."
    )
    represents = serializers.CharField(required=False, default="", allow_blank=True, max_length=120)
    capacity = serializers.ChoiceField(choices=Capacity.choices, required=False, default=Capacity.MEMBER)
    presence = serializers.ChoiceField(choices=Presence.choices, allow_blank=True)
    in_chair = serializers.BooleanField(required=False, default=False)


class AttendanceIn(StrictSerializer):
    """Whose record is brought to what; everybody else's stays. Of a meeting that was held, with the reason."""

    attendees = AttendeeIn(many=True)
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)


class MinutesIn(StrictSerializer):
    """The minutes, as a multipart form: a draft without the moment of their approval."""

    file = serializers.FileField()
    approved_at = MomentField(required=False)


class ApprovalIn(StrictSerializer):
    """When the minutes that are kept were approved."""

    approved_at = MomentField()


class MeetingChange(ApiView):
    """When and where a planned meeting is."""

    @extend_schema(
        operation_id="meetings_change",
        tags=["meetings"],
        request=MeetingChangeIn,
        responses=answers({201: MeetingDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Change when and where a planned meeting is, or what it is called."""
        meeting = seen(self.actor, public_id)
        actions.change_meeting(meeting=meeting, by=self.actor, **checked(MeetingChangeIn, request.data))
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor), status=201)


class Cancellation(ApiView):
    """That a meeting does not take place."""

    @extend_schema(
        operation_id="meetings_cancel",
        tags=["meetings"],
        request=ReasonIn,
        responses=answers({201: MeetingDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Cancel a planned meeting, with the reason."""
        meeting = seen(self.actor, public_id)
        actions.cancel_meeting(meeting=meeting, by=self.actor, **checked(ReasonIn, request.data))
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor), status=201)


class Held(ApiView):
    """That a meeting took place."""

    @extend_schema(
        operation_id="meetings_hold",
        tags=["meetings"],
        request=None,
        responses=answers({201: MeetingDetailSerializer}, 404, 409),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record that a planned meeting was held: its agenda stands, and its decisions can be recorded."""
        actions.hold_meeting(meeting=seen(self.actor, public_id), by=self.actor)
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor), status=201)


class Members(ApiView):
    """Who acts for the body that meets."""

    @extend_schema(
        operation_id="meetings_members",
        tags=["meetings"],
        responses=answers({200: MemberSerializer(many=True)}, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List who acts for the body on the day of the meeting. For who keeps its meetings."""
        meeting = seen(self.actor, public_id)
        check_can_keep_meeting(self.actor, meeting)
        rows = [{"person": each.person.public_id, "name": each.person.name, "role": each.role}
                for each in members_at(meeting)]  # fmt: skip
        return Response(rows)


class Attendances(ApiView):
    """Who was at a meeting."""

    @extend_schema(
        operation_id="meetings_record_attendance",
        tags=["meetings"],
        request=AttendanceIn,
        responses=answers({201: MeetingDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record who is there or sent apologies; others stay as they are recorded."""
        meeting = seen(self.actor, public_id)
        check_can_keep_meeting(self.actor, meeting)
        given = checked(AttendanceIn, request.data)
        actions.record_attendance(
            meeting=meeting, attendees=_attendees(meeting, given["attendees"]), reason=given["reason"], by=self.actor
        )
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor), status=201)


class MinutesOfMeeting(ApiView):
    """The minutes of a meeting that was held."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="minutes_attach",
        tags=["meetings"],
        request={"multipart/form-data": MinutesIn},
        responses=answers({201: MeetingDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Keep the minutes of a meeting that was held, for those who may see every matter of its agenda."""
        meeting = seen(self.actor, public_id)
        check_can_keep_meeting(self.actor, meeting)
        given = checked(MinutesIn, request.data)
        upload = given["file"]
        actions.attach_minutes(
            meeting=meeting,
            content=upload.file,
            name=upload.name,
            media_type=media_type_of(upload.name),
            approved_at=given.get("approved_at"),
            by=self.actor,
        )
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor), status=201)


class MinutesApproval(ApiView):
    """That the minutes were approved."""

    @extend_schema(
        operation_id="minutes_approve",
        tags=["meetings"],
        request=ApprovalIn,
        responses=answers({201: MeetingDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record when the minutes that are kept were approved."""
        meeting = seen(self.actor, public_id)
        check_can_keep_meeting(self.actor, meeting)
        actions.approve_minutes(meeting=meeting, by=self.actor, **checked(ApprovalIn, request.data))
        return Response(show_meeting_whole(seen(self.actor, public_id), self.actor), status=201)


def media_type_of(name: str) -> str:
    """Return the media type that a file's name tells."""
    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def _attendees(meeting: Meeting, rows: list[dict[str, Any]]) -> list[actions.Attendee]:
    """Return the rows with their people. Raises InvalidInput for a person who neither is a member nor was recorded."""
    known: dict[str, Person] = {each.person.public_id: each.person for each in members_at(meeting)}
    known |= {each.person.public_id: each.person for each in attendance_of(meeting) if each.person}
    found = []
    for number, row in enumerate(rows, start=1):
        public_id = row["person"]
        if public_id and public_id not in known:
            raise InvalidInput.one("person", f"Nobody of this id acts for {meeting.body} then.", row=number)
        found.append(actions.Attendee(**row | {"person": known[public_id] if public_id else None}))
    return found


urlpatterns = [
    path("meetings/<str:public_id>/change", MeetingChange.as_view(), name="api-meeting-change"),
    path("meetings/<str:public_id>/cancellation", Cancellation.as_view(), name="api-meeting-cancellation"),
    path("meetings/<str:public_id>/held", Held.as_view(), name="api-meeting-held"),
    path("meetings/<str:public_id>/members", Members.as_view(), name="api-meeting-members"),
    path("meetings/<str:public_id>/attendance", Attendances.as_view(), name="api-attendance"),
    path("meetings/<str:public_id>/minutes", MinutesOfMeeting.as_view(), name="api-minutes"),
    path("meetings/<str:public_id>/minutes/approval", MinutesApproval.as_view(), name="api-minutes-approval"),
]
