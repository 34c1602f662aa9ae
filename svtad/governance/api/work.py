"""REST: jobs and stored files."""

from __future__ import annotations

import mimetypes
from typing import Any

from django.http import FileResponse
from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance import actions, files
from svtad.governance.api.work_serializers import (
    DocumentIn,
    FileSerializer,
    JobFilter,
    JobSerializer,
    show_file,
    show_job,
)
from svtad.governance.models import Job, Matter, StoredFile
from svtad.governance.policies import check_can_keep_document
from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find, named
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.audiences import GOVERNANCE, audience_of


class Jobs(ApiView):
    """Long work that the caller may see."""

    @extend_schema(
        operation_id="jobs_list",
        tags=["jobs"],
        parameters=[JobFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(JobSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List jobs, the newest first."""
        wanted = checked(JobFilter, request.query_params.dict())
        rows = Job.objects.visible_to(self.actor)
        return self.cursor(rows.filter(**{key: wanted[key] for key in ("kind", "state") if key in wanted}), show_job)


class OneJob(ApiView):
    """One piece of long work."""

    @extend_schema(operation_id="jobs_get", tags=["jobs"], responses=answers({200: JobSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show how far a job is, and what came of it."""
        return Response(show_job(find(Job.objects.visible_to(self.actor), public_id)))

    @extend_schema(operation_id="jobs_cancel", tags=["jobs"], responses=answers({200: JobSerializer}, 404, 409))
    def delete(self, request: Request, public_id: str) -> Response:
        """Take back a job that still waits; whoever asked for it may."""
        job = find(Job.objects.visible_to(self.actor), public_id)
        return Response(show_job(actions.cancel_job(job=job, by=self.actor)))


class Files(ApiView):
    """Documents that decisions rest on."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="files_create",
        tags=["files"],
        request={"multipart/form-data": DocumentIn},
        responses=answers({201: FileSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Keep a document (minutes, a letter), to name it in a decision, for those who may see the matter."""
        check_can_keep_document(self.actor)
        wanted = checked(DocumentIn, request.data)
        given, matter = wanted["file"], _matter(self.actor, wanted.get("matter"))
        stored = actions.store_file(
            content=given.file,
            name=given.name,
            media_type=mimetypes.guess_type(given.name)[0] or "application/octet-stream",
            purpose="decision",
            audience=actions.audience_for_upload(matter, by=self.actor) if matter else audience_of(*GOVERNANCE),
            is_synthetic=matter is not None and matter.is_synthetic,
            by=self.actor,
        )
        return Response(show_file(stored), status=201)


def _matter(actor: Actor, public_id: str | None) -> Matter | None:
    """Return the matter of that id. Raises InvalidInput for one that the caller may not see."""
    found: Matter | None = named(Matter.objects.visible_to(actor), public_id, field="matter", what="matter")
    return found


class OneFile(ApiView):
    """One stored file."""

    @extend_schema(operation_id="files_get", tags=["files"], responses=answers({200: FileSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a file's name, size and hash."""
        return Response(show_file(find(StoredFile.objects.visible_to(self.actor), public_id)))


class FileContent(ApiView):
    """The bytes of a stored file."""

    @extend_schema(
        operation_id="files_content",
        tags=["files"],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "The bytes, as a download."),
            **answers({}, 404),
        },
    )
    def get(self, request: Request, public_id: str) -> Any:
        """Download a file."""
        stored = find(StoredFile.objects.visible_to(self.actor), public_id)
        return download(stored)


def download(stored: StoredFile) -> FileResponse:
    """Return the bytes of `stored` as a download. Raises NotFound where they are gone."""
    try:
        stream = files.open_file(stored)
    except FileNotFoundError:
        raise NotFound from None
    # Never as what it says it is: a browser must not run what somebody sent in.
    response = FileResponse(stream, as_attachment=True, filename=stored.name, content_type="application/octet-stream")
    response["X-Content-SHA256"] = stored.sha256
    return response


urlpatterns = [
    path("jobs", Jobs.as_view(), name="api-jobs"),
    path("jobs/<str:public_id>", OneJob.as_view(), name="api-job"),
    path("files", Files.as_view(), name="api-files"),
    path("files/<str:public_id>", OneFile.as_view(), name="api-file"),
    path("files/<str:public_id>/content", FileContent.as_view(), name="api-file-content"),
]
