"""REST: files sent in for import, previewed and committed as the pages do it."""

from __future__ import annotations

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance.api.work_serializers import JobSerializer, show_job
from svtad.intake import actions, queries
from svtad.intake.models import BatchState, ImportBatch
from svtad.intake.registry import importers
from svtad.intake.serializers import (
    BatchFilter,
    BatchSerializer,
    FileIn,
    ImporterSerializer,
    RowErrorSerializer,
    show_batch,
    why_not_imported,
)
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import PAGE_PARAMETERS, answers, checked, find, page_of
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView

_TAG = ["imports"]


class Importers(ApiView):
    """The kinds of file that can be imported."""

    @extend_schema(operation_id="importers_list", tags=_TAG, responses=answers({200: ImporterSerializer(many=True)}))
    def get(self, request: Request) -> Response:
        """List the importers, with the parameters that each takes and the counts that it gives."""
        return Response(ImporterSerializer(importers(), many=True).data)


class Imports(ApiView):
    """The files that were sent in."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="imports_list",
        tags=_TAG,
        parameters=[BatchFilter, *PAGE_PARAMETERS],
        responses=answers({200: page_of(BatchSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the files that the caller may see, the newest first."""
        wanted = checked(BatchFilter, request.query_params.dict())
        rows = queries.batches_for(self.actor, scope_id=wanted.get("phase", ""))
        rows = rows.filter(**{name: wanted[name] for name in ("importer", "state") if name in wanted})
        return self.pages(rows, show_batch)

    @extend_schema(
        operation_id="imports_create",
        tags=_TAG,
        request={"multipart/form-data": FileIn},
        responses=answers({201: BatchSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Send a file in. A job previews it, and nothing of it counts until it is committed; or `commit` it at once."""
        given = checked(FileIn, request.data)
        send = actions.import_file if given["commit"] else actions.receive_file
        batch = send(
            importer_key=given["importer"],
            scope_id=given["phase"],
            content=given["file"].file,
            name=given["file"].name,
            source=given["source"],
            run_id=given["run_id"],
            params=given["params"],
            by=self.actor,
        )
        if given["commit"] and batch.state != BatchState.COMMITTED:
            raise InvalidInput(why_not_imported(batch))
        return Response(show_batch(batch), status=201)


class OneImport(ApiView):
    """One file that was sent in."""

    @extend_schema(operation_id="imports_get", tags=_TAG, responses=answers({200: BatchSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show what a file would change, or changed."""
        return Response(show_batch(_batch(self.actor, public_id)))


class ImportErrors(ApiView):
    """What is wrong with a file."""

    @extend_schema(
        operation_id="imports_errors",
        tags=_TAG,
        parameters=PAGE_PARAMETERS,
        responses=answers({200: page_of(RowErrorSerializer)}, 404),
    )
    def get(self, request: Request, public_id: str) -> Response:
        """List the first 500 errors, each with its row and field; `error_count` of the import counts all."""
        rows = queries.errors_of(_batch(self.actor, public_id)).values("row", "field", "value", "message")
        return self.pages(rows, dict)


class ImportCommit(ApiView):
    """Importing a file that was sent in."""

    @extend_schema(
        operation_id="imports_commit", tags=_TAG, request=None, responses=answers({202: JobSerializer}, 404, 409)
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Queue the job that imports the file, all of it or nothing."""
        job = actions.request_commit(batch=_batch(self.actor, public_id), by=self.actor)
        return Response(show_job(job), status=202)


class ImportCancel(ApiView):
    """Setting aside a file that was sent in."""

    @extend_schema(
        operation_id="imports_cancel", tags=_TAG, request=None, responses=answers({200: BatchSerializer}, 404, 409)
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Set the file aside; it is kept, with who sent it, and never imported."""
        return Response(show_batch(actions.cancel_batch(batch=_batch(self.actor, public_id), by=self.actor)))


def _batch(actor: Actor, public_id: str) -> ImportBatch:
    """Return the batch where the caller may see it. Raises NotFound."""
    found: ImportBatch = find(queries.batches_for(actor), public_id)
    return found


urlpatterns = [
    path("importers", Importers.as_view(), name="api-importers"),
    path("imports", Imports.as_view(), name="api-imports"),
    path("imports/<str:public_id>", OneImport.as_view(), name="api-import"),
    path("imports/<str:public_id>/errors", ImportErrors.as_view(), name="api-import-errors"),
    path("imports/<str:public_id>/commit", ImportCommit.as_view(), name="api-import-commit"),
    path("imports/<str:public_id>/cancel", ImportCancel.as_view(), name="api-import-cancel"),
]
