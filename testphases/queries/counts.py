"""The one aggregate of a scope's plan and runs: what was planned, run, passed, and what stands in the way.

Counted by the database in one statement. For now it reads the kept latest results; for a past moment it
finds the latest of each test among the runs recorded by then. A test holds the two equal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from django.db import connection

from svtad.devices.models import DeviceModelCombination
from svtad.parties.models import Organisation
from testphases.models import ComponentVersionSet, TestRun, TestScope
from testphases.queries.lists import current_exit_versions
from testphases.queries.statement import statement


class PlanRowStatus(StrEnum):
    """Why a planned test is listed (the rulebook's `TestRowStatus`)."""

    NOT_RUN = "NOT_RUN"
    FAILED = "FAILED"
    WRONG_VERSION = "WRONG_VERSION"
    DESCOPED = "DESCOPED"


@dataclass(frozen=True)
class PlanCell:
    """Counts of one DMC × functional group × kind × provider. Ids are public ids, None for none.

    `planned = descoped + executed + not_run`, `executed = passed + failed`. `exit_…` count regression
    tests by their latest execution on the stage-exit versions. The evidence counts are of the executed.
    """

    dmc_id: str | None
    dmc: str
    functional_group: str
    kind: str
    provider_id: str | None
    provider: str
    planned: int = 0
    descoped: int = 0
    executed: int = 0
    passed: int = 0
    failed: int = 0
    not_run: int = 0
    assured_passed: int = 0
    exit_executed: int = 0
    exit_passed: int = 0
    with_evidence: int = 0
    no_file_needed: int = 0
    evidence_missing: int = 0
    evidence_failed: int = 0


@dataclass(frozen=True)
class TestRow:
    """One planned test that did not simply pass, or is de-scoped. `id` is its public id."""

    id: str
    reference: str
    title: str
    kind: str
    status: str
    dmc_id: str | None
    dmc: str
    functional_group: str
    provider_id: str | None
    provider: str
    versions: str | None
    ran_and_failed: bool


@dataclass(frozen=True)
class EvidenceGapRow:
    """A counted execution without evidence, or none of whose files has its hash any more."""

    id: str
    reference: str
    dmc: str
    hash_failed: bool


@dataclass(frozen=True)
class EvidenceCounts:
    """Evidence of the counted executions: `executed = with_evidence + no_file_needed + missing`.

    `hash_failed` of those with evidence have no file left that matches its hash. `gaps` lists the first thousand.
    """

    executed: int
    with_evidence: int
    no_file_needed: int
    missing: int
    hash_failed: int
    gaps: tuple[EvidenceGapRow, ...]


@dataclass(frozen=True)
class PlanCounts:
    """What a scope's plan came to at a moment."""

    cells: tuple[PlanCell, ...]
    rows: tuple[TestRow, ...]
    evidence: EvidenceCounts
    exit_versions: str | None
    last_execution_at: dt.datetime | None
    watermark: str


def plan_counts(scope: TestScope, moment: dt.datetime | None = None) -> PlanCounts:
    """Return the counts of `scope` as recorded by `moment`; None is now and reads the kept latest results.

    Three statements and two small name lookups, whatever the number of runs. `watermark` is the key of
    the last run recorded.
    """
    frozen = current_exit_versions(scope, moment)
    sql, params = statement(scope, moment=moment, exit_set=frozen.version_set_id if frozen else None)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchall()
    names = _Names.of(found)
    cells = tuple(sorted((names.cell(row) for row in found if row[0] == "cell"), key=_cell_order))
    details = [row for row in found if row[0] == "test"]
    rows = tuple(sorted((names.row(row) for row in details if row[5]), key=lambda row: (row.reference, row.id)))
    gaps = sorted((names.gap(row) for row in details if row[6]), key=lambda gap: (gap.reference, gap.id))
    ran = [instant for row in found if row[0] == "cell" and (instant := _instant(row[20]))]
    return PlanCounts(
        cells=cells,
        rows=rows,
        evidence=EvidenceCounts(
            executed=sum(cell.executed for cell in cells),
            with_evidence=sum(cell.with_evidence for cell in cells),
            no_file_needed=sum(cell.no_file_needed for cell in cells),
            missing=sum(cell.evidence_missing for cell in cells),
            hash_failed=sum(cell.evidence_failed for cell in cells),
            gaps=tuple(gaps[:1000]),
        ),
        exit_versions=str(frozen.version_set) if frozen else None,
        last_execution_at=max(ran, default=None),
        watermark=_watermark(scope, moment),
    )


def add_up(cells: Iterable[PlanCell], *, by: Sequence[str]) -> list[PlanCell]:
    """Return `cells` added up over all that `by` does not name, e.g. `by=("dmc_id", "dmc")`.

    The fields added over are None or "" in the sums. For showing, never for judging: no rule adds up DMCs or providers.
    """
    keys = ("dmc_id", "dmc", "functional_group", "kind", "provider_id", "provider")
    blank: dict[str, Any] = {"dmc_id": None, "provider_id": None}
    sums: dict[tuple[Any, ...], PlanCell] = {}
    for cell in cells:
        key = tuple(getattr(cell, name) if name in by else blank.get(name, "") for name in keys)
        held = sums.get(key)
        if held is None:
            sums[key] = replace(cell, **dict(zip(keys, key, strict=True)))
        else:
            added = {name: getattr(held, name) + getattr(cell, name) for name in _COUNTS}
            sums[key] = replace(held, **added)
    return sorted(sums.values(), key=_cell_order)


_COUNTS = tuple(field.name for field in fields(PlanCell))[6:]


def _cell_order(cell: PlanCell) -> tuple[str, ...]:
    return (cell.dmc, cell.functional_group, cell.kind, cell.provider, cell.dmc_id or "", cell.provider_id or "")


def _watermark(scope: TestScope, moment: dt.datetime | None) -> str:
    runs = TestRun.objects.filter(scope=scope)
    if moment is not None:
        runs = runs.filter(recorded_at__lte=moment)
    last = runs.order_by("-id").values_list("run_key", flat=True).first()
    return last or ""


@dataclass(frozen=True)
class _Names:
    """Public ids and names of the DMCs, providers and version sets that a result mentions."""

    dmcs: dict[int, tuple[str, str]]
    providers: dict[int, tuple[str, str]]
    versions: dict[int, str]

    @classmethod
    def of(cls, found: Sequence[tuple[Any, ...]]) -> _Names:
        dmcs = DeviceModelCombination.objects.filter(pk__in={row[1] for row in found if row[1]})
        providers = Organisation.objects.filter(pk__in={row[4] for row in found if row[4]})
        versions = ComponentVersionSet.objects.filter(pk__in={row[7] for row in found if row[0] == "test" and row[7]})
        return cls(
            dmcs={pk: (public, name) for pk, public, name in dmcs.values_list("pk", "public_id", "reference")},
            providers={pk: (public, name) for pk, public, name in providers.values_list("pk", "public_id", "name")},
            versions=dict(versions.values_list("pk", "label")),
        )

    def _where(self, row: tuple[Any, ...]) -> dict[str, Any]:
        dmc_id, dmc = self.dmcs.get(row[1], (None, ""))
        provider_id, provider = self.providers.get(row[4], (None, ""))
        return {
            "dmc_id": dmc_id,
            "dmc": dmc,
            "functional_group": row[2],
            "kind": row[3],
            "provider_id": provider_id,
            "provider": provider,
        }

    def cell(self, row: tuple[Any, ...]) -> PlanCell:
        counts: dict[str, Any] = dict(zip(_COUNTS, map(int, row[7:20]), strict=True))
        return PlanCell(**self._where(row), **counts)

    def row(self, row: tuple[Any, ...]) -> TestRow:
        return TestRow(
            id=row[21],
            reference=row[22],
            title=row[23],
            status=str(row[5]),
            versions=self.versions.get(row[7]),
            ran_and_failed=bool(row[8]),
            **self._where(row),
        )

    def gap(self, row: tuple[Any, ...]) -> EvidenceGapRow:
        return EvidenceGapRow(
            id=row[21], reference=row[22], dmc=self._where(row)["dmc"], hash_failed=row[6] == "FAILED"
        )


def _instant(value: Any) -> dt.datetime | None:
    """Return a database's instant: PostgreSQL gives one, SQLite its text in UTC."""
    if value is None or isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC) if value else None
    return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
