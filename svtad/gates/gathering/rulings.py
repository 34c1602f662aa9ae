"""Matters as they stood at a moment: their state in law, and the decisions that brought them there."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from svtad.governance.models import Decision, Matter
from svtad.governance.queries.matters import decisions_at
from svtad.rulebook.calendar import london_date
from svtad.rulebook.procedures import procedure


class Rulings:
    """The decisions on some matters, recorded and in effect by a moment. Two queries for all of them."""

    def __init__(self, matter_pks: Iterable[int], moment: dt.datetime) -> None:
        """Read the matters with these primary keys."""
        known = Matter.objects.filter(pk__in=set(matter_pks), recorded_at__lte=moment)
        self._initial = {pk: str(procedure(key).initial) for pk, key in known.values_list("pk", "procedure")}
        self._decisions: dict[int, list[Decision]] = defaultdict(list)
        in_effect = decisions_at(moment).filter(effective_at__lte=moment)  # without what was corrected by then
        for decision in in_effect.filter(matter_id__in=self._initial).order_by("matter_id", "sequence"):
            self._decisions[decision.matter_id].append(decision)

    def knows(self, matter_pk: int) -> bool:
        """Return whether the matter had been recorded by then."""
        return matter_pk in self._initial

    def state(self, matter_pk: int) -> str:
        """Return the matter's state in law at the moment."""
        decisions = self._decisions.get(matter_pk)
        return str(decisions[-1].to_state) if decisions else self._initial[matter_pk]

    def first(self, matter_pk: int, outcome: str) -> Decision | None:
        """Return the first decision with that outcome, or None."""
        return next((row for row in self._decisions.get(matter_pk, ()) if row.outcome == outcome), None)

    def last(self, matter_pk: int, outcome: str) -> Decision | None:
        """Return the last decision with that outcome, or None."""
        found = [row for row in self._decisions.get(matter_pk, ()) if row.outcome == outcome]
        return found[-1] if found else None

    def first_day(self, matter_pk: int, outcome: str) -> dt.date | None:
        """Return the London date on which the matter was first decided with that outcome, or None."""
        decision = self.first(matter_pk, outcome)
        return london_date(decision.decided_at) if decision else None
