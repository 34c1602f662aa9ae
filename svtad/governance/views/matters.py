"""Matters before the boards, and what was decided on them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import record_decision, store_file
from svtad.governance.calendar import last_day_of_window
from svtad.governance.forms import DecisionForm
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governance.policies import check_can_record_decision
from svtad.governance.registry import handler_for
from svtad.lib import clock
from svtad.lib.clock import london_date
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.rulebook.editions import edition_of
from svtad.rulebook.procedures import PROCEDURES, Procedure, Transition, procedure
from svtad.rulebook.vocabulary import Body


@dataclass(frozen=True)
class NextStep:
    """A step listed from the matter's state: its form, or why this person may not record it."""

    step: Transition
    form: DecisionForm
    refused: str
    last_day: dt.date | None
    open: bool

    @property
    def duty(self) -> str:
        """Return "shall" or "may"."""
        return self.step.duty


@page("GET")
def matters(request: PageRequest) -> HttpResponseBase:
    """The register of matters; `?procedure=`, `?open=` and `?q=` narrow it, `?as=csv` sends the same as CSV."""
    rows = Matter.objects.visible_to(request.actor)
    key, wanted, text = (request.GET.get(name, "") for name in ("procedure", "open", "q"))
    if key in PROCEDURES:
        rows = rows.filter(procedure=key)
    if wanted in ("yes", "no"):
        at_rest = Q()
        for rules in PROCEDURES.values():
            at_rest |= Q(procedure=rules.key, state__in=rules.final)
        rows = rows.exclude(at_rest) if wanted == "yes" else rows.filter(at_rest)
    if text:
        rows = rows.filter(Q(reference__iexact=text) | Q(title__icontains=text))
    if request.GET.get("as") == "csv":
        return csv_response(
            "matters.csv",
            ("Reference", "Procedure", "Clause", "Title", "Proposer", "State", "Opened", "Recorded by"),
            (
                (
                    matter.reference,
                    procedure(matter.procedure).title,
                    f"{matter.document} v{matter.version}, {procedure(matter.procedure).clause}",
                    matter.title,
                    matter.proposer,
                    matter.state,
                    matter.opened_at,
                    matter.recorded_by,
                )
                for matter in rows.iterator(chunk_size=500)
            ),
        )
    found = paged(request, rows)
    for matter in found.object_list:
        matter.rules = PROCEDURES.get(matter.procedure)
        matter.at_rest = matter.rules is not None and matter.rules.is_final(matter.state)
    context = {
        "title": "Matters",
        "matters": found,
        "procedures": sorted(PROCEDURES.values(), key=lambda rules: rules.title),
        "chosen": {"procedure": key, "open": wanted, "q": text},
        "may_open": request.actor.may("open_matter") or request.actor.may("propose"),
    }
    return render(request, "governance/matters.html", context)


@page("GET")
def decisions(request: PageRequest) -> HttpResponseBase:
    """The register of decisions; `?body=` and `?procedure=` narrow it, `?as=csv` sends the same as CSV."""
    rows = (
        Decision.objects.filter(matter__in=Matter.objects.visible_to(request.actor))
        .select_related("matter", "document")
        .order_by("-decided_at", "-id")
    )
    body, key = request.GET.get("body", ""), request.GET.get("procedure", "")
    if body in Body.__members__:
        rows = rows.filter(body=body)
    if key in PROCEDURES:
        rows = rows.filter(matter__procedure=key)
    if request.GET.get("as") == "csv":
        return csv_response(
            "decisions.csv",
            (
                "Decided",
                "Notified",
                "In effect from",
                "Recorded",
                "Body",
                "Outcome",
                "State then",
                "Matter",
                "Title",
                "Clause",
                "Reasons",
                "Against the computed result",
                "Document SHA-256",
                "Recorded by",
            ),
            (
                (
                    each.decided_at,
                    each.notified_at,
                    each.effective_at,
                    each.recorded_at,
                    each.body,
                    each.outcome,
                    each.to_state,
                    each.matter.reference,
                    each.matter.title,
                    f"{each.matter.document} v{each.matter.version}, {each.clause}",
                    each.rationale,
                    each.against_computed,
                    each.document.sha256 if each.document else "",
                    each.recorded_by,
                )
                for each in rows.iterator(chunk_size=500)
            ),
        )
    context = {
        "title": "Decisions",
        "decisions": paged(request, rows),
        "bodies": list(Body),
        "procedures": sorted(PROCEDURES.values(), key=lambda rules: rules.title),
        "chosen": {"body": body, "procedure": key},
        "may_open": request.actor.may("open_matter") or request.actor.may("propose"),
    }
    return render(request, "governance/decisions.html", context)


