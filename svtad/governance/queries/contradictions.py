"""What a body decided on a Test Phase and has contradicted since, as a reader may learn of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from svtad.governance.models import Decision, Matter
from svtad.governance.registry import contradicted_phases
from svtad.parties.actors import Actor


@dataclass(frozen=True)
class Contradiction:
    """That a phase is where an earlier decision put it, and `decision` says otherwise since.

    `matter` is the later decision's where the reader may see it, else None: that, when and by which clause the phase is
    contradicted is no secret of anybody who sees the phase.
    """

    decision: Decision
    matter: Matter | None


def contradictions(actor: Actor, public_ids: Iterable[str]) -> dict[str, Contradiction]:
    """Return the contradiction of each Test Phase of those public ids that is contradicted."""
    found = contradicted_phases(public_ids)
    keys = [each.matter_id for each in found.values()]
    seen = Matter.objects.visible_to(actor).filter(pk__in=keys).in_bulk() if keys else {}
    return {phase: Contradiction(each, seen.get(each.matter_id)) for phase, each in found.items()}


def contradicted_decisions(actor: Actor, decisions: Iterable[Decision]) -> dict[int, Contradiction]:
    """Return the contradiction of each of `decisions` (which have their matter) that a later one contradicts.

    That is one of the same procedure, of the same body, about the same phase, that came to something else, stands, and
    was recorded before. As many queries whatever there are, and none but the first where no phase is contradicted.
    """
    rows = list(decisions)
    found = contradictions(actor, {each.matter.scope_id for each in rows})
    if not found:
        return {}
    corrected = set(Decision.objects.filter(supersedes__in=rows).values_list("supersedes_id", flat=True))
    return {
        each.pk: against
        for each in rows
        if (against := found.get(each.matter.scope_id)) is not None
        and each.pk not in corrected
        and each.pk != against.decision.pk
        and _is_contradicted(each, against.decision)
    }


def _is_contradicted(earlier: Decision, later: Decision) -> bool:
    about = (earlier.matter.procedure, earlier.body) == (later.matter.procedure, later.body)
    order = (earlier.recorded_at, earlier.pk) < (later.recorded_at, later.pk)
    return about and order and earlier.outcome != later.outcome
