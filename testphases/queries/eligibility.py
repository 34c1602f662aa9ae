"""How far Parties had come with Eligibility Testing at a moment (13.25), and whether one was eligible."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from svtad.governing.queries import version_in_force
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import EligibilityState, Verdict
from testphases.models import Eligibility, EligibilityChange

#: The document that sets out the scope of Eligibility Testing, and the process for it (13.25).
DOCUMENT = "UTSAD"


@dataclass(frozen=True)
class EligibilityAt:
    """A Party's Eligibility Testing in one User Role as it stood, and its changes by then."""

    eligibility: Eligibility
    state: EligibilityState
    changes: tuple[EligibilityChange, ...]
    verdict: Verdict
    why: str


def eligibility_at(actor: Actor, moment: dt.datetime | None) -> list[EligibilityAt]:
    """Return what `actor` may see of Parties' Eligibility Testing as recorded by `moment` (None: now).

    `verdict` says whether the Party is eligible to send Service Requests in that role by 13.25. Where no UTSAD is in
    effect, nothing says what Eligibility Testing is, so that it cannot be evaluated. Three queries.
    """
    rows = Eligibility.objects.visible_to(actor).select_related("organisation")
    if moment is not None:
        rows = rows.filter(recorded_at__lte=moment)
    rows = rows.order_by("organisation__name", "role")
    changes = EligibilityChange.objects.filter(eligibility__in=rows).order_by("pk")
    if moment is not None:
        changes = changes.filter(recorded_at__lte=moment)
    by_row: dict[int, list[EligibilityChange]] = {}
    for change in changes:
        by_row.setdefault(change.eligibility_id, []).append(change)
    held = version_in_force(DOCUMENT, moment)
    source = str(held.version) if held else ""
    return [_stood(row, tuple(by_row.get(row.pk, ())), source) for row in rows]


def _stood(row: Eligibility, changes: tuple[EligibilityChange, ...], source: str) -> EligibilityAt:
    state = EligibilityState(changes[-1].to_state) if changes else EligibilityState.NOT_STARTED
    if not source:
        verdict = Verdict.CANNOT_EVALUATE
        why = f"No version of the {DOCUMENT} is in effect, which sets out the scope of Eligibility Testing."
    elif state is EligibilityState.COMPLETE:
        verdict, why = Verdict.MET, f"Completed as set out in {source}."
    else:
        verdict, why = Verdict.NOT_MET, f"Eligibility Testing as set out in {source} is not completed in this role."
    return EligibilityAt(eligibility=row, state=state, changes=changes, verdict=verdict, why=why)


def completed_by(organisations: Iterable[int], moment: dt.datetime | None) -> frozenset[int]:
    """Return which of the organisations (primary keys) had completed Eligibility Testing in a User Role at least."""
    changes = EligibilityChange.objects.filter(
        to_state=EligibilityState.COMPLETE, eligibility__organisation_id__in=list(organisations)
    )
    if moment is not None:
        changes = changes.filter(recorded_at__lte=moment)
    return frozenset(changes.values_list("eligibility__organisation_id", flat=True))
