"""REST: programmes, Capability Releases, Test Phases, and de-scoping proposals."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from svtad.governance.queries.contradictions import contradictions
from svtad.governance.serializers import MatterSerializer, show_contradiction, show_matter
from svtad.lib.errors import ActionDenied, InvalidInput
from svtad.lib.rest import PAGE_PARAMETERS, answers, checked, find, page_of
from svtad.parties.actors import Actor
from svtad.parties.api import ApiView
from svtad.parties.models import Organisation, OrganisationKind
from testphases import actions, queries
from testphases.models import CapabilityRelease, PlannedTest, Programme, TestScope, TestStage
from testphases.serializers import (
    CountSerializer,
    DescopingIn,
    PhaseDetailSerializer,
    PhaseFilter,
    PhaseSerializer,
    ProgrammeSerializer,
    ReleaseSerializer,
)


class Programmes(ApiView):
    """Programmes and their Capability Releases."""

    @extend_schema(
        operation_id="programmes_list", tags=["phases"], responses=answers({200: ProgrammeSerializer(many=True)})
    )
    def get(self, request: Request) -> Response:
        """List the programmes in which the caller may see a phase."""
        releases: dict[int, list[dict[str, Any]]] = {}
        for release in _releases(self.actor):
            releases.setdefault(release.programme_id, []).append(_show_release(release))
        rows = Programme.objects.order_by("name")
        if not self.actor.may("see_all_phases"):
            rows = rows.filter(pk__in=releases)
        return Response(
            [
                {
                    "id": programme.public_id,
                    "code": programme.code,
                    "name": programme.name,
                    "synthetic": programme.is_synthetic,
                    "releases": releases.get(programme.pk, []),
                }
                for programme in rows
            ]
        )


class Releases(ApiView):
    """Capability Releases."""

    @extend_schema(
        operation_id="releases_list", tags=["phases"], responses=answers({200: ReleaseSerializer(many=True)})
    )
    def get(self, request: Request) -> Response:
        """List the Capability Releases in which the caller may see a phase, in their order."""
        return Response([_show_release(release) for release in _releases(self.actor)])


class Phases(ApiView):
    """Test Phases."""

    @extend_schema(
        operation_id="phases_list",
        tags=["phases"],
        parameters=[PhaseFilter, *PAGE_PARAMETERS],
        responses=answers({200: page_of(PhaseSerializer)}, 400, 404),
    )
    def get(self, request: Request) -> Response:
        """List the Test Phases that the caller may see, in the order of their releases."""
        wanted = checked(PhaseFilter, request.query_params.dict())
        columns = {
            "programme": "release__programme__code",
            "release": "release__code",
            "kind": "kind",
            "state": "state",
        }
        narrowed = {column: wanted[name] for name, column in columns.items() if name in wanted}
        return self.pages_together(
            queries.scopes_for(self.actor).filter(**narrowed), lambda page: _show_phases(page, self.actor)
        )


class OnePhase(ApiView):
    """One Test Phase."""

    @extend_schema(operation_id="phases_get", tags=["phases"], responses=answers({200: PhaseDetailSerializer}, 404))
    def get(self, request: Request, public_id: str) -> Response:
        """Show a Test Phase with who takes part in it."""
        scope = find(queries.scopes_for(self.actor), public_id)
        frozen = queries.current_exit_versions(scope)
        [shown] = _show_phases([scope], self.actor)
        return Response(
            shown
            | {
                "participants": list(queries.participants(scope).values_list("code", flat=True)),
                "stages": list(TestStage.objects.filter(scope=scope).values_list("name", flat=True)),
                "stage_exit_versions": str(frozen.version_set) if frozen else None,
            }
        )


class PhaseCounts(ApiView):
    """The planned tests of a phase, counted."""

    @extend_schema(
        operation_id="phases_counts", tags=["phases"], responses=answers({200: CountSerializer(many=True)}, 404)
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Count planned, executed and passed tests by DMC, functional group, kind and DCC Service Provider.

        A DCC Service Provider is shown its own.
        """
        scope = find(queries.scopes_for(self.actor), public_id)
        cells = queries.plan_counts(scope).cells
        if not self.actor.may("see_all_phases") and OrganisationKind.DCC not in self.actor.organisation_kinds:
            cells = tuple(cell for cell in cells if f"org:{cell.provider_id}" in self.actor.audience_keys)
        named = Organisation.objects.filter(public_id__in={cell.provider_id for cell in cells if cell.provider_id})
        codes = dict(named.values_list("public_id", "code"))
        return Response([_show_cell(cell, codes) for cell in cells])


