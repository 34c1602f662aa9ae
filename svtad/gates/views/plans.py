"""Work Off Plans: the list, one plan with its burndown, its items' progress, its correction plan (15.1, 15.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.gates import actions
from svtad.gates.actions.work_off_plans import ITEM_TRANSITIONS
from svtad.gates.forms import CorrectionPlanForm, PlanItemForm
from svtad.gates.gathering.plans import ItemRow, PlanStanding, standings
from svtad.gates.models import CorrectionPlan, WorkOffPlan, WorkOffPlanItem
from svtad.gates.policies import check_can_change_plan, check_can_propose
from svtad.gates.rendering import burndown_svg
from svtad.governance.actions import audience_for_document, keep_upload
from svtad.governance.models import Matter
from svtad.lib.clock import london_date, now
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed, require
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.parties.views.reentry import require_recent_credentials
from svtad.rulebook.procedures import procedure
from svtad.rulebook.vocabulary import Body, WorkOffItemState
from testphases.models import TestRun
from testphases.queries import scopes_for

_PLAN_HEAD = (
    "Plan", "Phase", "Of", "State", "Items", "Closed", "Re-run", "Overdue", "Next due", "Correction plan",
    "Correction plan is", "Drawn up",
)  # fmt: skip
_ITEM_HEAD = (
    "Plan", "Phase", "Issue", "Title", "Severity", "Answers for it", "Issue is", "Item is", "Due", "First due",
    "Overdue", "Note",
)  # fmt: skip


@page("GET")
def plans(request: PageRequest) -> HttpResponseBase:
    """List the Work Off Plans of every phase that the person may see; `?release=` narrows, `?late=yes` to overdue ones.

    `?as=csv` sends the plans, `?as=csv&of=items` every item of them.
    """
    require(request.actor, "see_all_phases", what="see the Work Off Plans of all phases")
    rows = (
        WorkOffPlan.objects.filter(scope__in=scopes_for(request.actor))
        .select_related("scope__release", "scope__governed_by__document", "provider", "matter", "file")
        .order_by("-pk")
    )
    if release := request.GET.get("release"):
        rows = rows.filter(scope__release__public_id=release)
    late = request.GET.get("late") == "yes"
    if request.GET.get("as") == "csv":
        held = [each for each in standings(rows, moment=now()) if each.overdue or not late]
        if request.GET.get("of") == "items":
            return csv_response("work-off-plan-items.csv", _ITEM_HEAD, _item_rows(held))
        return csv_response("work-off-plans.csv", _PLAN_HEAD, map(_plan_row, held))
    if late:
        rows = rows.filter(pk__in=[each.plan.pk for each in standings(rows, moment=now()) if each.overdue])
    listed = paged(request, rows, size=50)
    listed.object_list = plans_shown(listed.object_list)
    context = {"title": "Work Off Plans", "plans": listed, "late": late}
    return render(request, "gates/plans.html", context)


def plans_shown(
    rows: Iterable[WorkOffPlan], moment: dt.datetime | None = None
) -> list[tuple[WorkOffPlan, PlanStanding]]:
    """Return each plan with where it stands, now or by what was recorded at a past `moment`."""
    return [(each.plan, each) for each in standings(rows, moment=moment or now())]


@page("GET")
def plan(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One Work Off Plan: burndown, items, their dates under 15.1, and what is late; `?as=csv` sends the items."""
    return _plan_page(request, _visible_plan(request, public_id))


@page("POST")
def change_item(request: PageRequest, public_id: str, issue_id: str) -> HttpResponseBase:
    """Record that an item was closed, re-run, or opened again."""
    found = _visible_plan(request, public_id)
    item = get_object_or_404(WorkOffPlanItem.objects.select_related("issue"), plan=found, issue__public_id=issue_id)
    changes = sorted(item.changes.all(), key=lambda each: each.pk)
    state = changes[-1].state if changes else WorkOffItemState.OPEN.value
    form = _item_form(item, state, request.actor, request.POST)
    made = carried_out(form, lambda: actions.change_plan_item(item=item, **form.cleaned_data, by=request.actor))
    if made is None:
        return _plan_page(request, found, tried=(item.pk, form))
    return done(request, f"{item.issue.reference}: recorded.", "gates:plan", public_id)


