"""Finding the planned test that a result is of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from testphases.actions.rows import RunRow
from testphases.models import PlannedTestVersion, TestScope


class _Candidate(NamedTuple):
    planned_test_id: int
    source: str
    dmc: str
    installation_type: str


@dataclass(frozen=True)
class NoMatch:
    """Why no planned test was found, for the person who reads the list of unmatched results."""

    reason: str


class PlanIndex:
    """What is planned in a scope now, by the tests' ids. Held in memory: about 200 bytes a planned test.

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
        self._by_id: dict[str, _Candidate | list[_Candidate]] = {}
        self._planned: set[int] | None = None
        for external_id, pk, source, dmc, installation_type in values.iterator(chunk_size=5000):
            candidate = _Candidate(
                pk,
                same.setdefault(source, source),
                same.setdefault(dmc or "", dmc or ""),
                same.setdefault(installation_type, installation_type),
            )
            there = self._by_id.get(external_id)
            if there is None:
                self._by_id[external_id] = candidate
            elif isinstance(there, list):
                there.append(candidate)
            else:
                self._by_id[external_id] = [there, candidate]

    def find(self, row: RunRow, source: str) -> int | NoMatch:
        """Return the id of the planned test that `row` is a result of, or why there is none.

        By the row's names in order; then by DMC (what the result names, else what was said of its file,
        else the only one), by installation type and, where two sources use one id, by source.
        """
        if row.planned_test_id is not None:
            return self._known(row.planned_test_id)
        by_id = self._by_id
        found: _Candidate | list[_Candidate] | None = None
        for name in row.names:
            found = by_id.get(name)
            if found is not None:
                break
        if found is None:
            return NoMatch("No test of this name is planned." if any(row.names) else "The result names no test.")
        candidates = found if isinstance(found, list) else [found]
        on_dmc = _on_dmc(row, candidates)
        if isinstance(on_dmc, NoMatch):
            return on_dmc
        left = _one_of(
            on_dmc, row.installation_type, lambda c: c.installation_type, "installation type", "installation types"
        )
        if isinstance(left, list) and len(left) > 1:
            left = [candidate for candidate in left if candidate.source == source] or left
        if isinstance(left, NoMatch):
            return left
        if len(left) > 1:
            sources = ", ".join(sorted({candidate.source for candidate in left}))
            return NoMatch(f"Planned by several sources under this name: {sources}."[:200])
        return left[0].planned_test_id

    def _known(self, planned_test_id: int) -> int | NoMatch:
        if self._planned is None:
            self._planned = {
                candidate.planned_test_id
                for found in self._by_id.values()
                for candidate in (found if isinstance(found, list) else [found])
            }
        if planned_test_id in self._planned:
            return planned_test_id
        return NoMatch("This test is not planned in the phase.")


def _on_dmc(row: RunRow, candidates: list[_Candidate]) -> list[_Candidate] | NoMatch:
    if not row.dmc and row.default_dmc and all(not candidate.dmc for candidate in candidates):
        # Said of the whole file, of which this test is tied to no DMC.
        return candidates
    return _one_of(candidates, row.dmc or row.default_dmc, lambda c: c.dmc, "DMC", "DMCs")


def _one_of(
    candidates: list[_Candidate], wanted: str, field: Callable[[_Candidate], str], one: str, many: str
) -> list[_Candidate] | NoMatch:
    if not wanted and len(candidates) == 1:
        return candidates
    values = {field(candidate) for candidate in candidates}
    if wanted:
        chosen = [candidate for candidate in candidates if field(candidate) == wanted]
        return chosen or NoMatch(f"Planned, but not on {one} {wanted}: {_list(values)}."[:200])
    if len(values) > 1:
        return NoMatch(f"Planned on several {many}, and the result names none: {_list(values)}."[:200])
    return candidates


def _list(values: Iterable[str]) -> str:
    return ", ".join(value or "none" for value in sorted(values))
