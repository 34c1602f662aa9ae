"""REST: many Testing Issues at once: bulk edits, a tracker's mirror and its words, what left the count."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from issues import actions, policies
from issues.actions import KEEP, BulkEdit, BulkPlan, IssueRow, IssuesResult
from issues.actions.mirror_rows import IssueChange
from issues.api.life import dmc_named, organisation_named, scope_named
from issues.queries.trackers import terms_held
from issues.queries.viewed import LeftRow, left_rows
from issues.serializers import (
    BulkEditConfirmIn,
    BulkEditIn,
    BulkPlanSerializer,
    LeftFilter,
    LeftIssueSerializer,
    MirrorIn,
    MirrorOneIn,
    MirrorResultSerializer,
    TrackerTermIn,
    TrackerTermSerializer,
)
from svtad.lib.rest import PAGE_PARAMETERS, answers, checked, page_of
from svtad.parties.api import ApiView

_TAGS = ["issues"]


class BulkPreview(ApiView):
    """What a bulk edit would do."""

    @extend_schema(
        operation_id="issues_bulk_preview",
        tags=_TAGS,
        request=BulkEditIn,
        responses=answers({200: BulkPlanSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Say of each issue what would change, or why not, and what becomes of the counts. Nothing is stored."""
        given = checked(BulkEditIn, request.data)
        plan = actions.preview_bulk_edit(issues=given.pop("issues"), edit=_edit(self, given), by=self.actor)
        return Response(_show_plan(plan))


