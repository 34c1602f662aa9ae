"""REST: versions of governing documents, how they came into force, and the criteria entered of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance.models import Matter
from svtad.governing import actions
from svtad.governing.models import DocumentVersion, EnteredCriterion, VersionStanding
from svtad.governing.queries import documents_without_rules, edition_held, version_in_force
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import (
    DayField,
    MomentField,
    PublicIdField,
    StrictSerializer,
    answers,
    checked,
    find,
    named,
)
from svtad.parties.api import ApiView

_TAG = ["documents"]


class DocumentFilter(StrictSerializer):
    """As at which past moment; now where none is said."""

    as_at = MomentField(required=False, allow_null=True, default=None)


class EnteredCriterionSerializer(serializers.Serializer[Any]):
    """A criterion entered of an approach document (12.3)."""

    id = serializers.CharField()
    phase_kind = serializers.CharField()
    gate = serializers.CharField(help_text="ENTRY or EXIT.")
    clause = serializers.CharField()
    text = serializers.CharField()


class DocumentVersionSerializer(serializers.Serializer[Any]):
    """A version of a governing document. `in_effect` says whether it is the approved one that holds."""

    id = serializers.CharField()
    document = serializers.CharField()
    version = serializers.CharField()
    title = serializers.CharField()
    rules_held = serializers.BooleanField()
    route = serializers.CharField(allow_null=True, help_text="How it came to be: clauses 3.4, 4.1, 4.2, 4.3.")
    decided_on = serializers.DateField(allow_null=True)
    effective_from = serializers.DateField(allow_null=True)
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    in_effect = serializers.BooleanField()
    criteria = EnteredCriterionSerializer(many=True)


class DocumentVersionIn(StrictSerializer):
    """A version of an approach document whose rules the product does not hold."""

    document = serializers.CharField(max_length=40)
    version = serializers.CharField(max_length=20)
    note = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class StandingIn(StrictSerializer):
    """How a version came to be, when that was decided, and from which London day it is in effect."""

    route = serializers.CharField(max_length=12)
    decided_on = DayField()
    effective_from = DayField()
    source = serializers.CharField(max_length=300)  # type: ignore[assignment]
    matter = PublicIdField(required=False, allow_null=True, default=None)


class EnteredCriterionIn(StrictSerializer):
    """A criterion as the document has it."""

    phase_kind = serializers.CharField(max_length=20)
    gate = serializers.CharField(max_length=5)
    clause = serializers.CharField(max_length=60)
    text = serializers.CharField(max_length=400)


class DocumentVersions(ApiView):
    """Versions of governing documents."""

    @extend_schema(
        operation_id="document_versions_list",
        tags=_TAG,
        parameters=[DocumentFilter],
        responses=answers({200: DocumentVersionSerializer(many=True)}, 400),
    )
    def get(self, request: Request) -> Response:
        """List the versions that are entered, now or as at a past moment."""
        moment = checked(DocumentFilter, request.query_params.dict())["as_at"]
        if moment is not None and moment > now():
            raise InvalidInput.one("as_at", "This moment has not come yet.")
        rows = DocumentVersion.objects.select_related("document").order_by("document__code", "version")
        if moment is not None:
            rows = rows.filter(recorded_at__lte=moment)
        return Response(_show_all(list(rows), moment))

    @extend_schema(
        operation_id="document_versions_enter",
        tags=_TAG,
        request=DocumentVersionIn,
        responses=answers({201: DocumentVersionSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Enter a version of an approach document (12.3). One that is entered already is answered."""
        given = checked(DocumentVersionIn, request.data)
        known = documents_without_rules()
        if given["document"] not in known:
            raise InvalidInput.one("document", f"Approach documents are {', '.join(known)}.")
        made = actions.ensure_document_version(
            code=given["document"],
            title=f"Testing Approach Document: {known[given['document']]}"[:200],
            version=given["version"],
            note=given["note"],
            by=self.actor,
        )
        return Response(_show(made, None), status=201)


class Standings(ApiView):
    """How versions came into force."""

    @extend_schema(
        operation_id="document_versions_record_standing",
        tags=_TAG,
        request=StandingIn,
        responses=answers({200: DocumentVersionSerializer}, 400, 404, 413, 415),
    )
    def put(self, request: Request, public_id: str) -> Response:
        """Record how a version came to be (clauses 3 and 4) and from when it is in effect."""
        version = find(DocumentVersion.objects.select_related("document"), public_id)
        given = checked(StandingIn, request.data)
        given["matter"] = named(Matter.objects.visible_to(self.actor), given["matter"], field="matter", what="matter")
        actions.record_standing(version=version, **given, by=self.actor)
        return Response(_show(version, None))


class Criteria(ApiView):
    """Criteria of approach documents."""

    @extend_schema(
        operation_id="document_versions_enter_criterion",
        tags=_TAG,
        request=EnteredCriterionIn,
        responses=answers({201: EnteredCriterionSerializer}, 400, 404, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Enter a criterion that an approach document sets for a kind of Test Phase (12.3)."""
        version = find(DocumentVersion.objects.select_related("document"), public_id)
        made = actions.enter_criterion(version=version, **checked(EnteredCriterionIn, request.data), by=self.actor)
        return Response(_show_criterion(made), status=201)


def _show(version: DocumentVersion, moment: dt.datetime | None) -> dict[str, Any]:
    return _show_all([version], moment)[0]


def _show_all(versions: list[DocumentVersion], moment: dt.datetime | None) -> list[dict[str, Any]]:
    """Show versions with what was entered of them; the queries grow with the documents, not with their versions."""
    standings = {row.version_id: row for row in VersionStanding.objects.held_at(moment).filter(version__in=versions)}
    in_force = {code: version_in_force(code, moment) for code in {version.document.code for version in versions}}
    criteria: dict[int, list[EnteredCriterion]] = {}
    for row in (
        EnteredCriterion.objects.held_at(moment).filter(version__in=versions).order_by("phase_kind", "gate", "pk")
    ):
        criteria.setdefault(row.version_id, []).append(row)
    shown = []
    for version in versions:
        standing, held = standings.get(version.pk), in_force[version.document.code]
        shown.append(
            {
                "id": version.public_id,
                "document": version.document.code,
                "version": version.version,
                "title": version.document.title,
                "rules_held": edition_held(version) is not None,
                "route": standing.route if standing else None,
                "decided_on": standing.decided_on if standing else None,
                "effective_from": standing.effective_from if standing else version.effective_from,
                "source": standing.source if standing else None,
                "in_effect": held is not None and held.version_id == version.pk,
                "criteria": [_show_criterion(row) for row in criteria.get(version.pk, ())],
            }
        )
    return shown


def _show_criterion(row: EnteredCriterion) -> dict[str, Any]:
    return {
        "id": row.public_id,
        "phase_kind": row.phase_kind,
        "gate": row.gate,
        "clause": row.clause,
        "text": row.text,
    }


urlpatterns = [
    path("document-versions", DocumentVersions.as_view(), name="api-document-versions"),
    path("document-versions/<str:public_id>/standing", Standings.as_view(), name="api-standing"),
    path("document-versions/<str:public_id>/criteria", Criteria.as_view(), name="api-entered-criteria"),
]
