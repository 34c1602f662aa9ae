"""Certificates, Work Off Plans and approvals to proceed: what is on paper, and what may be drafted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.gates import actions
from svtad.gates.actions.work_off_plans import ITEM_TRANSITIONS
from svtad.gates.forms import PlanItemForm
from svtad.gates.models import (
    ApprovalToProceed,
    Assessment,
    TestCompletionCertificate,
    WorkOffPlan,
    WorkOffPlanItem,
)
from svtad.gates.policies import (
    check_can_assess,
    check_can_change_plan,
    check_can_propose,
    check_certifiable,
    check_may_proceed,
)
from svtad.gates.queries import assessment_at, latest_assessment, phase_kind_for
from svtad.gates.queries.resolution import resolution_dates
from svtad.gates.views.phase import visible_scope
from svtad.governance.models import Matter
from svtad.governance.queries import states_at
from svtad.lib.clock import london_date, now
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.parties.policies import allowed, require
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.case import as_read
from svtad.rulebook.findings import DueLine
from svtad.rulebook.vocabulary import CertificateState, Step, Verdict, WorkOffItemState
from testphases.models import TestRun, TestScope
from testphases.queries import participants, scopes_for

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class ProviderPapers:
    """One DCC Service Provider: its judgement for a certificate, the certificate, and why none may be drafted."""

    provider: Organisation
    judged: Assessment | None
    certificate: TestCompletionCertificate | None
    refused: tuple[str, str] | None


@dataclass(frozen=True)
class PlanLine:
    """One item of a Work Off Plan: how far it is, and when it is due."""

    item: WorkOffPlanItem
    state: str
    due: DueLine | None

    @property
    def overdue(self) -> bool:
        """Return whether its day is over and it is not closed and re-run: derived, never a state (15.1)."""
        if self.due is None or not self.due.due or self.state == WorkOffItemState.RERUN_PASSED:
            return False
        return dt.date.fromisoformat(self.due.due) < london_date(now())


@page("GET")
def papers(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Show a phase's certificates, plans and approval to proceed."""
    require(request.actor, "see_all_phases", what="see the certificates and Work Off Plans of a whole phase")
    scope = visible_scope(request, public_id)
    kind = phase_kind_for(scope)
    takes_certificates = kind is not None and Step.CERTIFICATES in kind.steps
    moment = moment_of(request)
    providers = participants(scope, moment).exclude(kind=OrganisationKind.DCC).order_by("name")
    certificates = _by(TestCompletionCertificate.objects.filter(scope=scope), moment)
    held = {each.provider_id: each for each in certificates.select_related("matter", "assessment")}
    plans = list(
        _by(WorkOffPlan.objects.filter(scope=scope), moment)
        .select_related("provider", "matter", "file")
        .prefetch_related("items__changes")
        .order_by("-pk")
    )
    approval = _by(ApprovalToProceed.objects.filter(scope=scope), moment).select_related("matter").first()
    seen = _by(Matter.objects.visible_to(request.actor), moment)
    completion = seen.filter(procedure="SIT_COMPLETION", scope_id=scope.public_id).first()
    if moment is not None:
        on_paper = [*(each.matter for each in held.values()), *(plan.matter for plan in plans)]
        on_paper += [approval.matter] if approval else []
        on_paper += [completion] if completion else []
        _as_they_stood(on_paper, moment)
    rows = (
        [_provider_row(request.actor, scope, each, held.get(each.pk), moment=moment) for each in providers]
        if takes_certificates
        else []
    )
    may_propose, propose_refused = allowed(
        check_can_propose, request.actor, scope, clause="SVTAD 15.1", what="draw up a Work Off Plan"
    )
    context = {
        "title": f"{scope.name}: certificates and plans",
        "scope": scope,
        "release": scope.release,
        "takes_certificates": takes_certificates,
        "rows": rows,
        "issued": sum(
            1 for row in rows if row.certificate and CertificateState(row.certificate.matter.state).is_in_force
        ),
        "plans": [(plan, _progress(plan, moment)) for plan in plans],
        "providers": providers,
        "approval": approval,
        "approval_refused": _approval_refused(scope) if approval is None and may_propose else None,
        "completion": completion,
        "as_at": moment,
        "can_look_back": True,
        "may_propose": may_propose,
        "propose_refused": propose_refused,
        "may_judge": moment is None and allowed(check_can_assess, request.actor, scope)[0],
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/papers.html", context)


def _by(rows: QuerySet[Row], moment: dt.datetime | None) -> QuerySet[Row]:
    """Return those of `rows` that were recorded by `moment`; None: all of them."""
    return rows if moment is None else rows.filter(recorded_at__lte=moment)


def _as_they_stood(matters: list[Matter], moment: dt.datetime) -> None:
    """Give the matters of a page about the past the states that they had then. They are never saved."""
    states = states_at(Matter.objects.filter(pk__in=[matter.pk for matter in matters]), moment)
    for matter in matters:
        matter.state = states[matter.pk]


@page("POST")
def judge_provider(request: PageRequest, public_id: str, provider_id: str) -> HttpResponseBase:
    """Judge one provider for its certificate."""
    scope = visible_scope(request, public_id)
    provider = get_object_or_404(Organisation, public_id=provider_id)
    made, _ = actions.assess(
        scope=scope, step=Step.CERTIFICATES, provider=provider, by=request.actor, trigger="request"
    )
    return done(request, f"{provider}: judged.", "gates:assessment", made.public_id)


@page("POST")
def draft_certificate(request: PageRequest, public_id: str, provider_id: str) -> HttpResponseBase:
    """Draft the certificate of one provider and put it before TAB."""
    scope = visible_scope(request, public_id)
    provider = get_object_or_404(Organisation, public_id=provider_id)
    made = actions.draft_certificate(scope=scope, provider=provider, by=request.actor)
    return done(request, f"{made.number} is drafted, for TAB.", "governance:matter", made.matter.public_id)


@page("POST")
def draw_up(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Draw up the Work Off Plan of one provider, or of the phase."""
    scope = visible_scope(request, public_id)
    chosen = request.POST.get("provider")
    provider = get_object_or_404(participants(scope), public_id=chosen) if chosen else None
    made = actions.draw_up_work_off_plan(scope=scope, provider=provider, by=request.actor)
    return done(request, f"{made.matter.reference} is drawn up, for TAB.", "gates:plan", made.public_id)


@page("POST")
def request_approval(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Draft the approval to proceed."""
    scope = visible_scope(request, public_id)
    made = actions.request_approval_to_proceed(scope=scope, by=request.actor)
    return done(request, f"{made.matter.reference} is open, for the DCC.", "governance:matter", made.matter.public_id)


@page("GET")
def plans(request: PageRequest) -> HttpResponseBase:
    """List the Work Off Plans of every phase that the person may see; `?release=` narrows."""
    require(request.actor, "see_all_phases", what="see the Work Off Plans of all phases")
    rows = (
        WorkOffPlan.objects.filter(scope__in=scopes_for(request.actor))
        .select_related("scope__release", "provider", "matter", "file")
        .prefetch_related("items__changes")
        .order_by("-pk")
    )
    if release := request.GET.get("release"):
        rows = rows.filter(scope__release__public_id=release)
    listed = paged(request, rows, size=50)
    listed.object_list = [(plan, _progress(plan)) for plan in listed.object_list]
    return render(request, "gates/plans.html", {"title": "Work Off Plans", "plans": listed})


@page("GET")
def plan(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One Work Off Plan: its items, their dates under 15.1, and what is left of them; `?as=csv` sends the same."""
    return _plan_page(request, _visible_plan(request, public_id))


@page("POST")
def change_item(request: PageRequest, public_id: str, issue_id: str) -> HttpResponseBase:
    """Record that an item was closed, re-run, or opened again."""
    found = _visible_plan(request, public_id)
    item = get_object_or_404(WorkOffPlanItem.objects.select_related("issue"), plan=found, issue__public_id=issue_id)
    form = _item_form(item, _state_of(item), request.actor, request.POST)
    made = carried_out(form, lambda: actions.change_plan_item(item=item, **form.cleaned_data, by=request.actor))
    if made is None:
        return _plan_page(request, found, tried=(item.pk, form))
    return done(request, f"{item.issue.reference}: recorded.", "gates:plan", public_id)


def _provider_row(
    actor: Actor,
    scope: TestScope,
    provider: Organisation,
    certificate: TestCompletionCertificate | None,
    *,
    moment: dt.datetime | None,
) -> ProviderPapers:
    if moment is not None:
        stood = assessment_at(scope, Step.CERTIFICATES, moment=moment, provider=provider)
        return ProviderPapers(provider, stood, certificate, ("", "This is the past."))
    judged = latest_assessment(scope, Step.CERTIFICATES, provider=provider)
    refused: tuple[str, str] | None = None
    try:
        check_can_propose(actor, scope, clause="SVTAD 12.6(i)", what="draft a Test Completion Certificate")
        if certificate is not None and CertificateState(certificate.matter.state).is_in_force:
            raise Refused("SVTAD 12.6(i)", f"{certificate.number} is in force already.")
        if judged is not None and judged.verdict == Verdict.NOT_MET:
            # Said from what is stored: whether the facts have changed since is asked only where it could be drafted.
            raise Refused("SVTAD 12.6(i)", f"{provider} was judged not to meet the criteria for its certificate.")
        check_certifiable(scope, provider)
    except (ActionDenied, Refused) as turned:
        refused = (turned.clause, turned.reason)
    return ProviderPapers(provider, judged, certificate, refused)


def _approval_refused(scope: TestScope) -> tuple[str, str] | None:
    """Return the clause and the reason for which the approval to proceed cannot be drafted now, or None."""
    try:
        check_may_proceed(scope)
    except Refused as turned:
        return turned.clause, turned.reason
    return None


def _progress(plan: WorkOffPlan, moment: dt.datetime | None = None) -> dict[str, int]:
    """Return how many items there are, and how many are closed and re-run, or were by `moment`."""
    states = [_state_of(item, moment) for item in plan.items.all()]
    return {
        "items": len(states),
        "closed": sum(state != WorkOffItemState.OPEN for state in states),
        "rerun": sum(state == WorkOffItemState.RERUN_PASSED for state in states),
    }


def _state_of(item: WorkOffPlanItem, moment: dt.datetime | None = None) -> str:
    made = (each for each in item.changes.all() if moment is None or each.recorded_at <= moment)
    changes = sorted(made, key=lambda each: each.pk)
    return changes[-1].state if changes else WorkOffItemState.OPEN.value


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


def _plan_page(request: PageRequest, plan: WorkOffPlan, *, tried: tuple[int, Form] | None = None) -> HttpResponseBase:
    items = list(plan.items.select_related("issue__provider").prefetch_related("changes"))
    dates = resolution_dates(plan.scope)
    may, refused = allowed(check_can_change_plan, request.actor, plan.scope)
    items.sort(key=lambda item: (item.severity or "9", as_read(item.issue.reference)))
    rows = [PlanLine(item, _state_of(item), dates.get(item.issue.public_id)) for item in items]
    chosen = next((row for row in rows if row.item.issue.public_id == request.GET.get("item")), None)
    form: Form | None = None
    if tried is not None:
        chosen, form = next(row for row in rows if row.item.pk == tried[0]), tried[1]
    elif chosen is not None and may:
        form = _item_form(chosen.item, chosen.state, request.actor)
    if request.GET.get("as") == "csv":
        return csv_response(
            f"work-off-plan-{plan.matter.reference}.csv".lower(),
            ("Issue", "Title", "Severity", "Answers for it", "Issue is", "Item is", "Due", "Note"),
            (
                (
                    row.item.issue.reference,
                    row.item.issue.title,
                    row.item.severity,
                    row.item.issue.provider,
                    row.item.issue.get_state_display(),
                    row.state,
                    row.due.due if row.due else "",
                    row.due.note if row.due else "",
                )
                for row in rows
            ),
        )
    context = {
        "title": f"{plan.matter.reference} Work Off Plan",
        "scope": plan.scope,
        "release": plan.scope.release,
        "plan": plan,
        "rows": rows,
        "chosen": chosen,
        "form": form,
        "progress": _progress(plan),
        "may": may,
        "refused": refused,
        "synthetic": plan.scope.is_synthetic,
    }
    return render(request, "gates/plan.html", context, status=400 if tried else 200)
