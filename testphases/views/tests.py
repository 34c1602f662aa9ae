"""Planned tests: by DMC and functional group, as a list, and one by one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.devices.models import DeviceModelCombination
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged, sorted_by
from svtad.parties.views.pages import PageRequest, moment_of, page
from testphases.models import PlannedTestVersion, TestKind, TestScope
from testphases.policies import check_can_propose_descoping
from testphases.queries import PlanCell, add_up, descoped_now, plan_counts, planned_now
from testphases.views.phases import visible_scope

COLUMNS = {
    "test": ("planned_test__definition__external_id", "pk"),
    "title": ("title", "pk"),
    "dmc": ("planned_test__dmc__reference", "planned_test__definition__external_id", "pk"),
    "group": ("functional_group", "planned_test__definition__external_id", "pk"),
    "kind": ("kind", "planned_test__definition__external_id", "pk"),
    "provider": ("provider__name", "planned_test__definition__external_id", "pk"),
    "result": ("planned_test__latest__outcome", "planned_test__definition__external_id", "pk"),
    "ran": ("planned_test__latest__occurred_at", "pk"),
}
RESULTS = {
    "passed": Q(planned_test__latest__outcome="PASSED", is_descoped=False),
    "failed": Q(planned_test__latest__outcome="FAILED", is_descoped=False),
    "not_run": Q(planned_test__latest__isnull=True, is_descoped=False)
    | Q(planned_test__latest__outcome="", is_descoped=False),
    "descoped": Q(is_descoped=True),
}
#: What the address says for "tied to no DMC" and "has no provider".
NONE = "none"


@dataclass(frozen=True)
class HeatCell:
    """One square of the heatmap: the counts, its look, and the query of the list behind it."""

    cell: PlanCell | None
    style: str
    icon: str
    query: str

    @property
    def due(self) -> int:
        """Return planned less de-scoped."""
        return self.cell.planned - self.cell.descoped if self.cell else 0


@page("GET")
def heatmap(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Passed of due by functional group and DMC; `?kind=` functional or regression; any past moment."""
    scope = visible_scope(request, public_id)
    moment = moment_of(request)
    kind = request.GET.get("kind", TestKind.FUNCTIONAL)
    if kind not in TestKind.values:
        kind = TestKind.FUNCTIONAL
    cells = [cell for cell in own_cells(plan_counts(scope, moment).cells, request.actor) if cell.kind == kind]
    dmcs = sorted({(cell.dmc, cell.dmc_id) for cell in cells}, key=lambda each: (each[0] == "", each[0]))
    groups = sorted({cell.functional_group for cell in cells})
    by_square = {
        (cell.functional_group, cell.dmc_id): cell for cell in add_up(cells, by=("dmc_id", "dmc", "functional_group"))
    }
    by_dmc = {cell.dmc_id: cell for cell in add_up(cells, by=("dmc_id", "dmc"))}
    if request.GET.get("as") == "csv":
        return csv_response(
            f"heatmap-{scope.kind}-{kind}.csv".lower(),
            ("Functional group", "DMC", "Planned", "De-scoped", "Executed", "Passed", "Failed", "Not run"),
            (
                (
                    each.functional_group,
                    each.dmc,
                    each.planned,
                    each.descoped,
                    each.executed,
                    each.passed,
                    each.failed,
                    each.not_run,
                )
                for each in by_square.values()
            ),
        )
    rows = [
        (group, [_square(by_square.get((group, dmc_id)), kind, dmc, group) for dmc, dmc_id in dmcs]) for group in groups
    ]
    whole = add_up(cells, by=())
    context = {
        "title": f"{scope.name}: tests",
        "scope": scope,
        "release": scope.release,
        "dmcs": dmcs,
        "rows": rows,
        "totals": [_square(by_dmc[dmc_id], kind, dmc, "") for dmc, dmc_id in dmcs],
        "whole": whole[0] if whole else None,
        "whole_due": whole[0].planned - whole[0].descoped if whole else 0,
        "kind": kind,
        "kinds": TestKind.choices,
        "as_at": moment,
        "can_look_back": True,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "testphases/heatmap.html", context)


