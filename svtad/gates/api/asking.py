"""REST: what would change a judgement, the fewest changes, and which decision decides it. Nothing is stored."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.gates.models import Assessment
from svtad.gates.policies import check_can_ask
from svtad.gates.queries.asking import MOST, Asked, Question
from svtad.lib.rest import StrictSerializer, answers, checked, find
from svtad.parties.api import ApiView
from svtad.rulebook.vocabulary import Verdict
from svtad.rulebook.whatif import Change, ChangeKind

_TAG = ["assessments"]


class ChangeSerializer(StrictSerializer):
    """One change to ask about."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in ChangeKind])
    subject = serializers.CharField(
        max_length=200, help_text="The id or reference of the issue or listed test, or the name of the DMC."
    )
    value = serializers.CharField(
        max_length=20, required=False, default="", allow_blank=True, help_text="The severity, where one is decided."
    )


class WhatIfIn(StrictSerializer):
    """The changes, in their order."""

    changes = serializers.ListField(child=ChangeSerializer(), max_length=MOST)


class MovedSerializer(serializers.Serializer[Any]):
    """A criterion that the changes move."""

    criterion = serializers.CharField()
    before = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    after = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])


class WhatIfSerializer(serializers.Serializer[Any]):
    """The verdict of a judgement as it is and as it would be."""

    before = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    after = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    moved = MovedSerializer(many=True)


class CountedNeedSerializer(serializers.Serializer[Any]):
    """What one criterion lacks that can be counted, and a choice of it by name."""

    criterion = serializers.CharField()
    text = serializers.CharField()
    count = serializers.IntegerField()
    changes = ChangeSerializer(many=True)


class BesideSerializer(serializers.Serializer[Any]):
    """A criterion that no change of a test or an issue alone would meet."""

    criterion = serializers.CharField()
    summary = serializers.CharField()


class FewestSerializer(serializers.Serializer[Any]):
    """The fewest changes of tests and Testing Issues that would make it MET, and what is needed beside them."""

    count = serializers.IntegerField()
    needs = CountedNeedSerializer(many=True)
    beside = BesideSerializer(many=True)


class EndSerializer(serializers.Serializer[Any]):
    """One way in which a pending matter could end, and the verdict that it gives by itself."""

    text = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])


class PendingMatterSerializer(serializers.Serializer[Any]):
    """A matter before a body; `decides` the verdict, or `moves` a criterion."""

    matter = serializers.CharField(allow_null=True)
    about = serializers.CharField()
    text = serializers.CharField()
    decides = serializers.BooleanField()
    moves = serializers.BooleanField()
    options = EndSerializer(many=True)


class AskingView(ApiView):
    """A judgement of which something is asked, by those who see the whole phase."""

    def question(self, public_id: str) -> Question:
        """Return the judgement with its facts. Raises ActionDenied, and NotFound where it is not seen."""
        found: Assessment = find(Assessment.objects.visible_to(self.actor), public_id)
        check_can_ask(self.actor)
        return Question(found)


class WhatIfOf(AskingView):
    """What would change a judgement."""

    @extend_schema(
        operation_id="assessments_what_if",
        tags=_TAG,
        request=WhatIfIn,
        responses=answers({200: WhatIfSerializer}, 400, 404, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Judge the facts of a judgement with changes made. Nothing is stored."""
        question = self.question(public_id)
        given = checked(WhatIfIn, request.data)["changes"]
        asked = [Asked(ChangeKind(row["kind"]), row["subject"], row["value"]) for row in given]
        answer = question.ask(question.read(asked))
        return Response(
            {
                "before": answer.before.verdict,
                "after": answer.after.verdict,
                "moved": [{"criterion": row.key, "before": row.before, "after": row.after} for row in answer.moved],
            }
        )


class FewestOf(AskingView):
    """The least that would make a judgement MET."""

    @extend_schema(operation_id="assessments_fewest", tags=_TAG, responses=answers({200: FewestSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show the fewest changes of tests and Testing Issues, and what is needed beside them."""
        question = self.question(public_id)
        least = question.fewest()
        return Response(
            {
                "count": least.count,
                "needs": [
                    {
                        "criterion": need.key,
                        "text": need.text,
                        "count": need.count,
                        "changes": [_show(question, change) for change in need.changes],
                    }
                    for need in least.needs
                ],
                "beside": [{"criterion": row.key, "summary": row.summary} for row in least.others],
            }
        )


class PendingOf(AskingView):
    """Which decision decides a judgement."""

    @extend_schema(
        operation_id="assessments_pending", tags=_TAG, responses=answers({200: PendingMatterSerializer(many=True)}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List every matter before a body, with what each way it could end would make of the judgement by itself."""
        return Response(
            [
                {
                    "matter": row.matter,
                    "about": row.reference,
                    "text": row.text,
                    "decides": row.decides,
                    "moves": row.moves,
                    "options": [{"text": option.text, "verdict": option.verdict} for option in row.options],
                }
                for row in self.question(public_id).pending()
            ]
        )


def _show(question: Question, change: Change) -> dict[str, str]:
    named = question.name(change)
    return {"kind": named.kind.value, "subject": named.subject, "value": named.value}


urlpatterns = [
    path("assessments/<str:public_id>/what-if", WhatIfOf.as_view(), name="api-what-if"),
    path("assessments/<str:public_id>/fewest", FewestOf.as_view(), name="api-fewest"),
    path("assessments/<str:public_id>/pending", PendingOf.as_view(), name="api-pending"),
]