@page("POST")
def present_correction(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Present a correction plan to TAB (15.2): a document, and a new day for each item that will be late. Signed."""
    found = _visible_plan(request, public_id)
    check_can_propose(request.actor, found.scope, clause="SVTAD 15.2", what="present a correction plan")
    if (asked := require_recent_credentials(request, what="present this correction plan")) is not None:
        return asked
    [standing] = standings([found], moment=now())
    form = CorrectionPlanForm(request.POST, request.FILES, rows=_correctable(standing))
    made = carried_out(form, lambda: _present(found, form, request.actor))
    if made is None:
        return _plan_page(request, found, correcting=form)
    said = f"{made.matter.reference}: the correction plan is before TAB."
    return done(request, said, "governance:matter", made.matter.public_id)


@transaction.atomic
def _present(plan: WorkOffPlan, form: CorrectionPlanForm, actor: Actor) -> CorrectionPlan:
    given = form.cleaned_data
    step = procedure("CORRECTION_PLAN").transition("DRAFT", body=Body.DCC, outcome="PRESENT")
    document = keep_upload(
        given["document"],
        purpose="decision",
        audience=audience_for_document(plan.matter, step=step),
        by=actor,
        is_synthetic=plan.scope.is_synthetic,
    )
    return actions.present_correction_plan(
        plan=plan,
        aware_on=given["aware_on"],
        due=form.due,
        document=document,
        rationale=given["rationale"],
        by=actor,
    )


def _correctable(standing: PlanStanding) -> list[ItemRow]:
    """Return the items to which a correction plan may give a new day."""
    return [row for row in standing.rows if row.state != WorkOffItemState.RERUN_PASSED]


def _visible_plan(request: PageRequest, public_id: str) -> WorkOffPlan:
    seen = WorkOffPlan.objects.filter(
        scope__in=scopes_for(request.actor), matter__in=Matter.objects.visible_to(request.actor)
    ).select_related("scope__release__programme", "scope__governed_by__document", "provider", "matter", "file")
    found: WorkOffPlan = get_object_or_404(seen, public_id=public_id)
    return found


def _item_form(item: WorkOffPlanItem, state: str, actor: Actor, data: Any = None) -> PlanItemForm:
    runs = (
        TestRun.objects.visible_to(actor)
        .filter(pk__in=item.issue.run_links.values("run_id"), outcome="PASSED")
        .select_related("planned_test__definition")
    )
    tests = TestRun.objects.filter(pk__in=item.issue.run_links.values("run_id")).values("planned_test_id")
    again = TestRun.objects.visible_to(actor).filter(planned_test__in=tests, outcome="PASSED")
    return PlanItemForm(
        data,
        prefix=f"item-{item.pk}",
        states=ITEM_TRANSITIONS[state],
        runs=(runs | again.select_related("planned_test__definition")).distinct().order_by("-occurred_at"),
    )


def _plan_page(
    request: PageRequest,
    plan: WorkOffPlan,
    *,
    tried: tuple[int, Form] | None = None,
    correcting: CorrectionPlanForm | None = None,
) -> HttpResponseBase:
    moment = now()
    [standing] = standings([plan], moment=moment)
    if request.GET.get("as") == "csv":
        name = f"work-off-plan-{plan.matter.reference}.csv".lower()
        return csv_response(name, _ITEM_HEAD, _item_rows([standing]))
    may, refused = allowed(check_can_change_plan, request.actor, plan.scope)
    chosen = next((row for row in standing.rows if row.item.issue.public_id == request.GET.get("item")), None)
    form: Form | None = None
    if tried is not None:
        chosen, form = next(row for row in standing.rows if row.item.pk == tried[0]), tried[1]
    elif chosen is not None and may:
        form = _item_form(chosen.item, chosen.state, request.actor)
    may_present, present_refused = allowed(
        check_can_propose, request.actor, plan.scope, clause="SVTAD 15.2", what="present a correction plan"
    )
    left = _correctable(standing)
    offered = standing.in_force and bool(left) and standing.waiting is None
    if offered and may_present and correcting is None:
        correcting = CorrectionPlanForm(rows=left, initial={"aware_on": london_date(moment)})
    context = {
        "title": f"{plan.matter.reference} Work Off Plan",
        "scope": plan.scope,
        "release": plan.scope.release,
        "plan": plan,
        "standing": standing,
        "rows": standing.rows,
        "chosen": chosen,
        "form": form,
        "points": standing.points,
        "burndown": burndown_svg(standing.points, items=standing.items, title=f"Burndown of {plan.matter.reference}"),
        "may": may,
        "refused": refused,
        "offered": offered,
        "correcting": correcting if offered else None,
        "present_refused": present_refused,
        "synthetic": plan.scope.is_synthetic,
    }
    wrong = tried or (correcting and correcting.errors)
    return render(request, "gates/plan.html", context, status=400 if wrong else 200)


def _plan_row(each: PlanStanding) -> Sequence[object]:
    last = each.corrections[-1] if each.corrections else None
    plan = each.plan
    return (
        plan.matter.reference, plan.scope, plan.provider or "the whole phase", plan.matter.state, each.items,
        each.closed, each.rerun, each.overdue, each.next_due or "", last.matter.reference if last else "",
        last.matter.state if last else "", plan.recorded_at,
    )  # fmt: skip


def _item_rows(held: Iterable[PlanStanding]) -> Iterable[Sequence[object]]:
    for each in held:
        for row in each.rows:
            issue = row.item.issue
            yield (
                each.plan.matter.reference, each.plan.scope, issue.reference, issue.title, row.item.severity,
                issue.provider or "", issue.get_state_display(), row.state, row.due or "", row.first_due or "",
                "yes" if row.overdue and each.in_force else "no", row.note,
            )  # fmt: skip
