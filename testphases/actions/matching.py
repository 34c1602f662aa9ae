"""Finding the planned test that a result is of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from testphases.actions.rows import RunRow
from testphases.models import PlannedTestVersion, TestScope


class _Candidate(NamedTuple):
    planned_test_id: int
    source: str
    installation_type: str


#: The planned tests of one id, by DMC reference ("" for none).
_ByDmc = dict[str, _Candidate | list[_Candidate]]


@dataclass(frozen=True)
class NoMatch:
    """Why no planned test was found, for the person who reads the list of unmatched results."""

    reason: str


class PlanIndex:
    """What is planned in a scope now, by the tests' ids. Held in memory: about 250 bytes a planned test.

    `limit` holds it to the planned tests of these organisations (a DCC Service Provider's own); what is
    planned for others is then as if not planned, so that no answer tells of it.
    """

    def __init__(self, scope: TestScope, *, limit: frozenset[int] | None) -> None:
        held = PlannedTestVersion.objects.current().filter(scope=scope)
        if limit is not None:
            held = held.filter(provider_id__in=limit)
        values = held.values_list(
            "planned_test__definition__external_id",
            "planned_test_id",
            "planned_test__definition__source",
            "planned_test__dmc__reference",
            "planned_test__installation_type",
        )
        # Few sources, DMCs and installation types repeat in very many rows: keep one string of each.
        same: dict[str, str] = {}
        self._by_id: dict[str, _ByDmc] = {}
        self._planned: set[int] | None = None
        for external_id, pk, source, dmc, installation_type in values.iterator(chunk_size=5000):
            candidate = _Candidate(
                pk, same.setdefault(source, source), same.setdefault(installation_type, installation_type)
            )
            by_dmc = self._by_id.setdefault(external_id, {})
            reference = same.setdefault(dmc or "", dmc or "")
            there = by_dmc.get(reference)
            if there is None:
                by_dmc[reference] = candidate
            elif isinstance(there, list):
                there.append(candidate)
            else:
                by_dmc[reference] = [there, candidate]

    def find(self, row: RunRow, source: str) -> int | NoMatch:
        """Return the id of the planned test that `row` is a result of, or why there is none.

        By the row's names in order; then by DMC (what the result names, else what was said of its file,
        else the only one), by installation type and, where two sources use one id, by source.
        """
        if row.planned_test_id is not None:
            return self._known(row.planned_test_id)
        by_dmc: _ByDmc | None = None
        for name in row.names:
            by_dmc = self._by_id.get(name)
            if by_dmc is not None:
                break
        if by_dmc is None:
            return NoMatch("No test of this name is planned." if any(row.names) else "The result names no test.")
        found = _on_dmc(row, by_dmc)
        if isinstance(found, NoMatch):
            return found
        if isinstance(found, list):
            return _one_of(found, row.installation_type, source)
        if row.installation_type not in ("", found.installation_type):
            return _one_of([found], row.installation_type, source)
        return found.planned_test_id

    def _known(self, planned_test_id: int) -> int | NoMatch:
        if self._planned is None:
            self._planned = {
                candidate.planned_test_id
                for by_dmc in self._by_id.values()
                for found in by_dmc.values()
                for candidate in (found if isinstance(found, list) else [found])
            }
        if planned_test_id in self._planned:
            return planned_test_id
        return NoMatch("This test is not planned in the phase.")


def _on_dmc(row: RunRow, by_dmc: _ByDmc) -> _Candidate | list[_Candidate] | NoMatch:
    wanted = row.dmc or row.default_dmc
    if wanted:
        found = by_dmc.get(wanted)
        if found is not None:
            return found
        if not row.dmc and set(by_dmc) == {""}:
            return by_dmc[""]  # said of the whole file, of which this test is tied to no DMC
        return NoMatch(f"Planned, but not on DMC {wanted}: {_list(by_dmc)}."[:200])
    if len(by_dmc) > 1:
        return NoMatch(f"Planned on several DMCs, and the result names none: {_list(by_dmc)}."[:200])
    return next(iter(by_dmc.values()))


def _one_of(candidates: list[_Candidate], wanted: str, source: str) -> int | NoMatch:
    """Return the one candidate of that installation type, and of that source where two use one id."""
    types = {candidate.installation_type for candidate in candidates}
    if wanted:
        candidates = [candidate for candidate in candidates if candidate.installation_type == wanted]
        if not candidates:
            return NoMatch(f"Planned, but not for installation type {wanted}: {_list(types)}."[:200])
    elif len(types) > 1:
        return NoMatch(f"Planned for several installation types, and the result names none: {_list(types)}."[:200])
    if len(candidates) > 1:
        candidates = [candidate for candidate in candidates if candidate.source == source] or candidates
    if len(candidates) > 1:
        sources = _list({candidate.source for candidate in candidates})
        return NoMatch(f"Planned by several sources under this name: {sources}."[:200])
    return candidates[0].planned_test_id


def _list(values: Iterable[str]) -> str:
    return ", ".join(value or "none" for value in sorted(values))
