"""The one aggregate of a scope's plan and runs: what was planned, run, passed, and what stands in the way.

Counted by the database in one statement. For now it reads the kept latest results; for a past moment it
finds the latest of each test among the runs recorded by then. A test holds the two equal.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from svtad.devices.models import DeviceModelCombination
from svtad.parties.models import Organisation
from testphases.models import ComponentVersionSet, PlannedTestVersion, TestKind, TestRun, TestScope
from testphases.queries.lists import current_exit_versions
from testphases.queries.statement import DAMAGED, FILE, MISSING, NEEDLESS, statement


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

    A fixed number of statements, whatever the number of runs. `watermark` is the key of the last run recorded.
    """
    frozen = current_exit_versions(scope, moment)
    exit_set = frozen.version_set_id if frozen else None
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # It takes each test for a group of its own, and would sort them all; compiling takes longer than running.
            cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL enable_sort = off")
        cursor.execute(*statement(scope, moment=moment, exit_set=exit_set))
        found = [_Group(*row) for row in cursor.fetchall()]
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_sort = on")  # the rest of the transaction may be the caller's
    names = _Names.of(found)
    cells = names.cells(found)
    tests = [(group, listed) for group in found for listed in _listed(group)]
    rows = [names.row(group, listed, status) for group, listed in tests if (status := _status(group, exit_set))]
    gaps = [
        names.gap(group, listed)
        for group, listed in tests
        if not group.descoped and group.evidence in (MISSING, DAMAGED)
    ]
    gaps.sort(key=lambda gap: (gap.reference, gap.id))
    ran = [instant for row in found if not row.descoped and (instant := _instant(row.last))]
    return PlanCounts(
        cells=tuple(cells),
        rows=tuple(sorted(rows, key=lambda row: (row.reference, row.id))),
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


class _Group(NamedTuple):
    """A row of the statement, tests of one cell that stand alike: see `testphases.queries.statement.COLUMNS`."""

    dmc_id: int | None
    functional_group: str
    kind: str
    provider_id: int | None
    descoped: bool
    ran_and_failed: bool
    passed: bool | None
    exit_passed: bool | None
    is_assured: bool
    evidence: int | None
    number: int
    last: Any
    listed: Any
    version_sets: Any


class _Listed(NamedTuple):
    """A test that is listed: its version of the plan, and the version set it ran on."""

    version_id: int
    version_set_id: int | None


def _listed(group: _Group) -> Iterator[_Listed]:
    """Yield the tests of a group that are listed: PostgreSQL gives arrays (or none), SQLite JSON."""
    both = (group.listed, group.version_sets)
    versions, sets = (json.loads(value) if isinstance(value, str) else value or () for value in both)
    return map(_Listed, versions, sets)


def _status(row: _Group, exit_set: int | None) -> PlanRowStatus | None:
    """Return why the tests of a group are listed; None where they passed and only their evidence is missing."""
    if row.descoped:
        return PlanRowStatus.DESCOPED
    if row.passed is None:
        return PlanRowStatus.NOT_RUN
    if row.kind == TestKind.REGRESSION and exit_set is not None:
        if row.exit_passed is None:
            return PlanRowStatus.WRONG_VERSION
        return None if row.exit_passed else PlanRowStatus.FAILED
    return None if row.passed else PlanRowStatus.FAILED


def _counted(row: _Group) -> dict[str, int]:
    """Return to which counts of its cell the tests of a row come."""
    if row.descoped:
        return {"planned": row.number, "descoped": row.number}
    if row.passed is None:
        return {"planned": row.number, "not_run": row.number}
    named = {
        "planned": True,
        "executed": True,
        "passed": row.passed,
        "failed": not row.passed,
        "assured_passed": row.passed and row.is_assured,
        "exit_executed": row.exit_passed is not None,
        "exit_passed": row.exit_passed,
        "with_evidence": row.evidence in (FILE, DAMAGED),
        "no_file_needed": row.evidence == NEEDLESS,
        "evidence_missing": row.evidence == MISSING,
        "evidence_failed": row.evidence == DAMAGED,
    }
    return {name: row.number for name, counts in named.items() if counts}


@dataclass(frozen=True)
class _Names:
    """Public ids and names of the DMCs, providers, tests and version sets that a result mentions."""

    dmcs: dict[int, tuple[str, str]]
    providers: dict[int, tuple[str, str]]
    tests: dict[int, tuple[str, str, str]]
    versions: dict[int, str]

    @classmethod
    def of(cls, found: Sequence[_Group]) -> _Names:
        listed = [test for group in found for test in _listed(group)]
        dmcs = DeviceModelCombination.objects.filter(pk__in={row.dmc_id for row in found if row.dmc_id})
        providers = Organisation.objects.filter(pk__in={row.provider_id for row in found if row.provider_id})
        versions = ComponentVersionSet.objects.filter(
            pk__in={row.version_set_id for row in listed if row.version_set_id}
        )
        return cls(
            dmcs={pk: (public, name) for pk, public, name in dmcs.values_list("pk", "public_id", "reference")},
            providers={pk: (public, name) for pk, public, name in providers.values_list("pk", "public_id", "name")},
            tests=dict(_tests([row.version_id for row in listed])),
            versions=dict(versions.values_list("pk", "label")),
        )

    def _where(self, row: _Group) -> dict[str, Any]:
        dmc_id, dmc = self.dmcs[row.dmc_id] if row.dmc_id else (None, "")
        provider_id, provider = self.providers[row.provider_id] if row.provider_id else (None, "")
        return {
            "dmc_id": dmc_id,
            "dmc": dmc,
            "functional_group": row.functional_group,
            "kind": row.kind,
            "provider_id": provider_id,
            "provider": provider,
        }

    def cells(self, rows: Iterable[_Group]) -> list[PlanCell]:
        """Add up the rows of each cell."""
        counted: dict[tuple[Any, ...], Counter[str]] = {}
        where: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in rows:
            key = (row.dmc_id, row.functional_group, row.kind, row.provider_id)
            if key not in counted:
                counted[key], where[key] = Counter(), self._where(row)
            counted[key].update(_counted(row))
        return sorted((PlanCell(**{**where[key], **counted[key]}) for key in counted), key=_cell_order)

    def row(self, group: _Group, listed: _Listed, status: PlanRowStatus) -> TestRow:
        public_id, external_id, title = self.tests[listed.version_id]
        return TestRow(
            id=public_id,
            reference=external_id,
            title=title,
            status=str(status),
            versions=self.versions.get(listed.version_set_id or 0),
            ran_and_failed=bool(group.ran_and_failed),
            **self._where(group),
        )

    def gap(self, group: _Group, listed: _Listed) -> EvidenceGapRow:
        public_id, external_id, _ = self.tests[listed.version_id]
        return EvidenceGapRow(
            id=public_id,
            reference=external_id,
            dmc=self._where(group)["dmc"],
            hash_failed=group.evidence == DAMAGED,
        )


def _tests(version_ids: Sequence[int]) -> Iterator[tuple[int, tuple[str, str, str]]]:
    """Yield who the tests are, by the key of a version of their plan."""
    # As one parameter: SQLite binds no more than 32,766, and here may be all that is planned.
    wanted = json.dumps(version_ids)
    if connection.vendor == "postgresql":
        condition = RawSQL("SELECT CAST(jsonb_array_elements_text(%s::jsonb) AS bigint)", (wanted,))
    else:
        condition = RawSQL("SELECT value FROM json_each(%s)", (wanted,))
    versions = PlannedTestVersion.objects.filter(pk__in=condition).values_list(
        "pk", "planned_test__public_id", "planned_test__definition__external_id", "title"
    )
    for pk, public_id, external_id, title in versions.iterator(chunk_size=5000):
        yield pk, (public_id, external_id, title)


def _instant(value: Any) -> dt.datetime | None:
    """Return a database's instant: PostgreSQL gives one, SQLite its text in UTC."""
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC)
    return dt.datetime.fromisoformat(value).replace(tzinfo=dt.UTC)
