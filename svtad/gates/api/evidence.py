"""REST: the evidence of a Test Phase, attached, answered, presented to TAB and withdrawn."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.gates import actions
from svtad.gates.actions.evidence import REVIEWS, USUAL_REVIEWS
from svtad.gates.models import EvidenceItem
from svtad.gates.policies import check_can_attach, evidence_audience
from svtad.gates.queries.evidence import states_of, withdrawn
from svtad.governance.actions import store_file
from svtad.governance.api import download
from svtad.governance.api.meeting_records import media_type_of
from svtad.governance.models import Matter
from svtad.governance.serializers import MatterDetailSerializer, show_matter_whole
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import (
    CURSOR_PARAMETERS,
    MomentField,
    PlainJSONField,
    StrictSerializer,
    answers,
    checked,
    cursor_page_of,
    find,
)
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.models import Organisation
from svtad.parties.queries import organisations_for
from svtad.rulebook.vocabulary import EvidenceKind
from testphases.models import TestScope
from testphases.queries import scopes_for

_TAG = ["evidence"]
_ANSWERS = sorted({state.value for kind in (*REVIEWS.values(), USUAL_REVIEWS) for state in kind})


class EvidenceSerializer(serializers.Serializer[Any]):
    """A document of a named kind attached to a phase. Its bytes are at `/evidence/{id}/content`."""

    id = serializers.CharField()
    phase = serializers.CharField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in EvidenceKind])
    provider = serializers.CharField(allow_null=True)
    state = serializers.CharField(help_text="How far it has come: its matter's state, else the last answer to it.")
    withdrawn = serializers.BooleanField()
    statements = serializers.DictField()
    note = serializers.CharField()
    matter = serializers.CharField(
        allow_null=True, help_text="The matter of an assurance report before TAB (9.6), where the caller may see it."
    )
    name = serializers.CharField()
    sha256 = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by = serializers.CharField()


class EvidenceIn(StrictSerializer):
    """A document to attach, as a multipart form. The newest of a kind (and provider) takes the place of the others."""

    file = serializers.FileField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in EvidenceKind])
    provider = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=24, help_text="Whose it is, by code: 9.4, 12.5(a)."
    )
    state = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=20,
        help_text="How far it has come; the usual if empty.",
    )
    statements = PlainJSONField(
        required=False,
        default=dict,
        help_text="What it states, as JSON: of READINESS each resource of 12.5(d) with `in_place`, `secure` and "
        "`ready`; of a SIT Audit Report the items of 19.4; each true or false.",
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=5000)
    occurred_at = MomentField(required=False, allow_null=True, default=None)


class EvidenceAnswerIn(StrictSerializer):
    """The DCC's answer to a piece of evidence (12.5(a), 9.4). What is returned has its reasons."""

    state = serializers.ChoiceField(choices=_ANSWERS)
    reasons = serializers.CharField(required=False, default="", allow_blank=True, max_length=400)


class EvidenceWithdrawalIn(StrictSerializer):
    """Why a piece of evidence is withdrawn."""

    reason = serializers.CharField(max_length=400)


class PresentationIn(StrictSerializer):
    """When the DCC presented the report; now, where nothing is said."""

    decided_at = MomentField(required=False, allow_null=True, default=None)


