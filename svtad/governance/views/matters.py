"""Matters before the boards, and what was decided on them."""

from __future__ import annotations

from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.governance.models import Decision, Matter, StoredFile
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, page
from svtad.rulebook.procedures import PROCEDURES, procedure
from svtad.rulebook.vocabulary import Body


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
                    procedure(matter.procedure).citation,
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
        matter.is_pending = matter.rules is not None and matter.rules.is_pending(matter.state)
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
        .select_related("matter", "document", "taken_at")
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
                "Without quorum",
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
                    procedure(each.matter.procedure).cite(each.clause),
                    each.rationale,
                    each.against_computed,
                    each.document.sha256 if each.document else "",
                    each.recorded_by,
                    hasattr(each, "taken_at") and each.taken_at.without_quorum,
                )
                for each in rows.iterator(chunk_size=500)
            ),
        )
    found = paged(request, rows)
    files = StoredFile.objects.visible_to(request.actor).filter(pk__in=[each.document_id for each in found.object_list])
    seen = set(files.values_list("pk", flat=True))
    for each in found.object_list:
        each.shown_document = each.document if each.document_id in seen else None
    context = {
        "title": "Decisions",
        "decisions": found,
        "bodies": list(Body),
        "procedures": sorted(PROCEDURES.values(), key=lambda rules: rules.title),
        "chosen": {"body": body, "procedure": key},
        "may_open": request.actor.may("open_matter") or request.actor.may("propose"),
    }
    return render(request, "governance/decisions.html", context)
