"""Certificates, Work Off Plans and approvals to proceed: what is on paper, and what may be drafted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.gates import actions
from svtad.gates.models import (
    ApprovalToProceed,
    Assessment,
    TestCompletionCertificate,
    WorkOffPlan,
)
from svtad.gates.policies import (
    check_can_assess,
    check_can_propose,
    check_certifiable,
    check_may_proceed,
)
from svtad.gates.queries import assessment_at, latest_assessment, phase_kind_for
from svtad.gates.queries.answers import answered
from svtad.gates.queries.rounds import rounds_of
from svtad.gates.queries.signed import last_papers
from svtad.gates.views.phase import visible_scope
from svtad.gates.views.plans import plans_shown
from svtad.governance.models import Matter
from svtad.governance.queries import states_at
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind
from svtad.parties.policies import allowed, require
from svtad.parties.views.pages import PageRequest, done, moment_of, page
from svtad.rulebook.vocabulary import CertificateState, Step, Verdict
from testphases.models import TestScope
from testphases.queries import participants

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class ProviderPapers:
    """One DCC Service Provider: its judgement for a certificate, the certificate, and why none may be drafted."""

    provider: Organisation
    judged: Assessment | None
    certificate: TestCompletionCertificate | None
    refused: tuple[str, str] | None


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
        .select_related("provider", "matter", "file", "scope__release__programme", "scope__governed_by__document")
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
    until = moment or now()
    rounds = rounds_of(completion, scope, request.actor, moment=until) if completion else []
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
        "printed": last_papers(held.values()) if moment is None else {},
        "may_print": moment is None and request.actor.may("generate_report"),
        "issued": sum(
            1 for row in rows if row.certificate and CertificateState(row.certificate.matter.state).is_in_force
        ),
        "plans": plans_shown(plans, moment),
        "providers": providers,
        "approval": approval,
        "approval_refused": _approval_refused(scope) if approval is None and may_propose else None,
        "completion": completion,
        "rounds": rounds,
        "answered": answered(rounds, scope, request.actor, moment=until),
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
