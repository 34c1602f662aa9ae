"""REST: whether a release is ready (7.2, 7.3, 9.8), and the criteria of approach documents (12.3)."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.gates import actions
from svtad.gates.actions.releases import OF_RELEASE
from svtad.gates.gathering.entry import entered_criteria
from svtad.gates.gathering.releases import gather_release
from svtad.gates.models import EvidenceItem, RepeatDocument
from svtad.gates.queries import phase_kind_for
from svtad.gates.queries.releases import changes_of, documents_of, releases_for, state_at
from svtad.gates.serializers import FindingSerializer
from svtad.governance.serializers import MatterDetailSerializer, show_matter_whole
from svtad.governing.models import DocumentVersion, EnteredCriterion
from svtad.governing.queries import version_in_force
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import (
    MomentField,
    PlainJSONField,
    PublicIdField,
    StrictSerializer,
    answers,
    checked,
    find,
    named,
)
from svtad.lib.text import plain_line
from svtad.parties.api import ApiView
from svtad.parties.policies import require
from svtad.rulebook import codec
from svtad.rulebook.release import judge_release
from testphases.actions import move_release
from testphases.models import CapabilityRelease
from testphases.queries import scopes_for

_TAG = ["releases"]


class MomentFilter(StrictSerializer):
    """As at which past moment; now where none is said."""

    as_at = MomentField(required=False, allow_null=True, default=None)


class RepeatDocumentSerializer(serializers.Serializer[Any]):
    """A document version named as changed for a repeated Interface Testing (7.3)."""

    id = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    effective_on = serializers.DateField(allow_null=True)


class ReadinessSerializer(serializers.Serializer[Any]):
    """Whether a release is ready, by what, and where it is. `live` is what going live asks for besides."""

    release = serializers.CharField()
    code = serializers.CharField()
    state = serializers.CharField(help_text="PLANNED, IN_TEST, READY or LIVE.")
    as_at = serializers.DateTimeField()
    verdict = serializers.CharField(help_text="What READY comes to.")
    facts_sha256 = serializers.CharField()
    findings = FindingSerializer(many=True)
    live = FindingSerializer(many=True)
    documents = RepeatDocumentSerializer(many=True)


class ReleaseMoveIn(StrictSerializer):
    """Where a release goes: IN_TEST, READY, LIVE."""

    state = serializers.CharField(max_length=20)
    reason = serializers.CharField(max_length=400, required=False, default="", allow_blank=True)


class ReleaseMatterIn(StrictSerializer):
    """A matter about a release."""

    procedure = serializers.CharField(max_length=40, help_text=f"One of {', '.join(OF_RELEASE)}.")
    title = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)
    rationale = serializers.CharField(max_length=20_000, required=False, default="", allow_blank=True)
    data = PlainJSONField(required=False, default=dict)  # type: ignore[assignment]


class RepeatDocumentIn(StrictSerializer):
    """A document version to name, by its id."""

    version = PublicIdField()


class OwnCriterionSerializer(serializers.Serializer[Any]):
    """A criterion of the phase's approach document, and how it is answered; `met` is null while nobody has said."""

    id = serializers.CharField()
    gate = serializers.CharField(help_text="ENTRY or EXIT.")
    clause = serializers.CharField()
    text = serializers.CharField()
    met = serializers.BooleanField(allow_null=True)
    reasons = serializers.CharField()
    evidence = serializers.CharField(allow_null=True)


class OwnCriteriaSerializer(serializers.Serializer[Any]):
    """The version of the approach document that is in effect, and the criteria entered of it."""

    document = serializers.CharField()
    version = serializers.CharField(allow_null=True)
    criteria = OwnCriterionSerializer(many=True)


class OwnAnswerIn(StrictSerializer):
    """Whether a criterion is met, what shows it, and the evidence it rests on."""

    met = serializers.BooleanField()
    reasons = serializers.CharField(max_length=400)
    evidence = PublicIdField(required=False, allow_null=True, default=None)


class ReleaseView(ApiView):
    """What all views of one release share."""

    def release(self, public_id: str) -> CapabilityRelease:
        """Return the release of that id. Raises ActionDenied for those who do not see every phase."""
        require(self.actor, "see_all_phases", clause="SVTAD 7.2", what="see whether a release is ready")
        found: CapabilityRelease = find(releases_for(self.actor), public_id)
        return found


