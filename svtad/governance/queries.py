"""Reading matters: the state of one, or of many, at any moment."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from svtad.governance.models import Decision, Matter
from svtad.rulebook.procedures import procedure


def initial_state(matter: Matter) -> str:
    """Return the state of the matter before any decision."""
    return str(procedure(matter.procedure).initial)


def state_at(matter: Matter, moment: dt.datetime) -> str:
    """Return the matter's state in law at `moment`: that of the last decision recorded and in effect by then.

    A decision that is recorded but takes effect later (14.4: at notification) does not hold yet.
    """
    state = (
        Decision.objects.filter(matter=matter, recorded_at__lte=moment, effective_at__lte=moment)
        .order_by("-sequence")
        .values_list("to_state", flat=True)
        .first()
    )
    return initial_state(matter) if state is None else str(state)


def states_at(matters: QuerySet[Matter], moment: dt.datetime) -> dict[int, str]:
    """Return {matter id: state at `moment`} of those `matters` that were recorded by then. Two queries."""
    known = matters.filter(recorded_at__lte=moment).order_by()
    states = {pk: str(procedure(key).initial) for pk, key in known.values_list("pk", "procedure")}
    taken = (
        Decision.objects.filter(matter__in=known.values("pk"), recorded_at__lte=moment, effective_at__lte=moment)
        .order_by("matter_id", "sequence")
        .values_list("matter_id", "to_state")
    )
    states.update(dict(taken))
    return states


def last_decision(matter: Matter) -> Decision | None:
    """Return the last decision recorded on the matter, in effect or not."""
    decision: Decision | None = Decision.objects.filter(matter=matter).order_by("-sequence").first()
    return decision
