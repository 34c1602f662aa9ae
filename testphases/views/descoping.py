"""Proposing that planned tests be de-scoped (12.6(a)): choose, look at the effect, propose."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render

from svtad.parties.views.pages import PageRequest, carried_out, done, page
from testphases.actions import propose_descope
from testphases.forms import DescopeForm
from testphases.models import PlannedTest
from testphases.policies import check_can_propose_descoping
from testphases.queries import planned_now
from testphases.views.phases import visible_scope


@page("GET", "POST")
def descope(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show the tests chosen (`?test=` or posted) with a warning where one ran and failed; propose on POST."""
    scope = visible_scope(request, public_id)
    check_can_propose_descoping(request.actor)
    ids = (request.POST if request.method == "POST" else request.GET).getlist("test")
    rows = list(planned_now(scope, request.actor).filter(planned_test__public_id__in=ids)) if ids else []
    if not rows:
        messages.error(request, "Choose at least one planned test to de-scope.")
        return redirect("testphases:tests", public_id)
    sent = request.method == "POST" and "justification" in request.POST
    form = DescopeForm(request.POST if sent else None)
    if sent:
        tests: list[PlannedTest] = [row.planned_test for row in rows]
        made = carried_out(
            form, lambda: propose_descope(scope=scope, planned_tests=tests, **form.cleaned_data, by=request.actor)
        )
        if made is not None:
            return done(
                request,
                f"{made.matter.reference} is open. Until final approval the tests still count.",
                "governance:matter",
                made.matter.public_id,
            )
    context = {
        "title": f"{scope.name}: propose a de-scoping",
        "scope": scope,
        "release": scope.release,
        "rows": rows,
        "failed": [row for row in rows if _failed(row)],
        "form": form,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "testphases/descope.html", context, status=400 if form.errors else 200)


def _failed(row: object) -> bool:
    latest = getattr(getattr(row, "planned_test", None), "latest", None)
    return latest is not None and latest.outcome == "FAILED"