class ReadinessOf(ReleaseView):
    """Whether a release is ready."""

    @extend_schema(
        operation_id="releases_readiness",
        tags=_TAG,
        parameters=[MomentFilter],
        responses=answers({200: ReadinessSerializer}, 400, 404, 409),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Judge whether a release is ready, now or as at a past moment. For those who see every phase."""
        release = self.release(public_id)
        moment = checked(MomentFilter, request.query_params.dict())["as_at"]
        if moment is not None and moment > now():
            raise InvalidInput.one("as_at", "This moment has not come yet.")
        return Response(_show(release, moment))


class ReleaseMoves(ReleaseView):
    """The life of a release."""

    @extend_schema(
        operation_id="releases_move",
        tags=_TAG,
        request=ReleaseMoveIn,
        responses=answers({200: ReadinessSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Move a release on. Refused (409) where what READY or LIVE asks for is not met."""
        release = self.release(public_id)
        given = checked(ReleaseMoveIn, request.data)
        move_release(release=release, to_state=given["state"], reason=given["reason"], by=self.actor)
        return Response(_show(release, None))


class ReleaseMatters(ReleaseView):
    """Matters about a release."""

    @extend_schema(
        operation_id="releases_open_matter",
        tags=_TAG,
        request=ReleaseMatterIn,
        responses=answers({201: MatterDetailSerializer}, 400, 404, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Open a matter about a release: a change to the DCC User Interface (7.3), or a promotion of code (9.8)."""
        release = self.release(public_id)
        given = checked(ReleaseMatterIn, request.data)
        made = actions.open_release_matter(
            release=release,
            procedure=given["procedure"],
            title=plain_line(given["title"]),
            rationale=given["rationale"],
            data=given["data"],
            by=self.actor,
        )
        return Response(show_matter_whole(made.matter, self.actor), status=201)


class RepeatDocuments(ReleaseView):
    """Documents changed for a repeated Interface Testing."""

    @extend_schema(
        operation_id="releases_name_document",
        tags=_TAG,
        request=RepeatDocumentIn,
        responses=answers({201: RepeatDocumentSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Name a document version that was changed for a repetition that is directed (7.3)."""
        release = self.release(public_id)
        given = checked(RepeatDocumentIn, request.data)
        version = named(DocumentVersion.objects.all(), given["version"], field="version", what="document version")
        made = actions.name_repeat_document(release=release, version=version, by=self.actor)
        shown = [_show_document(row, day) for row, day in documents_of(release, None) if row.pk == made.pk]
        return Response(shown[0], status=201)


class OwnCriteria(ApiView):
    """The criteria of a phase's approach document."""

    @extend_schema(
        operation_id="phases_criteria",
        tags=["phases"],
        parameters=[MomentFilter],
        responses=answers({200: OwnCriteriaSerializer}, 400, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the criteria of the approach document with their answers. For those who see the whole phase."""
        scope = find(scopes_for(self.actor), public_id)
        require(self.actor, "see_all_phases", clause="SVTAD 12.3", what="see the criteria of an approach document")
        kind = phase_kind_for(scope)
        if kind is None or kind.criteria_document is None:
            raise NotFound
        moment = checked(MomentFilter, request.query_params.dict())["as_at"]
        if moment is not None and moment > now():
            raise InvalidInput.one("as_at", "This moment has not come yet.")
        held = version_in_force(kind.criteria_document, moment)
        _, facts = entered_criteria(scope, kind=kind, moment=moment or now())
        return Response(
            {
                "document": kind.criteria_document,
                "version": held.version.version if held else None,
                "criteria": [
                    {
                        "id": row.id,
                        "gate": row.gate.value,
                        "clause": row.clause,
                        "text": row.text,
                        "met": row.met,
                        "reasons": row.reasons,
                        "evidence": row.evidence or None,
                    }
                    for row in facts
                ],
            }
        )


class OwnAnswers(ApiView):
    """Answers to the criteria of a phase's approach document."""

    @extend_schema(
        operation_id="phases_answer_criterion",
        tags=["phases"],
        request=OwnAnswerIn,
        responses=answers({201: OwnCriterionSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str, criterion_id: str) -> Response:
        """Record whether a criterion of the approach document is met in a phase; the last answer holds."""
        scope = find(scopes_for(self.actor), public_id)
        criterion = find(EnteredCriterion.objects.select_related("version__document"), criterion_id)
        given = checked(OwnAnswerIn, request.data)
        evidence = named(
            EvidenceItem.objects.visible_to(self.actor), given["evidence"], field="evidence", what="evidence"
        )
        made = actions.answer_criterion(
            scope=scope,
            criterion=criterion,
            met=given["met"],
            reasons=given["reasons"],
            evidence=evidence,
            by=self.actor,
        )
        shown = {
            "id": criterion.public_id,
            "gate": criterion.gate,
            "clause": criterion.clause,
            "text": criterion.text,
            "met": made.met,
            "reasons": made.reasons,
            "evidence": evidence.public_id if evidence else None,
        }
        return Response(shown, status=201)


def _show(release: CapabilityRelease, moment: Any) -> dict[str, Any]:
    facts = gather_release(release, moment=moment or now())
    readiness = judge_release(facts)
    return {
        "release": release.public_id,
        "code": release.code,
        "state": state_at(changes_of(release, moment)).value,
        "as_at": facts.as_at,
        "verdict": readiness.verdict.value,
        "facts_sha256": codec.spelling(facts.to_json(), besides="as_at")[1],
        "findings": [codec.encode(finding) for finding in readiness.ready],
        "live": [codec.encode(finding) for finding in readiness.live],
        "documents": [_show_document(row, day) for row, day in documents_of(release, moment)],
    }


def _show_document(row: RepeatDocument, day: Any) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "document": row.version.document.code,
        "version": row.version.version,
        "effective_on": day,
    }


urlpatterns = [
    path("releases/<str:public_id>/readiness", ReadinessOf.as_view(), name="api-readiness"),
    path("releases/<str:public_id>/state", ReleaseMoves.as_view(), name="api-release-state"),
    path("releases/<str:public_id>/matters", ReleaseMatters.as_view(), name="api-release-matters"),
    path("releases/<str:public_id>/documents", RepeatDocuments.as_view(), name="api-repeat-documents"),
    path("phases/<str:public_id>/criteria", OwnCriteria.as_view(), name="api-own-criteria"),
    path("phases/<str:public_id>/criteria/<str:criterion_id>/answers", OwnAnswers.as_view(), name="api-own-answers"),
]
