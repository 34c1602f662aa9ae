"""REST: Test Stages (12.4) and Eligibility Testing (13.25)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import DayField, MomentField, StrictSerializer, answers, checked, find
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.queries import organisations_for
from svtad.rulebook.vocabulary import CriterionGate, EligibilityState, StageState
from testphases import actions, queries
from testphases.models import Eligibility, StageCriterion, TestScope, TestStage
from testphases.queries.eligibility import EligibilityAt, eligibility_at
from testphases.queries.stages import StageAt, StageGate, stages_at

_TAG = ["stages"]


class AsAtFilter(StrictSerializer):
    """As at which past moment; now where none is said."""

    as_at = MomentField(required=False, allow_null=True, default=None)


class StageCriterionSerializer(serializers.Serializer[Any]):
    """A criterion of a stage's gate; `met` is null while nobody has said."""

    id = serializers.CharField()
    clause = serializers.CharField()
    text = serializers.CharField()
    met = serializers.BooleanField(allow_null=True)
    reasons = serializers.CharField()


class StageGateSerializer(serializers.Serializer[Any]):
    """One gate of a stage. A stage without it starts, or finishes, freely within its phase."""

    is_there = serializers.BooleanField()
    verdict = serializers.CharField(help_text="MET, NOT_MET or CANNOT_EVALUATE.")
    summary = serializers.CharField()
    criteria = StageCriterionSerializer(many=True)


class StageSerializer(serializers.Serializer[Any]):
    """A Test Stage, its plan, its gates and how it went."""

    id = serializers.CharField()
    phase = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField(help_text="The stage that the governing document names, or empty.")
    state = serializers.CharField(help_text="PLANNED, RUNNING or DONE.")
    starts_on = serializers.DateField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    test_plan = serializers.CharField()
    entry = StageGateSerializer()
    exit = StageGateSerializer()


class StageIn(StrictSerializer):
    """A stage to add; `kind` where the governing document names it."""

    name = serializers.CharField(max_length=80)
    kind = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class StagePlanIn(StrictSerializer):
    """What the test plan says of a stage."""

    starts_on = DayField(required=False, allow_null=True, default=None)
    ends_on = DayField(required=False, allow_null=True, default=None)
    has_entry_gate = serializers.BooleanField(required=False, default=False)
    has_exit_gate = serializers.BooleanField(required=False, default=False)
    test_plan = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class StageMoveIn(StrictSerializer):
    """Where a stage goes: RUNNING, then DONE."""

    state = serializers.CharField(max_length=20)
    occurred_at = MomentField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class StageCriterionIn(StrictSerializer):
    """A criterion that the test plan gives a stage's gate."""

    gate = serializers.CharField(max_length=5, help_text=f"{CriterionGate.ENTRY} or {CriterionGate.EXIT}.")
    clause = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    text = serializers.CharField(max_length=400)


class StageAnswerIn(StrictSerializer):
    """Whether a criterion is met, and what shows it."""

    met = serializers.BooleanField()
    reasons = serializers.CharField(max_length=400)


class EligibilitySerializer(serializers.Serializer[Any]):
    """A Party's Eligibility Testing in one User Role, and whether it is eligible in it (13.25)."""

    id = serializers.CharField()
    organisation = serializers.CharField()
    role = serializers.CharField()
    state = serializers.CharField(help_text="NOT_STARTED, IN_PROGRESS or COMPLETE.")
    since = serializers.DateTimeField(allow_null=True)
    eligible = serializers.CharField(help_text="MET, NOT_MET or CANNOT_EVALUATE.")
    why = serializers.CharField()


class EligibilityIn(StrictSerializer):
    """A Party, by its code, that is to undertake Eligibility Testing in a User Role."""

    organisation = serializers.CharField(max_length=40)
    role = serializers.CharField(max_length=60)


class EligibilityMoveIn(StrictSerializer):
    """How far it has come: IN_PROGRESS, then COMPLETE with what shows it."""

    state = serializers.CharField(max_length=20)
    basis = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)
    occurred_at = MomentField(required=False, allow_null=True, default=None)


