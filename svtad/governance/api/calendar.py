"""REST: what a corrected calendar would move, and moving it."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance.actions import move_deadlines
from svtad.governance.models import Deadline
from svtad.governance.policies import check_can_manage_calendar
from svtad.governance.queries.deadlines import Move, Moves, counter, moves_for
from svtad.governance.serializers import DeadlineSerializer, show_deadline
from svtad.lib.clock import now
from svtad.lib.errors import Refused
from svtad.lib.rest import DayField, PublicIdField, StrictSerializer, answers, checked
from svtad.parties.api import ApiView
from svtad.parties.policies import allowed


class MoveSerializer(serializers.Serializer[Any]):
    """An open deadline with its count now, the day that the calendar of now gives it, and what would be left then."""

    deadline = DeadlineSerializer()
    new_last_day = serializers.DateField()
    new_days_left = serializers.IntegerField(help_text="Working Days left; 0 on the last day, negative when over.")


class MovesSerializer(serializers.Serializer[Any]):
    """What would move. `unseen` is how many the caller may not see; null for who may not confirm."""

    unseen = serializers.IntegerField(allow_null=True)
    results = MoveSerializer(many=True)


class MoveIn(StrictSerializer):
    """A deadline and the last day that it was shown to get."""

    id = PublicIdField()
    new_last_day = DayField()


class MovesIn(StrictSerializer):
    """Which deadlines move, as they were shown. `unseen` moves those too that the caller may not see: so many."""

    deadlines = MoveIn(many=True)
    unseen = serializers.IntegerField(min_value=0, required=False, default=0)
    reason = serializers.CharField(max_length=200)


class DeadlineMoves(ApiView):
    """Open deadlines that a holiday proclaimed later, or one taken back, would put on another day."""

    @extend_schema(operation_id="deadlines_would_move", tags=["decisions"], responses=answers({200: MovesSerializer}))
    def get(self, request: Request) -> Response:
        """Show what the calendar of now would move, of what the caller may see. Nothing moves by itself."""
        found = moves_for(self.actor, now())
        may = allowed(check_can_manage_calendar, self.actor)[0]
        return Response({"unseen": len(found.unseen) if may else None, "results": [_show(each) for each in found.seen]})

    @extend_schema(
        operation_id="deadlines_move",
        tags=["decisions"],
        request=MovesIn,
        responses=answers({200: DeadlineSerializer(many=True)}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Confirm that deadlines move, as they were shown, and show those that took their places and may be seen."""
        check_can_manage_calendar(self.actor)
        given = checked(MovesIn, request.data)
        moment = now()
        chosen = _chosen(moves_for(self.actor, moment), given)
        moved = move_deadlines(
            deadlines=[each.deadline for each in chosen],
            expected={each.deadline.pk: each.new_day for each in chosen},
            reason=given["reason"],
            by=self.actor,
            at=moment,
        )
        seen = Deadline.objects.visible_to(self.actor).filter(pk__in=[each.pk for each in moved])
        count = counter(moment)
        return Response([show_deadline(count(each)) for each in seen.select_related("matter")])


def _show(move: Move) -> dict[str, Any]:
    return {"deadline": show_deadline(move.now), "new_last_day": move.new_day, "new_days_left": move.then.left}


def _chosen(found: Moves, given: dict[str, Any]) -> list[Move]:
    """Return the moves that the caller names. Raises Refused where one of them is not as it was shown."""
    shown = {(each.deadline.public_id, each.new_day): each for each in found.seen}
    named = [(each["id"], each["new_last_day"]) for each in given["deadlines"]]
    if not shown.keys() >= set(named) or given["unseen"] not in (0, len(found.unseen)):
        raise Refused("", "What would move changed meanwhile: look at it again first.")
    return [*(shown[key] for key in dict.fromkeys(named)), *(found.unseen if given["unseen"] else ())]


urlpatterns = [path("deadlines/moves", DeadlineMoves.as_view(), name="api-deadline-moves")]
