"""REST: what administrators set about the meetings of each body."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions
from svtad.governance.models import BOARDS, BodyRule
from svtad.governance.policies import check_can_set_body_rule
from svtad.lib.rest import CURSOR_PARAMETERS, StrictSerializer, answers, checked, cursor_page_of
from svtad.parties.api import ApiView

_BODIES = [body.value for body in BOARDS]


class BodyRuleSerializer(serializers.Serializer[Any]):
    """What a body's meetings need, with where it is laid down. Null is not set: nothing is guessed for it."""

    id = serializers.CharField()
    body = serializers.ChoiceField(choices=_BODIES)
    quorum = serializers.IntegerField(allow_null=True, help_text="How many members make a quorum.")
    deputies_count = serializers.BooleanField(allow_null=True)
    chair_needed = serializers.BooleanField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True, help_text="Null for the one that holds.")
    recorded_by = serializers.CharField()


class BodyRuleFilter(StrictSerializer):
    """Of which body, and whether only what holds now or only what held before."""

    body = serializers.ChoiceField(choices=_BODIES, required=False)
    holds = serializers.BooleanField(required=False)
    cursor = serializers.CharField(required=False)
    page_size = serializers.CharField(required=False)


class BodyRuleIn(StrictSerializer):
    """What a body's meetings need from now on, whole: what is left out is not set."""

    body = serializers.ChoiceField(choices=_BODIES)
    quorum = serializers.IntegerField(required=False, allow_null=True, default=None)
    deputies_count = serializers.BooleanField(required=False, allow_null=True, default=None)
    chair_needed = serializers.BooleanField(required=False, allow_null=True, default=None)
    source = serializers.CharField(max_length=300, help_text="Where this is laid down.")  # type: ignore[assignment]


class BodyRules(ApiView):
    """What the meetings of each body need."""

    @extend_schema(
        operation_id="body_rules_list",
        tags=["meetings"],
        parameters=[BodyRuleFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(BodyRuleSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List what was set, the last first. It is the same for everybody; a body without a row has nothing set."""
        wanted = checked(BodyRuleFilter, request.query_params.dict())
        rows = BodyRule.objects.all()
        if "body" in wanted:
            rows = rows.filter(body=wanted["body"])
        if "holds" in wanted:
            rows = rows.filter(valid_to__isnull=wanted["holds"])
        return self.cursor(rows, _show)

    @extend_schema(
        operation_id="body_rules_set",
        tags=["meetings"],
        request=BodyRuleIn,
        responses=answers({201: BodyRuleSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Set what a body's meetings need from now on; past meetings keep what held then. For administrators."""
        check_can_set_body_rule(self.actor)
        rule = actions.set_body_rule(**checked(BodyRuleIn, request.data), by=self.actor)
        return Response(_show(rule), status=201)


def _show(rule: BodyRule) -> dict[str, Any]:
    return {
        "id": rule.public_id,
        "body": rule.body,
        "quorum": rule.quorum,
        "deputies_count": rule.deputies_count,
        "chair_needed": rule.chair_needed,
        "source": rule.source,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
        "recorded_by": rule.recorded_by,
    }


urlpatterns = [path("body-rules", BodyRules.as_view(), name="api-body-rules")]
