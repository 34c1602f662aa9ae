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

from reports import actions, queries
from reports.serializers import (
    BroughtIn,
    CopiesIn,
    CopyListsSerializer,
    GivenCopySerializer,
    PackFilter,
    PackIn,
    PackSerializer,
    PartyCopySerializer,
    ReportFilter,
    ReportIn,
    ReportSerializer,
    show_copy,
    show_given,
    show_lists,
    show_pack,
    show_report,
)
from svtad.gates.models import Assessment, FiledReport, PartyCopies, SealedPack
from svtad.gates.queries.copies import copies_of, given, lists_of, told
from svtad.governance.api import download
from svtad.governance.api.work_serializers import JobSerializer, show_job
from svtad.governance.models import Matter, StoredFile
from svtad.lib.errors import ActionDenied, InvalidInput
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


class PhaseCopies(ApiView):
    """What is redacted of a SIT's reports for the Parties, package by package."""

    @extend_schema(
        operation_id="copies_lists", tags=_TAG, responses=answers({200: CopyListsSerializer(many=True)}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List both lists of each package and the copies made, the last first, where the caller may read them."""
        scope = find(scopes_for(self.actor).filter(kind="SIT"), public_id)
        return Response([show_lists(each) for each in lists_of(copies_of(scope, self.actor))])

    @extend_schema(
        operation_id="copies_begin",
        tags=_TAG,
        request=CopiesIn,
        responses=answers({201: CopyListsSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Begin the lists for a package: opens the matter of 13.17, or answers with the one that is there."""
        scope = find(scopes_for(self.actor), public_id)
        wanted = checked(CopiesIn, request.data)
        package = next((each for each in queries.packages_of(scope) if each.public_id == wanted["package"]), None)
        if wanted["package"] and package is None:
            raise InvalidInput.one("package", "There is no such package of this phase.")
        report = queries.reports_filed(scope, self.actor).filter(public_id=wanted["report"] or "-").first()
        if wanted["report"] and report is None:
            raise InvalidInput.one("report", "There is no such Completion Report of this phase that was made here.")
        made = actions.open_copies(scope=scope, package=package, report=report, by=self.actor)
        [lists] = lists_of([_lists(self.actor).get(pk=made.pk)])
        return Response(show_lists(lists), status=201)


class CopiesSharing(ApiView):
    """The copies of a package, given to the Parties."""

    @extend_schema(
        operation_id="copies_share",
        tags=_TAG,
        request=None,
        responses=answers({201: CopyListsSerializer}, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Provide the Parties with the copies that the Panel's direction wants, signed; every Party is told."""
        found = find(_lists(self.actor), public_id)
        self.check_may_sign()
        actions.provide_copies(copies=found, by=self.actor)
        [lists] = lists_of([_lists(self.actor).get(pk=found.pk)])
        return Response(show_lists(lists), status=201)


class CopiesBrought(ApiView):
    """A copy that was redacted elsewhere."""

    @extend_schema(
        operation_id="copies_bring",
        tags=_TAG,
        request=BroughtIn,
        responses=answers({201: PartyCopySerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Keep a stored file as the copy of the SIT Auditor Report, or of a Completion Report not made here."""
        found = find(_lists(self.actor), public_id)
        wanted = checked(BroughtIn, request.data)
        file = StoredFile.objects.visible_to(self.actor).filter(public_id=wanted["file"]).first()
        if file is None:
            raise InvalidInput.one("file", "There is no such file among those you may see.")
        made = actions.bring_copy(copies=found, report=wanted["report"], file=file, by=self.actor)
        return Response(show_copy(made), status=201)


class CopiesMaking(ApiView):
    """The job that makes copies."""

    @extend_schema(
        operation_id="copies_make",
        tags=_TAG,
        request=None,
        responses=answers({202: JobSerializer}, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Have the copies made again, where the job that the Panel's direction queued failed."""
        found = find(_lists(self.actor), public_id)
        return Response(show_job(actions.request_copies(copies=found, by=self.actor)), status=202)


class GivenCopies(ApiView):
    """Copies that the Parties were given."""

    @extend_schema(
        operation_id="copies_given",
        tags=_TAG,
        parameters=CURSOR_PARAMETERS,
        responses=answers({200: cursor_page_of(GivenCopySerializer)}, 404),
    )
    def get(self, request: Request) -> Response:
        """List the copies of SIT reports that the Parties were given, the last first, and what became of each."""
        return self.cursor_together(given(self.actor), lambda rows: [show_given(each) for each in told(rows)])


def _lists(actor: Actor) -> QuerySet[PartyCopies]:
    """Return the lists that the caller may read, of phases that it may see."""
    rows: QuerySet[PartyCopies] = PartyCopies.objects.visible_to(actor).filter(
        scope__in=scopes_for(actor).order_by().values("pk")
    )
    return rows.select_related("scope__release", "matter__audience", "package", "report__file", "audit__file")


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
    path("copies", GivenCopies.as_view(), name="api-given-copies"),
    path("copies/<str:public_id>/share", CopiesSharing.as_view(), name="api-copies-share"),
    path("copies/<str:public_id>/brought", CopiesBrought.as_view(), name="api-copies-brought"),
    path("copies/<str:public_id>/making", CopiesMaking.as_view(), name="api-copies-making"),
    path("phases/<str:public_id>/copies", PhaseCopies.as_view(), name="api-phase-copies"),
    path("packs", Packs.as_view(), name="api-packs"),
    path("reports", Reports.as_view(), name="api-reports"),
    path("reports/<str:public_id>", OneReport.as_view(), name="api-report"),
    path("reports/<str:public_id>/content", ReportContent.as_view(), name="api-report-content"),
]
