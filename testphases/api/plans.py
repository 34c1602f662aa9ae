"""REST: planned tests, listed and planned in bulk."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find
from svtad.parties.api import ApiView
from testphases import actions, queries
from testphases.actions import PlanRow
from testphases.api.phases import scope_named
from testphases.serializers import PlanIn, PlannedTestFilter, PlannedTestSerializer, PlanResultSerializer

_PLAN_COLUMNS = (
    "id",
    "planned_test__public_id",
    "scope__public_id",
    "planned_test__definition__source",
    "planned_test__definition__external_id",
    "title",
    "kind",
    "functional_group",
    "planned_test__dmc__reference",
    "planned_test__installation_type",
    "provider__code",
    "stage__name",
    "requirement",
    "planned_test__latest__outcome",
    "planned_test__latest__occurred_at",
    "planned_test__latest__version_set__label",
    "is_descoped",
)


class PlannedTests(ApiView):
    """Planned tests."""

    @extend_schema(
        operation_id="planned_tests_list",
        tags=["planned tests"],
        parameters=[PlannedTestFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(PlannedTestSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the tests that are planned in a phase now, each with its current result."""
        wanted = checked(PlannedTestFilter, request.query_params.dict())
        scope = find(queries.scopes_for(self.actor), wanted["phase"])
        rows = _narrowed_plan(queries.planned_now(scope, self.actor), wanted)
        return self.cursor(rows.select_related(None).order_by().values(*_PLAN_COLUMNS), _show_planned)

    @extend_schema(
        operation_id="planned_tests_plan",
        tags=["planned tests"],
        request=PlanIn,
        responses=answers({200: PlanResultSerializer}, 400, 409, 413, 415),
    )
    def put(self, request: Request) -> Response:
        """Plan tests, all of them or none. The same again changes nothing; what is left out stays planned."""
        return self._plan(request)

    @extend_schema(
        operation_id="planned_tests_create",
        tags=["planned tests"],
        request=PlanIn,
        responses=answers({200: PlanResultSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Do the same as PUT, for tools that only post."""
        return self._plan(request)

    def _plan(self, request: Request) -> Response:
        given = checked(PlanIn, request.data)
        rows = [PlanRow(**row, source=given["source"], row=number) for number, row in enumerate(given["rows"], 1)]
        scope = scope_named(self.actor, given["phase"])
        made = actions.plan_tests(scope=scope, rows=rows, reason=given["reason"], by=self.actor)
        return Response({"created": made.created, "changed": made.changed, "unchanged": made.unchanged})


def _narrowed_plan(rows: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
    columns = {
        "external_id": "planned_test__definition__external_id",
        "kind": "kind",
        "functional_group": "functional_group",
    }
    rows = rows.filter(**{column: wanted[name] for name, column in columns.items() if name in wanted})
    for name, column in (("dmc", "planned_test__dmc__reference"), ("provider", "provider__code")):
        if name in wanted:
            value = wanted[name]
            rows = rows.filter(**({f"{column}__isnull": True} if value == "none" else {column: value}))
    if "outcome" in wanted:
        outcome = wanted["outcome"]
        if outcome == "NOT_RUN":
            rows = rows.exclude(planned_test__latest__outcome__in=("PASSED", "FAILED"))
        else:
            rows = rows.filter(planned_test__latest__outcome=outcome)
    return rows


def _show_planned(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["planned_test__public_id"],
        "phase": row["scope__public_id"],
        "source": row["planned_test__definition__source"],
        "external_id": row["planned_test__definition__external_id"],
        "title": row["title"],
        "kind": row["kind"],
        "functional_group": row["functional_group"],
        "dmc": row["planned_test__dmc__reference"],
        "installation_type": row["planned_test__installation_type"],
        "provider": row["provider__code"],
        "stage": row["stage__name"],
        "requirement": row["requirement"],
        "outcome": row["planned_test__latest__outcome"] or "",
        "executed_at": row["planned_test__latest__occurred_at"],
        "versions": row["planned_test__latest__version_set__label"],
        "descoped": row["is_descoped"],
    }
