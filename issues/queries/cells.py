"""How many issues of each Test Phase stand in each cell of provider × severity, and what a change does to that.

These are the phase's own issues (13.18). What comes over from earlier releases, and what TAG counts, is the
rulebook's to say and stands in the judgement of the phase.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import F

from issues.models import NOT_DCC_CAUSES, Cause, ExclusionProposal, TestingIssue
from issues.queries.editions import phase_kind_of
from issues.queries.lists import CLOSED_STATES, EXCLUDING_STATES
from svtad.parties.models import Organisation
from testphases.models import TestScope

#: In place of a provider's primary key: the DCC's own cell, and nobody's.
DCC_ITSELF, NOBODY = 0, -1


@dataclass(frozen=True, order=True, slots=True)
class Cell:
    """One cell: the phase, who answers (a primary key, DCC_ITSELF or NOBODY), and the severity ("": none yet)."""

    scope_pk: int
    whose: int
    severity: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CellChange:
    """A cell before and after a change. `limit` is that of Table 13.2, None where another document sets it."""

    phase: str
    provider: str
    severity: str
    before: int
    after: int
    limit: int | None

    @property
    def over(self) -> bool:
        """Whether it is above its limit afterwards."""
        return self.limit is not None and self.after > self.limit


def cell_of(issue: TestingIssue, *, excluded: Collection[int]) -> Cell | None:
    """Return the cell that an issue stands in by its current columns, or None where it is in no count.

    It is in none when it is closed, not caused by the DCC (13.19) or excluded (13.20, `excluded` by primary key).
    """
    return _cell(
        issue.pk, issue.scope_id, issue.state, issue.cause, issue.provider_id, issue.severity, excluded=excluded
    )


def excluded_of(scope_pks: Collection[int]) -> frozenset[int]:
    """Return the issues (primary keys) of these scopes that are excluded from the count of their own phase."""
    agreed = ExclusionProposal.objects.filter(
        scope_id__in=scope_pks, issue__scope_id=F("scope_id"), matter__state__in=EXCLUDING_STATES
    )
    return frozenset(agreed.values_list("issue_id", flat=True))


def cells_of(scope_pks: Collection[int], *, excluded: Collection[int]) -> Counter[Cell]:
    """Return how many issues of these scopes stand in each cell now, in one query."""
    rows = TestingIssue.objects.filter(scope_id__in=scope_pks).exclude(state__in=CLOSED_STATES).order_by()
    found: Counter[Cell] = Counter()
    for row in rows.values_list("pk", "scope_id", "state", "cause", "provider_id", "severity"):
        cell = _cell(*row, excluded=excluded)
        if cell is not None:
            found[cell] += 1
    return found


def _cell(
    pk: int, scope_pk: int, state: str, cause: str, provider_pk: int | None, severity: str, *, excluded: Collection[int]
) -> Cell | None:
    if state in CLOSED_STATES or cause in NOT_DCC_CAUSES or pk in excluded:
        return None
    whose = DCC_ITSELF if cause == Cause.DCC else provider_pk if provider_pk is not None else NOBODY
    return Cell(scope_pk, whose, severity)


def cell_changes(
    before: Mapping[Cell, int], moved: Iterable[tuple[Cell | None, Cell | None]], *, scopes: Mapping[int, TestScope]
) -> list[CellChange]:
    """Return the cells that issues `moved` from or to (None: no cell), in the order of phase, provider, severity."""
    delta: Counter[Cell] = Counter()
    for gone, come in moved:
        if gone == come:
            continue
        if gone is not None:
            delta[gone] -= 1
        if come is not None:
            delta[come] += 1
    touched = sorted(cell for cell, by in delta.items() if by)
    named = Organisation.objects.in_bulk({cell.whose for cell in touched if cell.whose > 0})
    limits = {pk: (kind.limits or {}) if (kind := phase_kind_of(scopes[pk])) else {} for pk in scopes}
    names = {DCC_ITSELF: "The DCC itself", NOBODY: "Nobody yet"}
    rows = [
        CellChange(
            phase=str(scopes[cell.scope_pk]),
            provider=names.get(cell.whose) or named[cell.whose].name,
            severity=cell.severity,
            before=before.get(cell, 0),
            after=before.get(cell, 0) + delta[cell],
            limit=limits[cell.scope_pk].get(cell.severity) if cell.whose != NOBODY else None,
        )
        for cell in touched
    ]
    return sorted(rows, key=lambda row: (row.phase, row.provider, row.severity))
