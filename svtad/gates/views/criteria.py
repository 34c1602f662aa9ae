"""What the phase's approach document asks of it besides (12.3): each criterion, and whether it is met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.gates import actions
from svtad.gates.forms import AnswerForm
from svtad.gates.gathering.entry import entered_criteria
from svtad.gates.models import EvidenceItem
from svtad.gates.policies import check_can_answer_criterion
from svtad.gates.queries import phase_kind_for
from svtad.gates.queries.evidence import standing_evidence
from svtad.gates.views.phase import visible_scope
from svtad.governing.models import EnteredCriterion
from svtad.governing.queries import version_in_force
from svtad.lib.clock import now
from svtad.parties.policies import allowed, require
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.edition import PhaseKind
from svtad.rulebook.facts import EnteredCriterionFact
from svtad.rulebook.vocabulary import CriterionGate
from testphases.models import TestScope


@dataclass(frozen=True)
class Row:
    """One criterion with its answer, the evidence it rests on, and the form to answer it."""

    fact: EnteredCriterionFact
    evidence: EvidenceItem | None
    form: Form | None
    open: bool


@page("GET")
def criteria(request: PageRequest, public_id: str) -> HttpResponseBase:
    """List the criteria of the approach document with their answers, as they stand or stood (`?as_at=`)."""
    return _page(request, _scope(request, public_id))


@page("POST")
def answer(request: PageRequest, public_id: str, criterion_id: str) -> HttpResponseBase:
    """Record whether a criterion is met."""
    scope = _scope(request, public_id)
    criterion = get_object_or_404(EnteredCriterion.objects.select_related("version__document"), public_id=criterion_id)
    form = AnswerForm(request.POST, prefix=criterion_id, items=_items(scope))

    def act() -> Any:
        given = form.cleaned_data
        evidence = EvidenceItem.objects.filter(public_id=given["evidence"]).first() if given["evidence"] else None
        return actions.answer_criterion(
            scope=scope,
            criterion=criterion,
            met=given["met"] == "yes",
            reasons=given["reasons"],
            evidence=evidence,
            by=request.actor,
        )

    if carried_out(form, act) is None:
        return _page(request, scope, tried=(criterion_id, form))
    return done(request, f"{criterion.clause}: the answer is recorded.", "gates:criteria", public_id)


def _scope(request: PageRequest, public_id: str) -> TestScope:
    require(request.actor, "see_all_phases", clause="SVTAD 12.3", what="see the criteria of an approach document")
    scope = visible_scope(request, public_id)
    _kind(scope)
    return scope


def _kind(scope: TestScope) -> PhaseKind:
    kind = phase_kind_for(scope)
    if kind is None or kind.criteria_document is None:
        raise Http404
    return kind


def _items(scope: TestScope) -> list[EvidenceItem]:
    return standing_evidence(scope, now())


def _page(request: PageRequest, scope: TestScope, *, tried: tuple[str, Form] | None = None) -> HttpResponseBase:
    moment = moment_of(request) if request.method == "GET" else None
    kind = _kind(scope)
    may, refused = allowed(check_can_answer_criterion, request.actor, scope)
    may = may and moment is None and scope.state != "COMPLETE"
    _, facts = entered_criteria(scope, kind=kind, moment=moment or now())
    held = version_in_force(kind.criteria_document or "", moment)
    items = _items(scope) if may else []
    named = EvidenceItem.objects.filter(public_id__in=[fact.evidence for fact in facts if fact.evidence])
    evidence = {item.public_id: item for item in named.select_related("file")}
    key, form = tried or ("", None)
    rows = [
        Row(
            fact=fact,
            evidence=evidence.get(fact.evidence),
            form=(form if form is not None and fact.id == key else AnswerForm(prefix=fact.id, items=items))
            if may
            else None,
            open=fact.id == key,
        )
        for fact in facts
    ]
    context: dict[str, Any] = {
        "title": f"{scope.name}: own criteria",
        "scope": scope,
        "release": scope.release,
        "document": kind.criteria_document,
        "held": held,
        "groups": [(gate.capitalize(), [row for row in rows if row.fact.gate is gate]) for gate in CriterionGate],
        "total": len(rows),
        "met": sum(1 for row in rows if row.fact.met),
        "silent": sum(1 for row in rows if row.fact.met is None),
        "may": may,
        "refused": refused,
        "may_enter": request.actor.may("set_parameter"),
        "as_at": moment,
        "can_look_back": True,
        "synthetic": scope.is_synthetic,
    }
    return render(request, "gates/criteria.html", context, status=400 if tried else 200)
