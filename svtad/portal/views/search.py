"""Search over Testing Issues, planned tests, DMCs, matters and decisions: what the person may see, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpResponseBase
from django.shortcuts import render

from issues.models import TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.governance.queries.contradictions import contradicted_decisions
from svtad.governance.queries.decided import decisions_for, saying
from svtad.governance.queries.redacted import redact, redact_decisions
from svtad.governance.queries.registers import matters_in
from svtad.parties.actors import Actor
from svtad.parties.views.pages import PageRequest, page
from testphases.models import PlannedTestVersion, TestScope

#: How many of each are shown; the rest is said, and found by saying more.
SHOWN = 25
MIN_LENGTH = 2


@dataclass(frozen=True)
class Found:
    """What was found of one kind: the first of them, and whether there are more."""

    heading: str
    kind: str
    rows: list[Any]
    more: bool


@page("GET")
def search(request: PageRequest) -> HttpResponseBase:
    """Search by `?q=`: the reference exactly, or words of the title."""
    text = request.GET.get("q", "").strip()[:200]
    found = _found(request.actor, text) if len(text) >= MIN_LENGTH else []
    context = {
        "title": f"Search: {text}" if text else "Search",
        "search_text": text,
        "too_short": bool(text) and len(text) < MIN_LENGTH,
        "found": found,
        "count": sum(len(each.rows) for each in found),
    }
    return render(request, "portal/search.html", context)


def _found(actor: Actor, text: str) -> list[Found]:
    issues = (
        TestingIssue.objects.visible_to(actor)
        .filter(Q(reference__icontains=text) | Q(title__icontains=text) | Q(external_id__iexact=text))
        .select_related("scope", "provider")
        .order_by("reference")
    )
    scopes = TestScope.objects.visible_to(actor)
    tests = (
        PlannedTestVersion.objects.current()
        .filter(scope__in=scopes)
        .filter(Q(planned_test__definition__external_id__icontains=text) | Q(title__icontains=text))
        .select_related("planned_test__definition", "planned_test__dmc", "scope", "provider")
        .order_by("planned_test__definition__external_id", "pk")
    )
    if not actor.may("see_all_phases") and not actor.sees_everything and "DCC" not in actor.organisation_kinds:
        tests = tests.filter(provider_id__in=actor.organisation_pks)
    matters = matters_in(actor, text=text).order_by("-id")
    kinds: list[tuple[str, str, Any]] = [("Testing Issues", "issue", issues), ("Planned tests", "test", tests)]
    if actor.may("see_all_phases") or actor.may("see_own_phases"):
        dmcs = DeviceModelCombination.objects.filter(Q(reference__icontains=text) | Q(name__icontains=text))
        kinds.append(("Device Model Combinations", "dmc", dmcs.order_by("reference")))
    kinds.append(("Matters", "matter", matters))
    decided = saying(decisions_for(actor), text).select_related("matter", "taken_at")
    kinds.append(("Decisions", "decision", decided))
    results = []
    for heading, kind, rows in kinds:
        first = list(rows[: SHOWN + 1])
        if kind == "decision":
            against = contradicted_decisions(actor, first)
            for each in first:
                each.contradicted = against.get(each.pk)
            redact_decisions(actor, first)
        if kind == "matter":
            redact(actor, first)
        if first:
            results.append(Found(heading, kind, first[:SHOWN], len(first) > SHOWN))
    return results