class PhaseEvidence(ApiView):
    """What is attached to a phase."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="evidence_list",
        tags=_TAG,
        parameters=CURSOR_PARAMETERS,
        responses=answers({200: cursor_page_of(EvidenceSerializer)}, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the evidence of a phase that the caller may see, the newest first, withdrawn pieces too."""
        scope = find(scopes_for(self.actor), public_id)
        return self.cursor_together(_seen(self.actor).filter(scope=scope), lambda page: _show_all(page, self.actor))

    @extend_schema(
        operation_id="evidence_attach",
        tags=_TAG,
        request={"multipart/form-data": EvidenceIn},
        responses=answers({201: EvidenceSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Attach a document to a phase. An assurance report opens its matter before TAB, as a draft (9.6)."""
        scope = find(scopes_for(self.actor), public_id)
        item = _attached(scope, checked(EvidenceIn, request.data), by=self.actor)
        return Response(_show(item, self.actor), status=201)


class OneEvidence(ApiView):
    """One piece of evidence."""

    @extend_schema(operation_id="evidence_get", tags=_TAG, responses=answers({200: EvidenceSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a piece of evidence and how far it has come."""
        return Response(_show(find(_seen(self.actor), public_id), self.actor))


class EvidenceContent(ApiView):
    """The bytes of a piece of evidence."""

    @extend_schema(
        operation_id="evidence_content",
        tags=_TAG,
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, **answers({}, 404)},
    )
    def get(self, request: Request, public_id: str) -> FileResponse:
        """Send the document. TAG reads an assurance report here once TAB has approved it (9.6)."""
        return download(find(_seen(self.actor), public_id).file)


class EvidenceAnswer(ApiView):
    """The DCC's answer to a piece of evidence."""

    @extend_schema(
        operation_id="evidence_review",
        tags=_TAG,
        request=EvidenceAnswerIn,
        responses=answers({201: EvidenceSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Sign off, accept or return a piece of evidence that was submitted."""
        item = find(_seen(self.actor), public_id)
        actions.review_evidence(item=item, by=self.actor, **checked(EvidenceAnswerIn, request.data))
        return Response(_show(item, self.actor), status=201)


class EvidenceEnd(ApiView):
    """That a piece of evidence is withdrawn."""

    @extend_schema(
        operation_id="evidence_withdraw",
        tags=_TAG,
        request=EvidenceWithdrawalIn,
        responses=answers({201: EvidenceSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Withdraw a piece of evidence, with the reason: from now on it proves nothing. It is never deleted."""
        item = find(_seen(self.actor), public_id)
        actions.withdraw_evidence(item=item, by=self.actor, **checked(EvidenceWithdrawalIn, request.data))
        return Response(_show(item, self.actor), status=201)


class Presentation(ApiView):
    """That an assurance report is before TAB."""

    @extend_schema(
        operation_id="evidence_present",
        tags=_TAG,
        request=PresentationIn,
        responses=answers({201: MatterDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Present an assurance report to TAB (9.6), signed: a step of its matter, with the report as its document."""
        item = find(_seen(self.actor), public_id)
        self.check_may_sign()
        matter = actions.present_assurance_report(item=item, by=self.actor, **checked(PresentationIn, request.data))
        return Response(show_matter_whole(matter, self.actor), status=201)


def _seen(actor: Actor) -> Any:
    """Return the evidence that `actor` may see, with what is shown of it."""
    return EvidenceItem.objects.visible_to(actor).select_related(
        "scope__release__programme", "scope__governed_by__document", "provider", "file", "matter__audience"
    )


@transaction.atomic
def _attached(scope: TestScope, given: dict[str, Any], *, by: Actor) -> EvidenceItem:
    """Keep the file for those who may read evidence of the kind, and attach it. Nothing is kept of what is refused."""
    provider = _provider(by, given["provider"])
    kind = EvidenceKind(given["kind"])
    check_can_attach(by, scope, kind=kind, provider=provider)
    upload = given["file"]
    stored = store_file(
        content=upload.file,
        name=upload.name,
        media_type=media_type_of(upload.name),
        purpose="evidence",
        audience=evidence_audience(kind=kind, provider=provider),
        is_synthetic=scope.is_synthetic,
        by=by,
    )
    return actions.attach_evidence(
        scope=scope,
        kind=kind,
        file=stored,
        provider=provider,
        state=given["state"],
        statements=given["statements"],
        note=given["note"],
        occurred_at=given["occurred_at"],
        by=by,
    )


def _provider(actor: Actor, code: str) -> Organisation | None:
    if not code:
        return None
    found = organisations_for(actor).filter(code=code).first()
    if found is None:
        raise InvalidInput.one("provider", "There is no organisation of this code among those you deal with.")
    return found


def _show(item: EvidenceItem, actor: Actor) -> dict[str, Any]:
    [shown] = _show_all([item], actor)
    return shown


def _show_all(items: list[EvidenceItem], actor: Actor) -> list[dict[str, Any]]:
    """Return each as `EvidenceSerializer` describes it. As many queries however many there are."""
    keys = [item.matter_id for item in items if item.matter_id]
    matters = Matter.objects.visible_to(actor).filter(pk__in=keys).in_bulk() if keys else {}
    states = states_of(items)
    gone = withdrawn(items)
    return [
        {
            "id": item.public_id,
            "phase": item.scope.public_id,
            "kind": item.kind,
            "provider": item.provider.code if item.provider else None,
            "state": states[item.pk],
            "withdrawn": item.pk in gone,
            "statements": item.statements,
            "note": item.note,
            "matter": matters[item.matter_id].public_id if item.matter_id in matters else None,
            "name": item.file.name,
            "sha256": item.file.sha256,
            "occurred_at": item.occurred_at,
            "recorded_at": item.recorded_at,
            "recorded_by": item.recorded_by,
        }
        for item in items
    ]


urlpatterns = [
    path("phases/<str:public_id>/evidence", PhaseEvidence.as_view(), name="api-phase-evidence"),
    path("evidence/<str:public_id>", OneEvidence.as_view(), name="api-one-evidence"),
    path("evidence/<str:public_id>/content", EvidenceContent.as_view(), name="api-evidence-content"),
    path("evidence/<str:public_id>/review", EvidenceAnswer.as_view(), name="api-evidence-review"),
    path("evidence/<str:public_id>/withdrawal", EvidenceEnd.as_view(), name="api-evidence-withdrawal"),
    path("evidence/<str:public_id>/presentation", Presentation.as_view(), name="api-evidence-presentation"),
]
