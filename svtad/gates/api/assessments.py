"""REST: judging a phase, its stored judgements, its papers; and the rulebook by itself."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.gates import actions
from svtad.gates.models import Assessment, WorkOffPlan
from svtad.gates.policies import paper_audience
from svtad.gates.queries import latest_assessment, own_cells_only, step_shown
from svtad.gates.serializers import (
    AssessIn,
    AssessmentDetailSerializer,
    AssessmentFilter,
    AssessmentSerializer,
    JudgementSerializer,
    LatestFilter,
    MatterIn,
    show_assessment,
    show_assessment_whole,
)
from svtad.governance.actions import open_matter
from svtad.governance.models import Matter
from svtad.governance.serializers import MatterDetailSerializer, show_matter_whole
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput
from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.models import Organisation
from svtad.parties.queries import organisations_for
from svtad.rulebook import codec
from svtad.rulebook.codec import FactsError
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import judge_json
from svtad.rulebook.procedures import procedure
from testphases.models import TestScope
from testphases.queries import scopes_for

_TAG = ["assessments"]


class Assessments(ApiView):
    """Judgements of Test Phases."""

    @extend_schema(
        operation_id="assessments_list",
        tags=_TAG,
        parameters=[AssessmentFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(AssessmentSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the judgements of a phase, the newest first."""
        wanted = checked(AssessmentFilter, request.query_params.dict())
        scope = find(scopes_for(self.actor), wanted["phase"])
        rows = Assessment.objects.visible_to(self.actor).filter(scope=scope).select_related("scope").defer("facts")
        return self.cursor(rows.filter(step=wanted["step"]) if "step" in wanted else rows, show_assessment)

    @extend_schema(
        operation_id="assessments_make",
        tags=_TAG,
        request=AssessIn,
        responses=answers({200: AssessmentDetailSerializer, 201: AssessmentDetailSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Judge a phase now. Where nothing that it rests on has changed, the last judgement is answered (200)."""
        given = checked(AssessIn, request.data)
        assessment, made = actions.assess(
            scope=_scope(self.actor, given["phase"]),
            step=given["step"],
            as_at=given["as_at"],
            provider=_provider(self.actor, given["provider"]),
            by=self.actor,
        )
        return Response(show_assessment_whole(assessment, self.actor), status=201 if made else 200)


class LatestAssessment(ApiView):
    """Where a phase stands."""

    @extend_schema(
        operation_id="assessments_latest",
        tags=_TAG,
        parameters=[LatestFilter],
        responses=answers({200: AssessmentDetailSerializer}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """Show the latest judgement of a phase at a step, by default its last one."""
        wanted = checked(LatestFilter, request.query_params.dict())
        scope = find(scopes_for(self.actor), wanted["phase"])
        step = wanted.get("step") or step_shown(scope)
        provider = _provider(self.actor, wanted.get("provider"))
        found = latest_assessment(scope, step, provider=provider) if step else None
        if found is None or not Assessment.objects.visible_to(self.actor).filter(pk=found.pk).exists():
            raise NotFound
        return Response(show_assessment_whole(found, self.actor))


class OneAssessment(ApiView):
    """One judgement."""

    @extend_schema(operation_id="assessments_get", tags=_TAG, responses=answers({200: AssessmentDetailSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a judgement with its findings."""
        return Response(show_assessment_whole(_assessment(self.actor, public_id), self.actor))


class AssessmentFacts(ApiView):
    """The facts that a judgement rests on."""

    @extend_schema(
        operation_id="assessments_facts",
        tags=_TAG,
        responses={
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT, "See `/rulebook/schema`."),
            **answers({}, 404),
        },
    )
    def get(self, request: Request, public_id: str) -> Any:
        """Give the facts byte for byte as they were judged: the rulebook judges them to the same findings.

        Facts name every provider of the phase, so they are for those who see all of it.
        """
        found = _assessment(self.actor, public_id)
        if own_cells_only(self.actor) is not None:
            raise ActionDenied("", "The facts of a judgement are for those who see the whole phase.")
        return HttpResponse(found.facts, content_type="application/json")


class PhaseMatters(ApiView):
    """What of a phase is put before a body."""

    @extend_schema(
        operation_id="phases_open_matter",
        tags=["decisions"],
        request=MatterIn,
        responses=answers({201: MatterDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Draft a certificate, a Work Off Plan or an approval to proceed, or open another matter of the phase."""
        scope = find(scopes_for(self.actor), public_id)
        given = checked(MatterIn, request.data)
        matter = _opened(scope, given, provider=_provider(self.actor, given["provider"]), by=self.actor)
        return Response(show_matter_whole(matter, self.actor), status=201)


class FactsParser(BaseParser):
    """The facts of a phase, read as strictly as the rulebook's own command reads them."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        """Return the value. Raises InvalidInput saying where it cannot be read."""
        try:
            return codec.parse_json(stream.read().decode(), path="facts")
        except UnicodeDecodeError:
            raise InvalidInput.one("facts", "This is not UTF-8.") from None
        except FactsError as error:
            raise InvalidInput.one(error.path, error.message) from None
        except ValueError as error:  # such as a number of a thousand digits
            raise InvalidInput.one("facts", f"This cannot be read: {error}") from None


class Judge(ApiView):
    """The rulebook by itself."""

    parser_classes = [FactsParser]

    @extend_schema(
        operation_id="rulebook_judge",
        tags=["rulebook"],
        request={"application/json": {"type": "object", "description": "Facts, or `{facts, step, provider}`."}},
        responses=answers({200: JudgementSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Judge facts that are sent in; nothing is read from the database and nothing stored.

        The body is the facts of a phase (see `/rulebook/schema`), or an object with `facts` and the `step`
        and `provider` to judge for.
        """
        try:
            return Response(judge_json(request.data).to_json())
        except FactsError as error:
            raise InvalidInput.one(error.path, error.message) from None


class JudgeSchema(ApiView):
    """The facts that the rulebook judges."""

    @extend_schema(operation_id="rulebook_schema", tags=["rulebook"], responses=answers({200: OpenApiTypes.OBJECT}))
    def get(self, request: Request) -> Response:
        """Give the JSON Schema of the facts."""
        return Response(_schema())


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        json.dumps(codec.json_schema(Facts, title="Facts of a Test Phase for the rulebook"))
    )
    return schema


def _scope(actor: Actor, public_id: str) -> TestScope:
    try:
        scope: TestScope = find(scopes_for(actor), public_id)
    except NotFound:
        raise ActionDenied("", "You take no part in this Test Phase.") from None
    return scope


def _provider(actor: Actor, code: str | None) -> Organisation | None:
    if not code:
        return None
    found = organisations_for(actor).filter(code=code).first()
    if found is None:
        raise InvalidInput.one("provider", "There is no organisation of this code among those you deal with.")
    return found


def _assessment(actor: Actor, public_id: str) -> Assessment:
    found: Assessment = find(Assessment.objects.visible_to(actor).select_related("scope"), public_id)
    return found


def _opened(scope: TestScope, given: dict[str, Any], *, provider: Organisation | None, by: Actor) -> Matter:
    key = given["procedure"]
    if key == "TEST_COMPLETION_CERTIFICATE":
        if provider is None:
            raise InvalidInput.one("provider", "A certificate is of one DCC Service Provider.")
        return actions.draft_certificate(scope=scope, provider=provider, by=by).matter
    if key == "WORK_OFF_PLAN":
        return actions.draw_up_work_off_plan(scope=scope, provider=provider, by=by).matter
    if key == "APPROVAL_TO_PROCEED":
        return actions.request_approval_to_proceed(scope=scope, by=by).matter
    if key == "CORRECTION_PLAN":
        return _correction(scope, given, by=by)
    rules = procedure(key)
    return open_matter(
        procedure=key,
        document=rules.document,
        version=rules.version,
        title=plain_line(given["title"]) or f"{rules.title}: {scope.name}",
        rationale=given["rationale"],
        scope_id=scope.public_id,
        audience=paper_audience(),
        is_synthetic=scope.is_synthetic,
        by=by,
    )


def _correction(scope: TestScope, given: dict[str, Any], *, by: Actor) -> Matter:
    """Draft the correction plan of a Work Off Plan of the phase, which is named by its matter. Raises InvalidInput."""
    seen = WorkOffPlan.objects.filter(scope=scope, matter__in=Matter.objects.visible_to(by))
    plan = (
        seen.select_related("scope__release", "matter", "provider")
        .filter(matter__public_id=given["work_off_plan"] or "")
        .first()
    )
    errors = []
    if plan is None:
        message = "Name the Work Off Plan of this phase by the id of its matter."
        errors.append(FieldError(None, "work_off_plan", message))
    if given["aware_on"] is None:
        errors.append(FieldError(None, "aware_on", "Say when whoever is responsible became aware of it (15.2)."))
    if plan is None or errors:
        raise InvalidInput(errors)
    made = actions.open_correction_plan(plan=plan, aware_on=given["aware_on"], rationale=given["rationale"], by=by)
    return made.matter


urlpatterns = [
    path("assessments", Assessments.as_view(), name="api-assessments"),
    path("assessments/latest", LatestAssessment.as_view(), name="api-assessments-latest"),
    path("assessments/<str:public_id>", OneAssessment.as_view(), name="api-assessment"),
    path("assessments/<str:public_id>/facts", AssessmentFacts.as_view(), name="api-assessment-facts"),
    path("phases/<str:public_id>/matters", PhaseMatters.as_view(), name="api-phase-matters"),
    path("rulebook/judge", Judge.as_view(), name="api-judge"),
    path("rulebook/schema", JudgeSchema.as_view(), name="api-judge-schema"),
]