@page("GET")
def tests(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List what is planned now, with its current result; the address filters and sorts, CSV takes the same."""
    scope = visible_scope(request, public_id)
    rows = filtered(planned_now(scope, request.actor), request)
    sort = sorted_by(request, COLUMNS, default="group")
    rows = rows.order_by(*sort.order_by)
    if request.GET.get("as") == "csv":
        return csv_response(
            f"planned-tests-{scope.kind}.csv".lower(), CSV_HEADER, map(_csv_row, rows.iterator(chunk_size=1000))
        )
    found = paged(request, rows)
    context = {
        "title": f"{scope.name}: planned tests",
        "scope": scope,
        "release": scope.release,
        "tests": found,
        "sort": sort,
        "choices": _choices(scope, request.actor),
        "chosen": {name: request.GET.get(name, "") for name in ("q", "dmc", "group", "kind", "provider", "result")},
        "may_descope": may_descope(request.actor, scope),
        "synthetic": scope.is_synthetic,
    }
    return render(request, "testphases/tests.html", context)


@page("GET")
def of_dmc(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Where a DMC is tested, with the counts of now; a part of a page for htmx, a page without."""
    dmc = get_object_or_404(DeviceModelCombination, public_id=public_id)
    held = (
        PlannedTestVersion.objects.current()
        .visible_to(request.actor)
        .filter(~descoped_now(), planned_test__dmc=dmc)
        .order_by("scope_id", "kind")
        .values("scope_id", "kind")
        .annotate(
            planned=Count("pk"),
            passed=Count("pk", filter=Q(planned_test__latest__outcome="PASSED")),
            failed=Count("pk", filter=Q(planned_test__latest__outcome="FAILED")),
        )
    )
    scopes = TestScope.objects.in_bulk([row["scope_id"] for row in held])
    rows = [
        {**row, "scope": scopes[row["scope_id"]], "not_run": row["planned"] - row["passed"] - row["failed"]}
        for row in held
    ]
    context = {"title": f"Where {dmc} is tested", "dmc": dmc, "rows": rows}
    return render(request, "testphases/of_dmc_part.html" if request.htmx else "testphases/of_dmc.html", context)


def filtered(rows: QuerySet[Any], request: PageRequest) -> QuerySet[Any]:
    """Return the versions of plan that the address asks for."""
    get = request.GET.get
    if text := get("q", "").strip():
        rows = rows.filter(
            Q(planned_test__definition__external_id__icontains=text) | Q(title__icontains=text) | Q(requirement=text)
        )
    if dmc := get("dmc"):
        rows = (
            rows.filter(planned_test__dmc__isnull=True)
            if dmc == NONE
            else rows.filter(planned_test__dmc__reference=dmc)
        )
    if group := get("group"):
        rows = rows.filter(functional_group=group)
    if (kind := get("kind")) in TestKind.values:
        rows = rows.filter(kind=kind)
    if provider := get("provider"):
        rows = rows.filter(provider__isnull=True) if provider == NONE else rows.filter(provider__public_id=provider)
    if (result := get("result", "")) in RESULTS:
        rows = rows.filter(RESULTS[result])
    return rows


def own_cells(cells: Iterable[PlanCell], actor: Actor) -> list[PlanCell]:
    """Return the cells that `actor` may see: all, or those of its own organisations."""
    if actor.sees_everything or actor.may("see_all_phases") or "DCC" in actor.organisation_kinds:
        return list(cells)
    return [cell for cell in cells if f"org:{cell.provider_id}" in actor.audience_keys]


def may_descope(actor: Actor, scope: TestScope) -> bool:
    """Return whether `actor` may propose that tests of `scope` be de-scoped."""
    return scope.kind in ("PIT", "SIT") and allowed(check_can_propose_descoping, actor)[0]


def _square(cell: PlanCell | None, kind: str, dmc: str, group: str) -> HeatCell:
    query = {"kind": kind, "dmc": dmc or NONE}
    if group:
        query["group"] = group
    address = urlencode(query)
    due = cell.planned - cell.descoped if cell else 0
    if cell is None or not due:
        return HeatCell(cell, "not-started", "dash", address)
    enough = cell.passed == due if kind == TestKind.REGRESSION else 10 * cell.passed >= 9 * due
    if cell.executed < due or not enough:
        return HeatCell(cell, "not-met", "cross", address)
    return HeatCell(cell, "met" if cell.passed == due else "near", "check", address)


def _choices(scope: TestScope, actor: Actor) -> dict[str, list[Any]]:
    held = PlannedTestVersion.objects.current().visible_to(actor).filter(scope=scope)
    return {
        "dmcs": list(
            held.filter(planned_test__dmc__isnull=False)
            .order_by("planned_test__dmc__reference")
            .values_list("planned_test__dmc__reference", flat=True)
            .distinct()
        ),
        "groups": list(held.order_by("functional_group").values_list("functional_group", flat=True).distinct()),
        "providers": list(
            held.filter(provider__isnull=False)
            .order_by("provider__name")
            .values_list("provider__public_id", "provider__name")
            .distinct()
        ),
        "kinds": TestKind.choices,
    }


CSV_HEADER = (
    "Test",
    "Source",
    "Title",
    "Kind",
    "Functional group",
    "DMC",
    "Installation type",
    "Provider",
    "Stage",
    "Requirement",
    "Result",
    "Ran",
    "Versions",
    "De-scoped",
    "Planned since",
)


def _csv_row(version: Any) -> tuple[object, ...]:
    test = version.planned_test
    latest = getattr(test, "latest", None)
    return (
        test.definition.external_id,
        test.definition.source,
        version.title,
        version.kind,
        version.functional_group,
        test.dmc.reference if test.dmc else "",
        test.installation_type,
        version.provider.name if version.provider else "",
        version.stage.name if version.stage else "",
        version.requirement,
        latest.outcome if latest else "",
        latest.occurred_at if latest else None,
        str(latest.version_set) if latest and latest.version_set else "",
        version.is_descoped,
        version.valid_from,
    )