class PhaseStages(ApiView):
    """The stages of a phase."""

    @extend_schema(
        operation_id="stages_list",
        tags=_TAG,
        parameters=[AsAtFilter],
        responses=answers({200: StageSerializer(many=True)}, 400, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the Test Stages of a phase, now or as at a past moment."""
        scope = find(queries.scopes_for(self.actor), public_id)
        return Response([show_stage(row, scope) for row in stages_at(scope, _moment(request))])

    @extend_schema(
        operation_id="stages_add",
        tags=_TAG,
        request=StageIn,
        responses=answers({201: StageSerializer}, 400, 404, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Add a Test Stage to a phase."""
        scope = find(queries.scopes_for(self.actor), public_id)
        made = actions.add_stage(scope=scope, **checked(StageIn, request.data), by=self.actor)
        return Response(_shown(made), status=201)


class StagePlans(ApiView):
    """What is planned of a stage."""

    @extend_schema(
        operation_id="stages_plan",
        tags=_TAG,
        request=StagePlanIn,
        responses=answers({200: StageSerializer}, 400, 404, 409, 413, 415),
    )
    def put(self, request: Request, public_id: str) -> Response:
        """Record what the test plan says of a stage: its days, and whether it has gates."""
        stage = find(_stages(self.actor), public_id)
        actions.plan_stage(stage=stage, **checked(StagePlanIn, request.data), by=self.actor)
        return Response(_shown(stage))


class StageMoves(ApiView):
    """Starting and finishing a stage."""

    @extend_schema(
        operation_id="stages_move",
        tags=_TAG,
        request=StageMoveIn,
        responses=answers({200: StageSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Start or finish a stage. Refused (409) where its gate is not open, or for any other step."""
        stage = find(_stages(self.actor), public_id)
        given = checked(StageMoveIn, request.data)
        actions.move_stage(
            stage=stage,
            to_state=given["state"],
            occurred_at=given["occurred_at"],
            reason=given["reason"],
            by=self.actor,
        )
        return Response(_shown(stage))


class StageCriteria(ApiView):
    """The criteria of a stage's gates."""

    @extend_schema(
        operation_id="stages_enter_criterion",
        tags=_TAG,
        request=StageCriterionIn,
        responses=answers({201: StageSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Enter a criterion that the test plan gives a stage's gate."""
        stage = find(_stages(self.actor), public_id)
        actions.enter_stage_criterion(stage=stage, **checked(StageCriterionIn, request.data), by=self.actor)
        return Response(_shown(stage), status=201)


class StageAnswers(ApiView):
    """Answers to the criteria of stages."""

    @extend_schema(
        operation_id="stages_answer",
        tags=_TAG,
        request=StageAnswerIn,
        responses=answers({200: StageSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record whether a criterion of a stage is met; the last answer holds."""
        rows = StageCriterion.objects.filter(stage__in=_stages(self.actor)).select_related("stage__scope")
        criterion = find(rows, public_id)
        actions.answer_stage_criterion(criterion=criterion, **checked(StageAnswerIn, request.data), by=self.actor)
        return Response(_shown(criterion.stage))


class EligibilityList(ApiView):
    """Eligibility Testing."""

    @extend_schema(
        operation_id="eligibility_list",
        tags=["eligibility"],
        parameters=[AsAtFilter],
        responses=answers({200: EligibilitySerializer(many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        """List how far Parties have come, now or as at a past moment. A Party is shown its own."""
        return Response([show_eligibility(row) for row in eligibility_at(self.actor, _moment(request))])

    @extend_schema(
        operation_id="eligibility_enter",
        tags=["eligibility"],
        request=EligibilityIn,
        responses=answers({201: EligibilitySerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Enter a Party that is to undertake Eligibility Testing in a User Role."""
        given = checked(EligibilityIn, request.data)
        party = organisations_for(self.actor).filter(code=given["organisation"]).first()
        if party is None:
            raise InvalidInput.one("organisation", "There is no such organisation among those you may see.")
        made = actions.enter_eligibility(organisation=party, role=given["role"], by=self.actor)
        return Response(_shown_eligibility(made, self.actor), status=201)


class EligibilityMoves(ApiView):
    """How far a Party has come."""

    @extend_schema(
        operation_id="eligibility_move",
        tags=["eligibility"],
        request=EligibilityMoveIn,
        responses=answers({200: EligibilitySerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Record that a Party began, or successfully completed, Eligibility Testing in a User Role."""
        row = find(Eligibility.objects.visible_to(self.actor).select_related("organisation"), public_id)
        given = checked(EligibilityMoveIn, request.data)
        actions.move_eligibility(
            eligibility=row,
            to_state=given["state"],
            basis=given["basis"],
            occurred_at=given["occurred_at"],
            by=self.actor,
        )
        return Response(_shown_eligibility(row, self.actor))


def _moment(request: Request) -> dt.datetime | None:
    moment: dt.datetime | None = checked(AsAtFilter, request.query_params.dict())["as_at"]
    if moment is not None and moment > now():
        raise InvalidInput.one("as_at", "This moment has not come yet.")
    return moment


def _stages(actor: Actor) -> QuerySet[TestStage]:
    visible = TestScope.objects.visible_to(actor).order_by()
    rows: QuerySet[TestStage] = TestStage.objects.filter(scope__in=visible.values("pk")).select_related("scope")
    return rows


def _shown(stage: TestStage) -> dict[str, Any]:
    held = next(row for row in stages_at(stage.scope, None) if row.stage.pk == stage.pk)
    return show_stage(held, stage.scope)


def show_stage(held: StageAt, scope: TestScope) -> dict[str, Any]:
    """Return a stage as REST shows it."""
    plan = held.plan
    return {
        "id": held.stage.public_id,
        "phase": scope.public_id,
        "name": held.stage.name,
        "kind": held.stage.kind,
        "state": StageState(held.state).value,
        "starts_on": plan.starts_on if plan else None,
        "ends_on": plan.ends_on if plan else None,
        "started_at": held.started.occurred_at if held.started else None,
        "finished_at": held.finished.occurred_at if held.finished else None,
        "test_plan": plan.test_plan if plan else "",
        "entry": _show_gate(held.entry),
        "exit": _show_gate(held.exit),
    }


def _show_gate(gate: StageGate) -> dict[str, Any]:
    return {
        "is_there": gate.is_there,
        "verdict": gate.judged.verdict.value,
        "summary": gate.judged.summary,
        "criteria": [
            {"id": row.id, "clause": row.clause, "text": row.text, "met": row.met, "reasons": row.reasons}
            for row in gate.criteria
        ],
    }


def _shown_eligibility(row: Eligibility, actor: Actor) -> dict[str, Any]:
    return show_eligibility(next(each for each in eligibility_at(actor, None) if each.eligibility.pk == row.pk))


def show_eligibility(held: EligibilityAt) -> dict[str, Any]:
    """Return a Party's Eligibility Testing as REST shows it."""
    return {
        "id": held.eligibility.public_id,
        "organisation": held.eligibility.organisation.code,
        "role": held.eligibility.role,
        "state": EligibilityState(held.state).value,
        "since": held.changes[-1].occurred_at if held.changes else None,
        "eligible": held.verdict.value,
        "why": held.why,
    }


urlpatterns = [
    path("phases/<str:public_id>/stages", PhaseStages.as_view(), name="api-stages"),
    path("stages/<str:public_id>/plan", StagePlans.as_view(), name="api-stage-plan"),
    path("stages/<str:public_id>/state", StageMoves.as_view(), name="api-stage-state"),
    path("stages/<str:public_id>/criteria", StageCriteria.as_view(), name="api-stage-criteria"),
    path("stage-criteria/<str:public_id>/answers", StageAnswers.as_view(), name="api-stage-answers"),
    path("eligibility", EligibilityList.as_view(), name="api-eligibility"),
    path("eligibility/<str:public_id>/state", EligibilityMoves.as_view(), name="api-eligibility-state"),
]
