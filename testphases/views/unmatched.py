"""Results that no plan knows: reported, never dropped; tried again once the plan knows them, or dismissed."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.lib.errors import InvalidInput
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from testphases import actions
from testphases.forms import ReasonForm
from testphases.models import TestScope, UnmatchedResult
from testphases.policies import check_can_record_runs, check_can_void
from testphases.queries import unmatched_open
from testphases.views.phases import visible_scope


@page("GET")
def unmatched(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List the results of a phase that match no planned test; `?as=csv` sends the same."""
    scope = visible_scope(request, public_id)
    return _page(request, scope, ReasonForm())


@page("POST")
def resolve(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Try the chosen results, or all, against the plan as it is now."""
    scope = visible_scope(request, public_id)
    chosen = _chosen(request, scope)
    result = actions.resolve_unmatched(scope=scope, results=chosen or None, by=request.actor)
    said = f"{result.recorded} recorded as runs, {result.already} before, {result.unmatched} still known to no plan."
    return done(request, said, "testphases:unmatched", public_id)


@page("POST")
def dismiss(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Dismiss the chosen results, with a reason."""
    scope = visible_scope(request, public_id)
    form = ReasonForm(request.POST)

    def act() -> int:
        chosen = _chosen(request, scope)
        if not chosen:
            raise InvalidInput.one("", "Choose at least one result.")
        return actions.dismiss_unmatched(results=chosen, **form.cleaned_data, by=request.actor)

    closed = carried_out(form, act)
    if closed is None:
        return _page(request, scope, form)
    return done(request, f"{closed} dismissed. They stay on record with the reason.", "testphases:unmatched", public_id)


def _chosen(request: PageRequest, scope: TestScope) -> list[UnmatchedResult]:
    ids = request.POST.getlist("result")
    return list(unmatched_open(scope, request.actor).filter(public_id__in=ids).select_related("scope")) if ids else []


def _page(request: PageRequest, scope: TestScope, form: ReasonForm) -> HttpResponseBase:
    rows = unmatched_open(scope, request.actor).order_by("external_id", "pk")
    if request.GET.get("as") == "csv":
        return csv_response(
            f"unmatched-{scope.kind}.csv".lower(),
            ("Test", "DMC", "Outcome", "Ran", "Reason", "File", "Position", "Recorded"),
            (
                (
                    each.external_id,
                    each.dmc_reference,
                    each.outcome,
                    each.occurred_at,
                    each.reason,
                    each.batch.file.name,
                    each.position,
                    each.recorded_at,
                )
                for each in rows.iterator(chunk_size=1000)
            ),
        )
    may_record, record_refused = allowed(check_can_record_runs, request.actor, scope)
    may_dismiss, dismiss_refused = allowed(check_can_void, request.actor)
    context = {
        "title": f"{scope.name}: results that no plan knows",
        "scope": scope,
        "release": scope.release,
        "results": paged(request, rows),
        "form": form,
        "may_record": may_record,
        "record_refused": record_refused,
        "may_dismiss": may_dismiss,
        "dismiss_refused": dismiss_refused,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "testphases/unmatched.html", context, status=400 if form.errors else 200)
