"""Changing many issues: chosen on the log, previewed row by row, confirmed all or none. It needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from issues.actions import BulkPlan, bulk_edit, preview_bulk_edit
from issues.actions.bulk import MOST
from issues.forms import BulkForm
from issues.models import TestingIssue
from issues.policies import check_can_bulk_edit
from issues.queries import issue_list
from issues.queries.editions import severities_of
from issues.views.log import params_of
from svtad.devices.models import DeviceModelCombination
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.parties.views.pages import PageRequest, carried_out, done, page

#: Rows of each sort that a preview shows; all are counted, and what is confirmed is all of them.
SHOWN = 1000


@page("GET", "POST")
def bulk(request: PageRequest) -> HttpResponseBase:
    """Choose the change (GET), preview it and confirm it (POST)."""
    check_can_bulk_edit(request.actor)
    if request.method == "GET":
        chosen = _chosen(request)
        if not chosen:
            raise InvalidInput.one("issues", "Choose at least one issue on the log, or all of a view.")
        return _choose(request, _form(request, chosen), chosen)
    form = _form(request, [])
    chosen = form.chosen
    if request.POST.get("again"):
        return _choose(request, _form(request, chosen, bound=False), chosen)
    if request.POST.get("preview"):
        return _confirm(request, form, chosen)
    plan = carried_out(form, lambda: preview_bulk_edit(issues=chosen, edit=form.edit(), by=request.actor))
    if plan is None:
        return _choose(request, form, chosen, status=HTTPStatus.BAD_REQUEST)
    return _preview(request, form, plan)


def _chosen(request: PageRequest) -> list[str]:
    """Return the public ids that were ticked, or all of the view that the address describes (`all=yes`)."""
    picked = list(dict.fromkeys(request.GET.getlist("pick")))
    if picked or request.GET.get("all") != "yes":
        return picked
    found = issue_list(params_of(request), actor=request.actor)
    ids = list(found.values_list("public_id", flat=True)[: MOST + 1])
    if len(ids) > MOST:
        raise InvalidInput.one("issues", f"At most {MOST:,} issues at once: narrow the view first.")
    return ids


def _form(request: PageRequest, chosen: Sequence[str], *, bound: bool = True) -> BulkForm:
    actor = request.actor
    posted = request.method == "POST"
    common: dict[str, Any] = {
        "severities": _severities(chosen if not posted else _posted(request)),
        "providers": _providers(),
        "dmcs": DeviceModelCombination.objects.visible_to(actor).order_by("reference"),
        "determines": actor.may("determine_issue") or actor.may("work_issue"),
    }
    if posted and bound:
        return BulkForm(request.POST, **common)
    initial = {name: request.POST.get(name, "") for name in BulkForm.base_fields} if posted else {}
    return BulkForm(initial=initial | {"issues": ",".join(chosen)}, **common)


def _posted(request: PageRequest) -> list[str]:
    return [each for each in request.POST.get("issues", "").split(",") if each][:MOST]


def _providers() -> Any:
    kinds = (OrganisationKind.DCC_SERVICE_PROVIDER, OrganisationKind.DCC)
    return Organisation.objects.filter(kind__in=kinds).order_by("name")


def _severities(chosen: Sequence[str]) -> tuple[str, ...]:
    """Return the severities of the editions that govern the chosen issues' phases, in the edition's order."""
    issues = TestingIssue.objects.filter(public_id__in=chosen[:500]).order_by()
    versions = dict.fromkeys(
        issues.values_list("scope__governed_by__document__code", "scope__governed_by__version").distinct()
    )
    return tuple(dict.fromkeys(each for code, version in versions for each in severities_of(code, version)))


def _choose(request: PageRequest, form: BulkForm, chosen: Sequence[str], *, status: int = 200) -> HttpResponseBase:
    seen = TestingIssue.objects.visible_to(request.actor).filter(public_id__in=chosen[:500]).order_by("reference")
    references = list(seen.values_list("reference", flat=True))
    context = {
        "title": "Change Testing Issues",
        "form": form,
        "count": len(chosen),
        "first": references[:12],
        "more": max(0, len(chosen) - 12),
    }
    return render(request, "issues/bulk.html", context, status=status)


def _preview(
    request: PageRequest, form: BulkForm, plan: BulkPlan, *, stale: str = "", status: int = 200
) -> HttpResponseBase:
    context = {
        "title": "Change Testing Issues: preview",
        "form": form,
        "plan": plan,
        "ready": plan.ready[:SHOWN],
        "refused": plan.refused[:SHOWN],
        "total": len(plan.rows) + len(plan.missing),
        "hidden_ready": max(0, len(plan.ready) - SHOWN),
        "hidden_refused": max(0, len(plan.refused) - SHOWN),
        "stale": stale,
    }
    return render(request, "issues/bulk_preview.html", context, status=status)


def _confirm(request: PageRequest, form: BulkForm, chosen: Sequence[str]) -> HttpResponseBase:
    actor: Actor = request.actor
    try:
        plan = carried_out(
            form,
            lambda: bulk_edit(issues=chosen, edit=form.edit(), preview=request.POST["preview"], by=actor),
        )
    except Refused as stale:
        again = preview_bulk_edit(issues=chosen, edit=form.edit(), by=actor)
        return _preview(request, form, again, stale=str(stale), status=HTTPStatus.CONFLICT)
    if plan is None:
        return _choose(request, form, chosen, status=HTTPStatus.BAD_REQUEST)
    count = len(plan.ready)
    said = f"{count:,} issue{'s' if count != 1 else ''} changed"
    if plan.refused:
        said += f"; {len(plan.refused):,} refused and as before"
    return done(request, f"{said}.", reverse("issues:log"))
