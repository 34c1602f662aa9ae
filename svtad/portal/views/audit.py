"""The audit trail: one line for each act, and the state of its chain."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import render

from svtad.audit.models import AuditEvent, AuditSeal
from svtad.governance.models import Matter
from svtad.governance.queries.redacted import hidden_from
from svtad.parties.audiences import visible_audience_ids
from svtad.parties.policies import require
from svtad.parties.views.lists import csv_response, paged
from svtad.parties.views.pages import PageRequest, page

HEADER = ("Recorded", "Who", "Act", "Clause", "Kind", "Subject", "Subject id", "Phase id", "Detail")


@page("GET")
def audit(request: PageRequest) -> HttpResponseBase:
    """List the acts that the person may see; `?action=`, `?who=`, `?q=` narrow it, `?as=csv` sends the same."""
    require(request.actor, "see_audit", what="read the audit trail")
    rows = AuditEvent.objects.filter(audience_id__in=visible_audience_ids(request.actor))
    if (hidden := hidden_from(request.actor)) is not None:
        # An event names its subject as it was called then, and holds what was done: both unredacted.
        rows = rows.exclude(subject_id__in=Matter.objects.filter(hidden).values("public_id"))
    action, who, text = (request.GET.get(name, "").strip() for name in ("action", "who", "q"))
    actions = list(rows.order_by("action").values_list("action", flat=True).distinct())
    if action:
        rows = rows.filter(action=action)
    if who:
        rows = rows.filter(actor_label__icontains=who)
    if text:
        rows = rows.filter(Q(subject_label__icontains=text) | Q(subject_id=text) | Q(clause__icontains=text))
    rows = rows.order_by("-id")
    if request.GET.get("as") == "csv":
        return csv_response("audit-trail.csv", HEADER, (_line(each) for each in rows.iterator(chunk_size=1000)))
    last = AuditSeal.objects.order_by("-sequence").first()
    context = {
        "title": "Audit trail",
        "events": paged(request, rows),
        "actions": actions,
        "chosen": {"action": action, "who": who, "q": text},
        "last_seal": last,
        "unsealed": AuditEvent.objects.filter(pk__gt=last.event_id).count() if last else AuditEvent.objects.count(),
    }
    return render(request, "portal/audit.html", context)


def _line(event: AuditEvent) -> tuple[Any, ...]:
    return (
        event.recorded_at,
        event.actor_label,
        event.action,
        event.clause,
        event.subject_kind,
        event.subject_label,
        event.subject_id,
        event.scope_id,
        event.detail,
    )
