"""REST: what a meeting decided, looked at first without storing, and recorded at one go."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.api.finding import file_named
from svtad.governance.api.meetings import seen
from svtad.governance.models import AgendaItem, Meeting
from svtad.governance.policies import check_can_keep_meeting
from svtad.lib.rest import MomentField, PlainJSONField, PublicIdField, StrictSerializer, answers, checked, named
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView


class TakenIn(StrictSerializer):
    """What was decided on the matter of one item. `data` holds what the step needs by key."""

    item = PublicIdField()
    outcome = serializers.CharField(max_length=30)
    rationale = serializers.CharField(required=False, default="", allow_blank=True, max_length=20_000)
    effective_at = MomentField(required=False, allow_null=True, default=None)
    data = PlainJSONField(required=False, default=dict)  # type: ignore[assignment]
    document = PublicIdField(
        required=False, allow_null=True, default=None, help_text="Without one, the meeting's minutes."
    )
    against_computed = serializers.BooleanField(required=False, default=False)
    expected_state = serializers.CharField(
        required=False, max_length=30, help_text="The state you saw: the row is refused where it is another by now."
    )


class TakenTogetherIn(StrictSerializer):
    """What a held meeting decided. `quorum_reason`: why it counts where the meeting was short of its quorum."""

    decided_at = MomentField()
    notified_at = MomentField(required=False, allow_null=True, default=None)
    quorum_reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)
    leave_out_refused = serializers.BooleanField(
        required=False, default=False, help_text="Record the others where a row is refused; else nothing is stored."
    )
    decisions = TakenIn(many=True)


class RowFaultSerializer(serializers.Serializer[Any]):
    """One thing wrong with a row."""

    field = serializers.CharField()
    message = serializers.CharField()


class RowReportSerializer(serializers.Serializer[Any]):
    """What comes of one row: the state it leads to, or why it is refused. `decision` is null where none is stored."""

    item = serializers.CharField()
    reference = serializers.CharField()
    title = serializers.CharField()
    outcome = serializers.CharField()
    against_computed = serializers.BooleanField()
    leads_to = serializers.CharField()
    effective_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField(allow_null=True)
    refused = serializers.CharField()
    clause = serializers.CharField()
    errors = RowFaultSerializer(many=True)  # type: ignore[assignment]


class MeetingDecisions(ApiView):
    """What a meeting decided."""

    @extend_schema(
        operation_id="meetings_record_decisions",
        tags=["meetings"],
        request=TakenTogetherIn,
        responses=answers({201: RowReportSerializer(many=True)}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record what a held meeting decided, signed, in one transaction: all of it, or on choice what can be.

        Where a row is refused nothing is stored (409), and the detail says why of each.
        """
        asked, given = _asked(self, request, public_id, signed=True)
        rows = actions.record_meeting_decisions(**asked, leave_out_refused=given["leave_out_refused"])
        return Response([_show(row) for row in rows], status=201)


class DecisionsPreview(ApiView):
    """What would come of it."""

    @extend_schema(
        operation_id="meetings_preview_decisions",
        tags=["meetings"],
        request=TakenTogetherIn,
        responses=answers({200: RowReportSerializer(many=True)}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Say what recording this would come to, row by row; nothing is stored."""
        asked, _ = _asked(self, request, public_id, signed=False)
        return Response([_show(row) for row in actions.preview_meeting_decisions(**asked)])


def _asked(view: ApiView, request: Request, public_id: str, *, signed: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (what both actions take, all that was sent). Raises ActionDenied before anything of it is read."""
    meeting = seen(view.actor, public_id)
    check_can_keep_meeting(view.actor, meeting)
    if signed:
        view.check_may_sign()
    given = checked(TakenTogetherIn, request.data)
    taken = _taken(meeting, given, view.actor)
    return {"meeting": meeting, "taken": taken, "quorum_reason": given["quorum_reason"], "by": view.actor}, given


def _taken(meeting: Meeting, given: dict[str, Any], actor: Actor) -> list[actions.Taken]:
    """Return the rows with their items and documents. Raises InvalidInput for one that the caller may not see."""
    items = AgendaItem.objects.visible_to(actor).standing().filter(meeting=meeting).select_related("matter")
    found = []
    for number, row in enumerate(given["decisions"], start=1):
        found.append(
            actions.Taken(
                item=named(items, row["item"], field="item", row=number, what="item"),
                outcome=row["outcome"],
                expected_state=row.get("expected_state"),
                given=actions.Given(
                    decided_at=given["decided_at"],
                    notified_at=given["notified_at"],
                    effective_at=row["effective_at"],
                    rationale=row["rationale"],
                    data=row["data"],
                    document=file_named(actor, row["document"], row=number),
                    against_computed=row["against_computed"],
                ),
            )
        )
    return found


def _show(row: actions.RowReport) -> dict[str, Any]:
    return {
        "item": row.item.public_id,
        "reference": row.reference,
        "title": row.title,
        "outcome": row.outcome,
        "against_computed": row.against_computed,
        "leads_to": row.leads_to,
        "effective_at": row.effective_at,
        "decision": row.decision_id or None,
        "refused": row.refused,
        "clause": row.clause,
        "errors": [{"field": error.field, "message": error.message} for error in row.errors],
    }


urlpatterns = [
    path("meetings/<str:public_id>/decisions", MeetingDecisions.as_view(), name="api-meeting-decisions"),
    path("meetings/<str:public_id>/decisions/preview", DecisionsPreview.as_view(), name="api-decisions-preview"),
]
