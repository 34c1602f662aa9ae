"""Matters before the boards, and what was decided on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governance.queries.contradictions import contradicted_decisions
from svtad.governance.queries.decided import MARKS, decisions_for, narrowed, narrowed_by
from svtad.governance.queries.redacted import redact, redact_decisions
from svtad.governance.queries.registers import named
from svtad.governance.queries.rest import at_rest, windows_over
from svtad.lib.clock import now
from svtad.parties.actors import Actor
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, page
from svtad.rulebook.procedures import DETERMINING, PROCEDURES, procedure
from svtad.rulebook.vocabulary import Body


@page("GET")
def matters(request: PageRequest) -> HttpResponseBase:
    """The register of matters; `?procedure=`, `?open=` and `?q=` narrow it, `?as=csv` sends the same as CSV."""
    rows = Matter.objects.visible_to(request.actor)
    key, wanted, text = (request.GET.get(name, "") for name in ("procedure", "open", "q"))
    if key in PROCEDURES:
        rows = rows.filter(procedure=key)
    if wanted in ("yes", "no"):
        resting = at_rest(now())
        rows = rows.exclude(resting) if wanted == "yes" else rows.filter(resting)
    if text:
        rows = rows.filter(named(request.actor, text))
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
                for matter in _readable(request.actor, rows)
            ),
        )
    found = paged(request, rows)
    redact(request.actor, found.object_list)
    over = windows_over(found.object_list, moment=now())
    for matter in found.object_list:
        matter.rules = PROCEDURES.get(matter.procedure)
        matter.window_over = matter.pk in over
        matter.at_rest = matter.window_over or (matter.rules is not None and matter.rules.is_final(matter.state))
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
    """The register of decisions, narrowed by what the address says (`narrowed_by`); `?as=csv` sends the same as CSV."""
    every = decisions_for(request.actor)
    by = narrowed_by(request.GET)
    rows = narrowed(every, by).select_related("matter", "document", "taken_at")
    if request.GET.get("as") == "csv":
        against = contradicted_decisions(request.actor, rows.filter(body__in=DETERMINING))
        columns = (*_COLUMNS, "Contradicted since")
        held = ((*_as_row(each), each.pk in against) for each in _decisions_readable(request.actor, rows))
        return csv_response("decisions.csv", columns, held)
    found = paged(request, rows)
    redact_decisions(request.actor, found.object_list)
    files = StoredFile.objects.visible_to(request.actor).filter(pk__in=[each.document_id for each in found.object_list])
    seen = set(files.values_list("pk", flat=True))
    against = contradicted_decisions(request.actor, found.object_list)
    for each in found.object_list:
        each.contradicted = against.get(each.pk)
        each.shown_document = each.document if each.document_id in seen else None
    context = {
        "title": "Decisions",
        "decisions": found,
        "bodies": list(Body),
        "outcomes": sorted(every.order_by().values_list("outcome", flat=True).distinct()),
        "procedures": sorted(PROCEDURES.values(), key=lambda rules: rules.title),
        "marks": MARKS,
        "by": by,
        "may_open": request.actor.may("open_matter") or request.actor.may("propose"),
    }
    return render(request, "governance/decisions.html", context)


def _readable(actor: Actor, rows: QuerySet[Matter]) -> Iterator[Matter]:
    """Yield the matters as `actor` may read them, a part at a time."""
    every = rows.iterator(chunk_size=500)
    while part := list(islice(every, 500)):
        redact(actor, part)
        yield from part


def _decisions_readable(actor: Actor, rows: QuerySet[Decision]) -> Iterator[Decision]:
    """Yield the decisions as `actor` may read them, a part at a time."""
    every = rows.iterator(chunk_size=500)
    while part := list(islice(every, 500)):
        redact_decisions(actor, part)
        yield from part


#: The register as CSV: what each column is called, and what stands in it.
_COLUMNS: dict[str, Callable[[Any], object]] = {
    "Decided": attrgetter("decided_at"),
    "Notified": attrgetter("notified_at"),
    "In effect from": attrgetter("effective_at"),
    "Recorded": attrgetter("recorded_at"),
    "Body": attrgetter("body"),
    "Outcome": attrgetter("outcome"),
    "State then": attrgetter("to_state"),
    "Matter": attrgetter("matter.reference"),
    "Title": attrgetter("matter.title"),
    "Clause": lambda each: procedure(each.matter.procedure).cite(each.clause),
    "Reasons": attrgetter("rationale"),
    "Against the computed result": attrgetter("against_computed"),
    "Document SHA-256": lambda each: each.document.sha256 if each.document else "",
    "Recorded by": attrgetter("recorded_by"),
    "Without quorum": lambda each: hasattr(each, "taken_at") and each.taken_at.without_quorum,
    "Out of its listed order": attrgetter("out_of_order"),
    "Missing before it": lambda each: "; ".join(each.missing),
    "Superseded": attrgetter("is_superseded"),
    "Correction": lambda each: each.supersedes_id is not None,
    "Meeting": attrgetter("meeting"),
}


def _as_row(decision: Decision) -> tuple[object, ...]:
    return tuple(value(decision) for value in _COLUMNS.values())
