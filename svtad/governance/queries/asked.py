"""Which views are still asked for: a request that the matter has gone past waits for nobody."""

from __future__ import annotations

import math
from collections import defaultdict

from django.db.models import Exists, OuterRef, QuerySet

from svtad.governance.models import Decision, Matter, View, ViewRequest
from svtad.rulebook.procedures import PROCEDURES


def unanswered(requests: QuerySet[ViewRequest]) -> list[ViewRequest]:
    """Return those of `requests` whose view is still wanted, each with its matter. Two queries.

    The body gave no view to it, whatever its members remarked; it is the
    last to that body in the matter's present round; the matter is in a state in
    which the procedure consults that body; and no step was taken that is itself the consulting (13.15(c)).
    """
    later = ViewRequest.objects.filter(matter=OuterRef("matter"), body=OuterRef("body"), pk__gt=OuterRef("pk"))
    asked = requests.filter(
        ~Exists(View.objects.filter(request=OuterRef("pk"), is_remark=False)),
        ~Exists(later.filter(round=OuterRef("round"))),
    )
    held = list(asked.select_related("matter").order_by("pk"))
    steps = _steps_of(asked)
    return [request for request in held if _is_wanted(request, steps[request.matter_id])]


def consulted_in(matter: Matter) -> dict[int, Decision]:
    """Return {request's primary key: the decision on `matter` that was the consulting it asked for (13.15(c))}."""
    rules = PROCEDURES.get(matter.procedure)
    consulting = {each.body: each.held_by for each in rules.consultations if each.held_by} if rules else {}
    if rules is None or not consulting:
        return {}
    taken = list(matter.decisions.order_by("sequence"))
    begun = [0, *(each.sequence for each in taken if each.outcome in rules.rounds_begin_with)]
    found: dict[int, Decision] = {}
    for request in ViewRequest.objects.filter(matter=matter, body__in=consulting):
        ends = min((each for each in begun if each > request.round), default=math.inf)
        in_round = [each for each in taken if request.round < each.sequence < ends]
        had = [each for each in in_round if each.outcome in consulting[request.body]]
        if had:
            found[request.pk] = had[-1]
    return found


def _steps_of(asked: QuerySet[ViewRequest]) -> defaultdict[int, list[tuple[int, str]]]:
    """Return (sequence, outcome) of the decisions on the matters asked about that begin a round or are a consulting."""
    turning = {
        outcome
        for rules in PROCEDURES.values()
        for outcome in (*rules.rounds_begin_with, *(step for each in rules.consultations for step in each.held_by))
    }
    found: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    rows = Decision.objects.filter(matter__in=asked.order_by().values("matter"), outcome__in=turning).order_by(
        "matter_id", "sequence"
    )
    for matter, sequence, outcome in rows.values_list("matter_id", "sequence", "outcome"):
        found[matter].append((sequence, outcome))
    return found


def _is_wanted(request: ViewRequest, steps: list[tuple[int, str]]) -> bool:
    rules = PROCEDURES.get(request.matter.procedure)
    if rules is None:
        return False
    begun = max((sequence for sequence, outcome in steps if outcome in rules.rounds_begin_with), default=0)
    taken = {outcome for sequence, outcome in steps if sequence > begun}
    consulted = [each for each in rules.consultations_in(request.matter.state) if each.body == request.body]
    return request.round == begun and any(not taken.intersection(each.held_by) for each in consulted)