class Bulk(ApiView):
    """A bulk edit."""

    @extend_schema(
        operation_id="issues_bulk_edit",
        tags=_TAGS,
        request=BulkEditConfirmIn,
        responses=answers({200: BulkPlanSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Change the issues as previewed, all or none; refused (409) where the preview is out of date."""
        given = checked(BulkEditConfirmIn, request.data)
        issues, preview = given.pop("issues"), given.pop("preview")
        plan = actions.bulk_edit(issues=issues, edit=_edit(self, given), preview=preview, by=self.actor)
        return Response(_show_plan(plan))


class Mirror(ApiView):
    """A tracker's issues."""

    @extend_schema(
        operation_id="issues_mirror",
        tags=_TAGS,
        request=MirrorIn,
        responses=answers({200: MirrorResultSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Bring the issues of a phase in line with the tracker's, all rows or none. The same again changes nothing."""
        given = checked(MirrorIn, request.data)
        rows = [
            IssueRow(**row | {"tests": tuple(row["tests"])}, row=number) for number, row in enumerate(given["rows"], 1)
        ]
        return Response(_show_mirrored(_mirrored(self, given["phase"], given["source"], rows)))


class MirrorOne(ApiView):
    """One issue of a tracker."""

    @extend_schema(
        operation_id="issues_mirror_one",
        tags=_TAGS,
        request=MirrorOneIn,
        responses=answers({200: MirrorResultSerializer}, 400, 404, 409, 413, 415),
    )
    def put(self, request: Request, source: str, external_id: str) -> Response:
        """Bring one issue in line with the tracker's: raised where it is new. The same again changes nothing."""
        given = checked(MirrorOneIn, request.data)
        phase = given.pop("phase")
        row = IssueRow(**given | {"tests": tuple(given["tests"])}, external_id=external_id, row=1)
        return Response(_show_mirrored(_mirrored(self, phase, source, [row])))


class Terms(ApiView):
    """What trackers' words mean here."""

    @extend_schema(
        operation_id="tracker_terms_list",
        tags=_TAGS,
        parameters=[OpenApiParameter("source", OpenApiTypes.STR, description="One tracker's only.")],
        responses=answers({200: TrackerTermSerializer(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """List the meanings that hold."""
        policies.check_can_see_terms(self.actor)
        return Response([_show_term(term) for term in terms_held(str(request.query_params.get("source", "")))])

    @extend_schema(
        operation_id="tracker_terms_set",
        tags=_TAGS,
        request=TrackerTermIn,
        responses=answers({200: TrackerTermSerializer}, 400, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Say what a word means. The newest holds from now on; what was mirrored stays as it is."""
        return Response(_show_term(actions.set_tracker_term(**checked(TrackerTermIn, request.data), by=self.actor)))


class Left(ApiView):
    """Issues out of the count by a determination."""

    @extend_schema(
        operation_id="issues_left_list",
        tags=_TAGS,
        parameters=[LeftFilter, *PAGE_PARAMETERS],
        responses=answers({200: page_of(LeftIssueSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the issues that left the count as rejected or not DCC-caused, with the reasons, by reference."""
        wanted = checked(LeftFilter, request.query_params.dict())
        moment = wanted.pop("as_at", None)
        names = {"phase": "scope"}
        params = {names.get(name, name): [str(value)] for name, value in wanted.items()}
        return self.pages(left_rows(params, actor=self.actor, moment=moment), _show_left)


def _edit(view: ApiView, given: dict[str, Any]) -> BulkEdit:
    provider, reference = given.get("provider"), given.get("dmc")
    return BulkEdit(
        reason=given["reason"],
        severity=given.get("severity", ""),
        priority=given.get("priority"),
        cause=given.get("cause", ""),
        provider=organisation_named(view.actor, provider, "provider") if provider else None,
        to_state=given.get("state", ""),
        dmc=KEEP if "dmc" not in given else dmc_named(view.actor, reference) if reference else None,
        functional_group=given.get("functional_group"),
        environment=given.get("environment"),
        requirement=given.get("requirement"),
    )


def _mirrored(view: ApiView, phase: str, source: str, rows: list[IssueRow]) -> IssuesResult:
    scope = scope_named(view.actor, phase)
    return actions.mirror_issues(scope=scope, rows=rows, source=source, by=view.actor)


def _show_plan(plan: BulkPlan) -> dict[str, Any]:
    return {
        "preview": plan.fingerprint,
        "changed": len(plan.ready),
        "unchanged": len(plan.unchanged),
        "refused": len(plan.refused),
        "missing": plan.missing,
        "rows": [
            {
                "issue": row.issue.public_id,
                "reference": row.issue.reference,
                "changes": [{"field": each.field, "before": each.before, "after": each.after} for each in row.changes],
                "refused": row.refused,
                "notes": row.notes,
            }
            for row in plan.rows
        ],
        "counts": [
            {
                "phase": cell.phase,
                "provider": cell.provider,
                "severity": cell.severity,
                "before": cell.before,
                "after": cell.after,
                "limit": cell.limit,
            }
            for cell in plan.cells
        ],
    }


def _show_mirrored(result: IssuesResult) -> dict[str, Any]:
    return {
        "created": result.created,
        "changed": result.changed,
        "unchanged": result.unchanged,
        "rows": [_show_row(change) for change in result.rows],
    }


def _show_row(change: IssueChange) -> dict[str, Any]:
    return {
        "external_id": change.issue.external_id,
        "id": change.issue.public_id,
        "reference": change.issue.reference,
        "outcome": "CREATED" if change.is_new else "CHANGED" if change.changes else "UNCHANGED",
        "changes": change.words if change.changes else [],
        "kept": [
            {"field": each.field, "theirs": each.theirs, "held": each.held, "why": each.why} for each in change.kept
        ],
    }


def _show_term(term: Any) -> dict[str, Any]:
    names = ("source", "kind", "theirs", "ours", "reason", "recorded_at", "recorded_by")
    return {name: getattr(term, name) for name in names}


def _show_left(row: LeftRow) -> dict[str, Any]:
    issue = row.issue
    return {
        "id": issue.public_id,
        "reference": issue.reference,
        "title": issue.title,
        "severity": issue.severity,
        "left": issue.left,
        "cause": issue.cause,
        "provider": issue.provider_code or None,
        "reasons": row.reasons,
        "determined_by": row.by,
        "determined_at": row.determined_at,
        "recorded_at": row.recorded_at,
        "determination": row.determination,
        "phase": issue.scope_public_id,
    }


urlpatterns = [
    path("issues/bulk", Bulk.as_view(), name="api-issues-bulk"),
    path("issues/bulk/preview", BulkPreview.as_view(), name="api-issues-bulk-preview"),
    path("issues/mirror", Mirror.as_view(), name="api-issues-mirror"),
    path("issues/mirror/<str:source>/<path:external_id>", MirrorOne.as_view(), name="api-issues-mirror-one"),
    path("issues/left", Left.as_view(), name="api-issues-left"),
    path("tracker-terms", Terms.as_view(), name="api-tracker-terms"),
]