class Descopings(ApiView):
    """De-scoping planned tests."""

    @extend_schema(
        operation_id="descopings_propose",
        tags=["decisions"],
        request=DescopingIn,
        responses=answers({201: MatterSerializer}, 400, 404, 409, 413, 415),
    )
    def post(self, request: Request, public_id: str) -> Response:
        """Propose that planned tests be de-scoped. They count until the approval is final (12.6(a))."""
        scope = find(queries.scopes_for(self.actor), public_id)
        given = checked(DescopingIn, request.data)
        tests = PlannedTest.objects.visible_to(self.actor).filter(scope=scope, public_id__in=given["planned_tests"])
        found = list(tests)
        missing = set(given["planned_tests"]) - {test.public_id for test in found}
        if missing:
            raise InvalidInput.one("planned_tests", f"Not planned in this phase: {', '.join(sorted(missing)[:10])}.")
        proposed = actions.propose_descope(
            scope=scope, planned_tests=found, justification=given["justification"], by=self.actor
        )
        return Response(show_matter(proposed.matter), status=201)


def scope_named(actor: Actor, public_id: str) -> TestScope:
    """Return the phase that a body names. Raises ActionDenied as for one that the caller may not see."""
    try:
        found: TestScope = find(queries.scopes_for(actor), public_id)
    except NotFound:
        raise ActionDenied("", "You take no part in this Test Phase.") from None
    return found


def _releases(actor: Actor) -> QuerySet[CapabilityRelease]:
    rows = CapabilityRelease.objects.select_related("programme").order_by("programme__name", "position")
    if actor.may("see_all_phases"):
        return rows
    return rows.filter(pk__in=TestScope.objects.visible_to(actor).values("release_id"))


def _show_release(release: CapabilityRelease) -> dict[str, Any]:
    return {
        "id": release.public_id,
        "code": release.code,
        "name": release.name,
        "position": release.position,
        "programme": release.programme.code,
        "state": release.state,
        "synthetic": release.is_synthetic,
    }


def _show_phases(scopes: list[TestScope], actor: Actor) -> list[dict[str, Any]]:
    against = contradictions(actor, [scope.public_id for scope in scopes])
    return [_show_phase(scope) | {"contradicted": show_contradiction(against.get(scope.public_id))} for scope in scopes]


def _show_phase(scope: TestScope) -> dict[str, Any]:
    return {
        "id": scope.public_id,
        "name": scope.name,
        "kind": scope.kind,
        "state": scope.state,
        "programme": scope.release.programme.code,
        "release": scope.release.code,
        "document": scope.governed_by.document.code,
        "version": scope.governed_by.version,
        "provider": scope.provider.code if scope.provider else None,
        "synthetic": scope.is_synthetic,
    }


def _show_cell(cell: queries.PlanCell, codes: dict[str, str]) -> dict[str, Any]:
    counts = (
        "planned", "descoped", "executed", "passed", "failed", "not_run", "assured_passed", "exit_executed",
        "exit_passed",
    )  # fmt: skip
    return {
        "dmc": cell.dmc or None,
        "functional_group": cell.functional_group,
        "kind": cell.kind,
        "provider": codes.get(cell.provider_id or ""),
        **{name: getattr(cell, name) for name in counts},
    }
