"""REST: results, sent in as rows or files, and listed as runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.intake import actions as intake_actions
from svtad.intake.models import BatchState, ImportBatch
from svtad.intake.registry import importer_for_name
from svtad.intake.serializers import BatchSerializer, show_batch, why_not_imported
from svtad.lib.errors import InvalidInput
from svtad.lib.rest import CURSOR_PARAMETERS, StrictJSONParser, answers, checked, cursor_page_of, find
from svtad.parties.api import ApiView
from testphases import queries
from testphases.models import TestRun
from testphases.serializers import (
    ResultsFileIn,
    ResultsIn,
    RunFilter,
    RunSerializer,
    UnmatchedFilter,
    UnmatchedSerializer,
)

#: The kinds of file that hold results, by their importers' keys.
RESULT_IMPORTERS = ("junit", "results")
_RESULT_COLUMNS = (
    "external_id",
    "outcome",
    "occurred_at",
    "dmc",
    "installation_type",
    "versions",
    "environment",
    "tester",
    "message",
    "duration_seconds",
    "no_file_needed",
)


_RUN_COLUMNS = (
    "id",
    "scope__public_id",
    "planned_test__public_id",
    "planned_test__definition__external_id",
    "planned_test__dmc__reference",
    "outcome",
    "occurred_at",
    "time_uncertain",
    "recorded_at",
    "version_set__label",
    "batch__public_id",
    "position",
    "tester",
    "environment",
    "message",
    "duration_ms",
    "evidence__public_id",
    "void__reason",
)
_RENAMED_RUN = {
    "scope__public_id": "phase",
    "planned_test__public_id": "planned_test",
    "planned_test__definition__external_id": "external_id",
    "planned_test__dmc__reference": "dmc",
    "version_set__label": "versions",
    "batch__public_id": "batch",
    "evidence__public_id": "evidence",
    "void__reason": "void",
}


_UNMATCHED_COLUMNS = (
    "id",
    "public_id",
    "batch__public_id",
    "external_id",
    "dmc_reference",
    "outcome",
    "occurred_at",
    "reason",
    "recorded_at",
)


class Results(ApiView):
    """Results of tests: runs."""

    parser_classes: list[type[BaseParser]] = [StrictJSONParser, MultiPartParser]

    @extend_schema(
        operation_id="results_list",
        tags=["results"],
        parameters=[RunFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(RunSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the runs of a phase, the last recorded first; void ones too, with the reason."""
        wanted = checked(RunFilter, request.query_params.dict())
        scope = find(queries.scopes_for(self.actor), wanted["phase"])
        columns = {
            "planned_test": "planned_test__public_id",
            "external_id": "planned_test__definition__external_id",
            "outcome": "outcome",
            "dmc": "planned_test__dmc__reference",
            "batch": "batch__public_id",
            "recorded_since": "recorded_at__gte",
        }
        narrowed = {column: wanted[name] for name, column in columns.items() if name in wanted}
        rows = TestRun.objects.visible_to(self.actor).filter(scope=scope, **narrowed)
        return self.cursor(rows.values(*_RUN_COLUMNS), _show_run)

    @extend_schema(
        operation_id="results_create",
        tags=["results"],
        request={"application/json": ResultsIn, "multipart/form-data": ResultsFileIn},
        responses=answers({200: BatchSerializer, 201: BatchSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Send results in, as rows or as a file (JUnit XML, CSV): all are recorded, or none.

        Answers 201 where runs were recorded or results kept as unmatched, 200 where all of it was there
        already. A result of a test that no plan knows is kept and counted as `unmatched`.
        """
        batch = self._import_rows(request) if _is_json(request) else self._import_file(request)
        if batch.state != BatchState.COMMITTED:
            # The CSV that is made of rows has a header, as its first row.
            rows = _is_json(request)
            raise InvalidInput(why_not_imported(batch, field="rows" if rows else "file", header=int(rows)))
        counts = batch.summary.get("counts", {})
        return Response(show_batch(batch), status=201 if counts.get("recorded") or counts.get("unmatched") else 200)

    def _import_rows(self, request: Request) -> ImportBatch:
        given = checked(ResultsIn, request.data)
        return intake_actions.import_file(
            importer_key="results",
            scope_id=given["phase"],
            content=_as_csv(given["rows"]),
            name="results.csv",
            source=given["source"],
            run_id=given["run_id"],
            by=self.actor,
        )

    def _import_file(self, request: Request) -> ImportBatch:
        given = checked(ResultsFileIn, request.data)
        name = given["file"].name
        key = importer_for_name(name, RESULT_IMPORTERS)
        if not key:
            raise InvalidInput.one("file", f"{name} is neither JUnit XML (.xml) nor CSV (.csv).")
        return intake_actions.import_file(
            importer_key=key,
            scope_id=given["phase"],
            content=given["file"].file,
            name=name,
            source=given["source"],
            run_id=given["run_id"],
            params=given["params"],
            by=self.actor,
        )


class UnmatchedResults(ApiView):
    """Results that no plan knows."""

    @extend_schema(
        operation_id="unmatched_results_list",
        tags=["results"],
        parameters=[UnmatchedFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(UnmatchedSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List a phase's results whose test no plan knows and nobody has dismissed."""
        wanted = checked(UnmatchedFilter, request.query_params.dict())
        scope = find(queries.scopes_for(self.actor), wanted["phase"])
        rows = queries.unmatched_open(scope, self.actor).select_related(None)
        return self.cursor(rows.values(*_UNMATCHED_COLUMNS), _show_unmatched)


def _is_json(request: Request) -> bool:
    return not str(request.content_type or "").startswith("multipart/")


def _as_csv(rows: Sequence[dict[str, Any]]) -> bytes:
    """Return JSON rows as the CSV that the importer of results reads: one spelling for the same rows."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_RESULT_COLUMNS)
    for row in rows:
        duration = row["duration_seconds"]
        writer.writerow(
            [
                row["occurred_at"].isoformat()
                if name == "occurred_at"
                else ("" if duration is None else repr(duration))
                if name == "duration_seconds"
                else row[name]
                for name in _RESULT_COLUMNS
            ]
        )
    return text.getvalue().encode()


def _show_run(row: dict[str, Any]) -> dict[str, Any]:
    return {_RENAMED_RUN.get(name, name): value for name, value in row.items()}


def _show_unmatched(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["public_id"],
        "batch": row["batch__public_id"],
        "external_id": row["external_id"],
        "dmc": row["dmc_reference"],
        "outcome": row["outcome"],
        "occurred_at": row["occurred_at"],
        "reason": row["reason"],
        "recorded_at": row["recorded_at"],
    }