@page("GET")
def matter(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One matter: what it is, by which clause, what was decided, what may come next."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    return _matter_page(request, found)


@page("POST")
def decide(request: PageRequest, public_id: str, body: str, outcome: str) -> HttpResponseBase:
    """Record one listed step, with its document, in one transaction; show the form again where it lacks something."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    rules = procedure(found.procedure)
    step = next((each for each in rules.transitions if each.body == body and each.outcome == outcome), None)
    if step is None:
        raise Http404
    form = DecisionForm(request.POST, request.FILES, procedure=rules.key, step=step, severities=severities_of(rules))
    decision = carried_out(form, lambda: _record(found, step, form, request.actor))
    if decision is None:
        return _matter_page(request, found, tried=form)
    return done(request, f"{found.reference}: {body} {outcome} recorded.", "governance:matter", found.public_id)


@transaction.atomic
def _record(matter: Matter, step: Transition, form: DecisionForm, actor: Actor) -> Decision:
    given = form.cleaned_data
    upload = given["document"]
    document: StoredFile | None = None
    if upload is not None:
        document = store_file(
            content=upload.file,
            name=upload.name,
            media_type=upload.content_type or "application/octet-stream",
            purpose="decision",
            audience=matter.audience,
            by=actor,
            is_synthetic=matter.is_synthetic,
        )
    return record_decision(
        matter=matter,
        body=step.body,
        outcome=step.outcome,
        decided_at=given["decided_at"],
        notified_at=given["notified_at"],
        effective_at=given["effective_at"],
        rationale=given["rationale"],
        meeting=given["meeting"],
        document=document,
        data=form.given,
        against_computed=given.get("against_computed", False),
        expected_state=given["expected_state"] or None,
        by=actor,
    )


def _matter_page(request: PageRequest, matter: Matter, *, tried: DecisionForm | None = None) -> HttpResponseBase:
    rules = procedure(matter.procedure)
    decided = list(matter.decisions.select_related("document").order_by("sequence"))
    handler = handler_for(matter.procedure)
    context: dict[str, Any] = {
        "title": f"{matter.reference} {matter.title}",
        "matter": matter,
        "rules": rules,
        "at_rest": rules.is_final(matter.state),
        "decisions": decided,
        "about": handler.describe(matter) if handler else "",
        "subject_url": handler.url(matter) if handler else "",
        "steps": _next_steps(matter, rules, decided, request.actor, tried),
        "synthetic": matter.is_synthetic,
    }
    return render(request, "governance/matter.html", context, status=400 if tried else 200)


def _next_steps(
    matter: Matter, rules: Procedure, decided: Sequence[Decision], actor: Actor, tried: DecisionForm | None
) -> list[NextStep]:
    steps = []
    severities = severities_of(rules)
    for step in rules.transitions_from(matter.state):
        _, refused = allowed(check_can_record_decision, actor, matter, body=step.body, clause=step.clause)
        mine = tried is not None and (tried.step.body, tried.step.outcome) == (step.body, step.outcome)
        form = (
            tried
            if mine and tried
            else DecisionForm(
                procedure=rules.key,
                step=step,
                severities=severities,
                initial={"expected_state": matter.state, "decided_at": clock.now()},
            )
        )
        steps.append(NextStep(step, form, refused, _last_day(matter, step, decided), mine))
    return steps


def _last_day(matter: Matter, step: Transition, decided: Sequence[Decision]) -> dt.date | None:
    """Return the last London day of the step's window, None where the clause states none."""
    if step.within is None or not decided:
        return None
    return last_day_of_window(
        step.within,
        trigger=london_date(decided[-1].decided_at),
        document=matter.document,
        version=matter.version,
    )


def severities_of(rules: Procedure) -> tuple[str, ...]:
    """Return the severities that the procedure's document knows."""
    return edition_of(rules.document, rules.version).severities
