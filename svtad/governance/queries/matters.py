"""Reading matters: the state of one, or of many, at any moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from svtad.governance.models import Decision, Matter, ViewRequest
from svtad.governance.registry import found_missing
from svtad.rulebook.procedures import DETERMINING, ActWanted, Procedure, Transition, procedure


def initial_state(matter: Matter) -> str:
    """Return the state of the matter before any decision."""
    return str(procedure(matter.procedure).initial)


def decisions_at(moment: dt.datetime) -> QuerySet[Decision]:
    """Return the decisions recorded by `moment` that no correction recorded by then had superseded."""
    corrections = Decision.objects.filter(supersedes=OuterRef("pk"), recorded_at__lte=moment)
    held: QuerySet[Decision] = Decision.objects.filter(~Exists(corrections), recorded_at__lte=moment)
    return held


def state_at(matter: Matter, moment: dt.datetime) -> str:
    """Return the matter's state in law at `moment`: that of the last decision recorded and in effect by then.

    A decision that is recorded but takes effect later (14.4: at notification) does not hold yet.
    """
    state = (
        decisions_at(moment)
        .filter(matter=matter, effective_at__lte=moment)
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
        decisions_at(moment)
        .filter(matter__in=known.values("pk"), effective_at__lte=moment)
        .order_by("matter_id", "sequence")
        .values_list("matter_id", "to_state")
    )
    states.update(dict(taken))
    return states


def last_decision(matter: Matter, *, before: Decision | None = None) -> Decision | None:
    """Return the last decision on the matter that stands, in effect or not; or the last that was recorded `before`."""
    held: QuerySet[Decision] = Decision.objects.filter(matter=matter)
    if before is not None:
        held = held.filter(sequence__lt=before.sequence)
    return _standing(held).order_by("-sequence").first()


def round_of(matter: Matter, rules: Procedure) -> int:
    """Return the number of the decision that began the matter's present round; 0 before any did."""
    begun = (
        Decision.objects.filter(matter=matter, outcome__in=rules.rounds_begin_with)
        .order_by("-sequence")
        .values_list("sequence", flat=True)
        .first()
    )
    return begun or 0


@dataclass(frozen=True)
class Lack:
    """What a procedure wants before a step and has not: in words, and whether the step is refused for it."""

    text: str
    refuses: bool


def lacks(matter: Matter, rules: Procedure) -> Callable[[Transition], list[Lack]]:
    """Return what tells what `rules` wants before a step of `matter` and has not. What was done is read once.

    Those are acts that were not taken, and views of this round that were neither given nor recorded as not given (a
    member's own remark is no view). A determining body's step is refused for nothing that is missing (rule 16).
    """
    read: list[tuple[set[tuple[str, str]], set[tuple[str, str]], set[str]]] = []

    def lack(step: Transition) -> list[Lack]:
        return [*wanted(step), *(Lack(text, refuses=False) for text in found_missing(matter, step.outcome))]

    def wanted(step: Transition) -> list[Lack]:
        acts = [each for each in rules.acts_wanted if step.outcome in each.before]
        views = [each for each in rules.consultations if step.outcome in each.before and matter.state in each.states]
        if not acts and not views:
            return []
        if not read:
            read.append(_done(matter, rules))
        ever, now, had = read[0]
        done = {act for _, act in now}
        return [
            *(
                Lack(f"{each.what} ({each.clause})", refuses=each.is_needed and step.body not in DETERMINING)
                for each in acts
                if _is_due(matter, each, done=ever if each.any_round else now)
            ),
            *(
                Lack(
                    f"The view of {each.body} ({each.clause}): {each.what}",
                    refuses=each.is_needed and step.body not in DETERMINING,
                )
                for each in views
                if each.body not in had and not done.intersection(each.held_by)
            ),
        ]

    return lack


def _done(matter: Matter, rules: Procedure) -> tuple[set[tuple[str, str]], set[tuple[str, str]], set[str]]:
    """Return (the acts taken in any round, those of this round, the bodies whose view of this round was had)."""
    begun = round_of(matter, rules)
    taken = list(_standing(Decision.objects.filter(matter=matter)).values_list("body", "outcome", "sequence"))
    requests = ViewRequest.objects.filter(matter=matter, round=begun, views__is_remark=False)
    return (
        {(body, act) for body, act, _ in taken},
        {(body, act) for body, act, sequence in taken if sequence > begun},
        set(requests.values_list("body", flat=True)),
    )


def _is_due(matter: Matter, act: ActWanted, *, done: set[tuple[str, str]]) -> bool:
    """Return whether the act is not among those `done`; one that was directed (3.3), whether it was not done since."""
    if act.directed is None:
        return (act.body, act.outcome) not in done
    since = 0
    for sequence, body, outcome, data in (
        _standing(Decision.objects.filter(matter=matter, outcome__in=(act.directed.outcome, act.outcome)))
        .order_by("sequence")
        .values_list("sequence", "body", "outcome", "data")
    ):
        if outcome == act.directed.outcome and act.directed.choice in (data.get(act.directed.key) or ()):
            since = sequence
        elif (body, outcome) == (act.body, act.outcome):
            since = 0
    return since > 0


def _standing(decisions: QuerySet[Decision]) -> QuerySet[Decision]:
    """Return those of `decisions` that no correction superseded."""
    return decisions.filter(~Exists(Decision.objects.filter(supersedes=OuterRef("pk"))))
