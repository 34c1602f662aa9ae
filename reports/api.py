"""REST: reports asked for, listed and downloaded."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from reports import actions
from reports.serializers import (
    PackFilter,
    PackIn,
    PackSerializer,
    ReportFilter,
    ReportIn,
    ReportSerializer,
    show_pack,
    show_report,
)
from svtad.gates.models import Assessment, FiledReport, SealedPack
from svtad.governance.api import download
from svtad.governance.api.work_serializers import JobSerializer, show_job
from svtad.governance.models import Matter, StoredFile
from svtad.lib.errors import ActionDenied
from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from testphases.queries import scopes_for

_TAG = ["reports"]


class Reports(ApiView):
    """Reports on Test Phases."""

    @extend_schema(
        operation_id="reports_list",
        tags=_TAG,
        parameters=[ReportFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(ReportSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the reports that the caller may see, the newest first."""
        wanted = checked(ReportFilter, request.query_params.dict())
        columns = {"phase": "scope__public_id", "kind": "kind"}
        rows = _reports(self.actor).filter(**{columns[name]: wanted[name] for name in columns if name in wanted})
        return self.cursor(rows, show_report)

    @extend_schema(
        operation_id="reports_request",
        tags=_TAG,
        request=ReportIn,
        responses=answers({202: JobSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Have a Completion Report made (9.7, 16.5): the answer is the job; its result names report and file."""
        given = checked(ReportIn, request.data)
        try:
            if "assessment" in given:
                rows = Assessment.objects.visible_to(self.actor).select_related("scope")
                subject: dict[str, Any] = {"assessment": find(rows, given["assessment"])}
            else:
                subject = {"scope": find(scopes_for(self.actor), given["phase"])}
        except NotFound:
            raise ActionDenied("", "There is no such thing among those you may see.") from None
        return Response(show_job(actions.request_completion_report(by=self.actor, **subject)), status=202)


class OneReport(ApiView):
    """One report."""

    @extend_schema(operation_id="reports_get", tags=_TAG, responses=answers({200: ReportSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a report's pages, size and hash."""
        return Response(show_report(find(_reports(self.actor), public_id)))


class ReportContent(ApiView):
    """The PDF of a report."""

    @extend_schema(
        operation_id="reports_content",
        tags=_TAG,
        responses={
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The PDF, as a download."),
            **answers({}, 404),
        },
    )
    def get(self, request: Request, public_id: str) -> Any:
        """Download a report."""
        return download(find(_reports(self.actor), public_id).file)


class Packs(ApiView):
    """Sealed decision packs."""

    @extend_schema(
        operation_id="packs_list",
        tags=_TAG,
        parameters=[PackFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(PackSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the sealed packs that the caller may open, the newest first."""
        wanted = checked(PackFilter, request.query_params.dict())
        columns = {"phase": "scope__public_id", "assessment": "assessment__public_id"}
        rows = _packs(self.actor).filter(**{columns[name]: wanted[name] for name in columns if name in wanted})
        return self.cursor(rows, show_pack)

    @extend_schema(
        operation_id="packs_request",
        tags=_TAG,
        request=PackIn,
        responses=answers({202: JobSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Have a sealed decision pack made: the answer is the job; its result names the pack and its two files.

        The same inputs give the same bytes: asked for again, the pack that is there is the result.
        """
        given = checked(PackIn, request.data)
        try:
            if "assessment" in given:
                rows = Assessment.objects.visible_to(self.actor).select_related("scope")
                subject: dict[str, Any] = {"assessment": find(rows, given["assessment"])}
            else:
                subject = {"matter": find(Matter.objects.visible_to(self.actor), given["matter"])}
        except NotFound:
            raise ActionDenied("", "There is no such thing among those you may see.") from None
        return Response(show_job(actions.request_pack(by=self.actor, **subject)), status=202)


def _packs(actor: Actor) -> QuerySet[SealedPack]:
    """Return the packs that the caller may open, of phases that it may see."""
    rows: QuerySet[SealedPack] = SealedPack.objects.visible_to(actor).filter(
        scope__in=scopes_for(actor).order_by().values("pk")
    )
    return rows.select_related("scope", "assessment", "matter", "file", "signature", "signer").defer(
        "assessment__facts"
    )


def _reports(actor: Actor) -> QuerySet[FiledReport]:
    """Return the reports whose file the caller may see, of phases that it may see."""
    files = StoredFile.objects.visible_to(actor).values("pk")
    rows: QuerySet[FiledReport] = FiledReport.objects.filter(
        file__in=files, scope__in=scopes_for(actor).order_by().values("pk")
    )
    return rows.select_related("scope", "assessment", "file").defer("assessment__facts")


urlpatterns = [
    path("packs", Packs.as_view(), name="api-packs"),
    path("reports", Reports.as_view(), name="api-reports"),
    path("reports/<str:public_id>", OneReport.as_view(), name="api-report"),
    path("reports/<str:public_id>/content", ReportContent.as_view(), name="api-report-content"),
]
