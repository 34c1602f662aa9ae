"""REST: Testing Issues, what is determined about them, and what boards are asked."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from issues import actions, queries
from issues.models import TestingIssue
from issues.serializers import (
    CountingIn,
    DeterminationIn,
    DisputeIn,
    ExclusionIn,
    IssueDetailSerializer,
    IssueEdit,
    IssueFilter,
    IssueIn,
    IssueSerializer,
    StateIn,
)
from svtad.devices.models import DeviceModelCombination
from svtad.governance.serializers import MatterSerializer, show_matter
from svtad.lib.errors import ActionDenied, InvalidInput
from svtad.lib.rest import CURSOR_PARAMETERS, answers, checked, cursor_page_of, find
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.models import Organisation
from svtad.parties.queries import organisations_for
from testphases.models import TestScope
from testphases.queries import scopes_for

_COLUMNS = {
    "id": "pk",
    "public_id": "id",
    "reference": "reference",
    "scope__public_id": "phase",
    "source": "source",
    "external_id": "external_id",
    "title": "title",
    "state": "state",
    "severity": "severity",
    "priority": "priority",
    "cause": "cause",
    "provider__code": "provider",
    "raised_by__code": "raised_by",
    "dmc__reference": "dmc",
    "functional_group": "functional_group",
    "environment": "environment",
    "requirement": "requirement",
    "occurred_at": "occurred_at",
    "recorded_at": "recorded_at",
}
#: The API's names of filters that the list of issues calls otherwise.
_FILTERS = {"phase": "scope"}


class Issues(ApiView):
    """Testing Issues."""

    @extend_schema(
        operation_id="issues_list",
        tags=["issues"],
        parameters=[IssueFilter, *CURSOR_PARAMETERS],
        responses=answers({200: cursor_page_of(IssueSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the Testing Issues that the caller may see, the last recorded first."""
        wanted = checked(IssueFilter, request.query_params.dict())
        params = {_FILTERS.get(name, name): str(value) for name, value in wanted.items()}
        rows = queries.issue_list(params, actor=self.actor)
        return self.cursor(rows.select_related(None).order_by().values(*_COLUMNS), _show)

    @extend_schema(
        operation_id="issues_raise",
        tags=["issues"],
        request=IssueIn,
        responses=answers({200: IssueDetailSerializer, 201: IssueDetailSerializer}, 400, 409, 413, 415),
    )
    def post(self, request: Request) -> Response:
        """Raise a Testing Issue. One with the same source and external id is mended, not raised twice (200)."""
        given = checked(IssueIn, request.data)
        reference = given.pop("dmc")
        given["scope"] = scope_named(self.actor, given.pop("phase"))
        given["raised_by"] = organisation_named(self.actor, given["raised_by"], "raised_by")
        given["dmc"] = dmc_named(self.actor, reference) if reference else None
        before = TestingIssue.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        issue = actions.raise_issue(**given, by=self.actor)
        return Response(show_whole(issue), status=201 if issue.pk > before else 200)


