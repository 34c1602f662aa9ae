"""Every way through a procedure, found from its data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from svtad.rulebook.procedures import Procedure, Transition

Way = tuple[Transition, ...]


def ways(procedure: Procedure) -> Iterator[Way]:
    """Every way from the beginning to a state of rest that goes round each loop at most once."""

    def onward(way: Way, state: str, been: Mapping[str, int]) -> Iterator[Way]:
        if way and procedure.is_final(state):
            yield way
        for step in procedure.transitions_from(state):
            times = been.get(step.target, 0)
            if times < 2:
                yield from onward((*way, step), step.target, {**been, step.target: times + 1})

    return onward((), procedure.initial, {procedure.initial: 1})