class OneIssue(ApiView):
    """One Testing Issue."""

    @extend_schema(operation_id="issues_get", tags=["issues"], responses=answers({200: IssueDetailSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a Testing Issue with its history."""
        return Response(show_whole(issue_named(self.actor, public_id)))

    @extend_schema(
        operation_id="issues_edit",
        tags=["issues"],
        request=IssueEdit,
        responses=answers({200: IssueDetailSerializer}, 400, 404, 413, 415),
    )
    def patch(self, request: Request, public_id: str) -> Response:
        """Mend the words of a Testing Issue; those before stay in its history."""
        issue = issue_named(self.actor, public_id)
        given = checked(IssueEdit, request.data)
        if "dmc" in given:
            given["dmc"] = dmc_named(self.actor, given["dmc"]) if given["dmc"] else None
        return Response(show_whole(actions.edit_issue(issue=issue, **given, by=self.actor)))


class Determination(ApiView):
    """What the DCC determines about a Testing Issue."""

    @extend_schema(
        operation_id="issues_determine",
        tags=["issues"],
        request=DeterminationIn,
        responses=answers({200: IssueDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Determine severity and priority (H14.39(a)), cause and provider (13.19). The same again changes nothing."""
        issue = issue_named(self.actor, public_id)
        given = checked(DeterminationIn, request.data)
        with transaction.atomic():
            self._determine(issue, given)
        return Response(show_whole(issue_named(self.actor, public_id)))

    def _determine(self, issue: TestingIssue, given: dict[str, Any]) -> None:
        code = given.get("provider")
        provider = organisation_named(self.actor, code, "provider") if code else None
        reasons = given["reasons"]
        if "severity" in given:
            actions.determine_severity(
                issue=issue,
                severity=given["severity"],
                priority=given.get("priority"),
                reasons=reasons,
                by=self.actor,
            )
        if "cause" in given:
            actions.attribute(issue=issue, cause=given["cause"], provider=provider, reasons=reasons, by=self.actor)


class IssueStates(ApiView):
    """The life of a Testing Issue."""

    @extend_schema(
        operation_id="issues_move",
        tags=["issues"],
        request=StateIn,
        responses=answers({200: IssueDetailSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Move a Testing Issue to another state; a move that its life does not list is refused."""
        issue = issue_named(self.actor, public_id)
        given = checked(StateIn, request.data)
        actions.change_state(issue=issue, to_state=given.pop("state"), **given, by=self.actor)
        return Response(show_whole(issue_named(self.actor, public_id)))


class Exclusions(ApiView):
    """Proposals that an issue should not count."""

    @extend_schema(
        operation_id="issues_propose_exclusion",
        tags=["decisions"],
        request=ExclusionIn,
        responses=answers({201: MatterSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Propose that the issue should not count in a phase (13.20); it counts until TAG agrees."""
        issue = issue_named(self.actor, public_id)
        given = checked(ExclusionIn, request.data)
        scope = scope_named(self.actor, given["phase"])
        made = actions.propose_exclusion(issue=issue, scope=scope, rationale=given["rationale"], by=self.actor)
        return Response(show_matter(made.matter), status=201)


class Disputes(ApiView):
    """Disputes of a severity."""

    @extend_schema(
        operation_id="issues_dispute",
        tags=["decisions"],
        request=DisputeIn,
        responses=answers({201: MatterSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Put a disagreement with the DCC's severity before TAG (14.2)."""
        issue = issue_named(self.actor, public_id)
        given = checked(DisputeIn, request.data)
        made = actions.dispute_severity(
            issue=issue,
            participant_severity=given["severity"],
            reasons=given["reasons"],
            raised_by=organisation_named(self.actor, given["raised_by"], "raised_by"),
            by=self.actor,
        )
        return Response(show_matter(made.matter), status=201)


class Counting(ApiView):
    """Whether an issue from elsewhere counts."""

    @extend_schema(
        operation_id="issues_ask_counting",
        tags=["decisions"],
        request=CountingIn,
        responses=answers({201: MatterSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Ask TAG whether an issue counts: of SCT in SIT (13.22), or presented for Interface Testing (13.23)."""
        issue = issue_named(self.actor, public_id)
        given = checked(CountingIn, request.data)
        scope = scope_named(self.actor, given["phase"])
        made = actions.ask_counting(issue=issue, scope=scope, rationale=given["rationale"], by=self.actor)
        return Response(show_matter(made.matter), status=201)


def issue_named(actor: Actor, public_id: str) -> TestingIssue:
    """Return the issue of that public id, of those the caller may see. Raises NotFound."""
    rows = TestingIssue.objects.visible_to(actor).select_related(
        "scope__release", "scope__governed_by__document", "raised_by", "provider", "dmc"
    )
    issue: TestingIssue = find(rows, public_id)
    return issue


def scope_named(actor: Actor, public_id: str) -> TestScope:
    """Return the phase that a body names: those who raise issues need not see the phase itself."""
    rows: QuerySet[Any] = TestScope.objects.select_related("release__programme", "governed_by__document")
    if not actor.may("raise_issue"):
        rows = scopes_for(actor)
    try:
        scope: TestScope = find(rows, public_id)
    except NotFound:
        raise ActionDenied("", "You take no part in this Test Phase.") from None
    return scope


def organisation_named(actor: Actor, code: str, field: str) -> Organisation:
    """Return the organisation that a body names in `field` by its code. Raises InvalidInput."""
    organisation = organisations_for(actor).filter(code=code).first()
    if organisation is None:
        raise InvalidInput.one(field, "There is no organisation of this code among those you deal with.")
    return organisation


def dmc_named(actor: Actor, reference: str) -> DeviceModelCombination:
    """Return the DMC that a body names by its reference. Raises InvalidInput."""
    dmc: DeviceModelCombination | None = (
        DeviceModelCombination.objects.visible_to(actor).filter(reference=reference).first()
    )
    if dmc is None:
        raise InvalidInput.one("dmc", "There is no DMC of this reference among those you may see.")
    return dmc


def _show(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: row[column] for column, name in _COLUMNS.items()}
    del shown["pk"]
    return shown


def show_whole(issue: TestingIssue) -> dict[str, Any]:
    """Return the issue as `IssueDetailSerializer` describes it."""
    row = TestingIssue.objects.filter(pk=issue.pk).values(*_COLUMNS, "description").get()
    return _show(row) | {"description": row["description"], "history": _history(issue)}


def _history(issue: TestingIssue) -> list[dict[str, Any]]:
    history = queries.histories(TestingIssue.objects.filter(pk=issue.pk)).get(issue.pk) or queries.History()
    pks = {row.provider_pk for row in history.attributions if row.provider_pk}
    codes = dict(Organisation.objects.filter(pk__in=pks).values_list("pk", "code"))
    rows: list[tuple[Any, ...]] = [
        *(("state", row.to_state, None, "", row.occurred_at, row) for row in history.states),
        *(("severity", row.severity, None, row.body, row.effective_at, row) for row in history.severities),
        *(
            ("attribution", row.cause, codes.get(row.provider_pk or 0), "", row.effective_at, row)
            for row in history.attributions
        ),
    ]
    shown = [
        {
            "what": what,
            "value": value,
            "provider": provider,
            "body": body,
            "reasons": row.reasons,
            "effective_at": effective_at,
            "recorded_at": row.recorded_at,
            "recorded_by": row.recorded_by,
        }
        for what, value, provider, body, effective_at, row in rows
    ]
    return sorted(shown, key=lambda each: (each["recorded_at"], each["effective_at"]))


urlpatterns = [
    path("issues", Issues.as_view(), name="api-issues"),
    path("issues/<str:public_id>", OneIssue.as_view(), name="api-issue"),
    path("issues/<str:public_id>/determination", Determination.as_view(), name="api-issue-determination"),
    path("issues/<str:public_id>/state", IssueStates.as_view(), name="api-issue-state"),
    path("issues/<str:public_id>/exclusions", Exclusions.as_view(), name="api-issue-exclusions"),
    path("issues/<str:public_id>/disputes", Disputes.as_view(), name="api-issue-disputes"),
    path("issues/<str:public_id>/counting", Counting.as_view(), name="api-issue-counting"),
]
