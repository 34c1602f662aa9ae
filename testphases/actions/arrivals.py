"""Taking in results by the ten thousand, each once, with the latest results kept in step.

What arrives for the first time goes straight into the table of runs. What arrived before (the same run or
the same bytes again, or unmatched results tried anew) goes by a staging table and one INSERT … SELECT that
leaves what is there. The SQL is the same on PostgreSQL and SQLite; only how rows reach a table differs
(COPY, executemany).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import connection

from svtad.intake.models import ImportBatch
from svtad.lib.errors import FieldError, held_in
from testphases.actions import arrival_sql as sql
from testphases.actions.matching import NoMatch, PlanIndex
from testphases.actions.rows import RunRow
from testphases.actions.versions import version_set
from testphases.models import Outcome, TestRun, TestScope, UnmatchedResult

#: Rows that are matched and staged at once; bounds the memory of an import whatever its size.
CHUNK = 5000
#: A result from the future would win over every later one; clocks may differ by this much.
CLOCK_SKEW = dt.timedelta(minutes=5)
#: Different version sets in one import: more than this is a misread file.
MOST_VERSION_SETS = 1000
_OUTCOMES = frozenset(Outcome.values)
_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\x00": ""})
_STAGED = (
    "position",
    "run_key",
    "planned_test_id",
    "outcome",
    "occurred_at",
    "time_uncertain",
    "version_set_id",
    "duration_ms",
    "message",
    "tester",
    "environment",
    "no_file_needed",
)


def _key_base(scope: TestScope, source: str, run: str) -> Any:
    """Return the hash that every run key of one arrival starts from.

    A key is the hash of scope, source, run (the caller's run id, else the file's SHA-256) and position.
    """
    return hashlib.sha256(f"{scope.public_id}\x1f{source}\x1f{run}\x1f".encode())


@dataclass
class Staged:
    """What matching found: counts by outcome, what could not be matched, what is wrong."""

    rows: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    matched: int = 0
    unmatched: int = 0
    unmatched_known: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    times_missing: int = 0
    times_uncertain: int = 0
    errors: list[FieldError] = field(default_factory=list)
    error_count: int = 0
    recorded: int = 0

    def fail(self, row: RunRow, name: str, message: str) -> None:
        """Count an error; keep the first thousand."""
        self.error_count += 1
        if len(self.errors) < 1000:
            self.errors.append(FieldError(row.position, name, message, held_in(row, name)))


@dataclass(frozen=True)
class Arrival:
    """Where results come from and how they are recorded."""

    scope: TestScope
    source: str
    run: str
    at: dt.datetime
    batch: ImportBatch | None
    evidence_id: int | None
    limit: frozenset[int] | None


def record(*, arrival: Arrival, rows: Iterable[RunRow]) -> Staged:
    """Record `rows` as runs, keep unmatched ones, bring the latest results in step; in the caller's transaction.

    A run whose key is there already is left as it is. With errors (`error_count`) nothing must be committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(MAX(id), 0) FROM testphases_testrun")
        before = cursor.fetchone()[0]
    if _is_first(arrival):
        staged = _take(arrival, rows, _IntoRuns(arrival), store=True)
        staged.recorded = staged.matched
        if staged.recorded and not staged.error_count:
            _keep_latest(arrival.scope, before)
        return staged
    staged = stage(arrival=arrival, rows=rows, store=True)
    if not staged.error_count:
        staged.recorded = _commit_staged(arrival, before)
    drop_staging()
    return staged


def stage(*, arrival: Arrival, rows: Iterable[RunRow], store: bool) -> Staged:
    """Match `rows` and put those that are planned into the staging table of this connection.

    Where `store`, unmatched results are stored (if there is a batch to keep them by) and version sets are
    made; else everything is only counted.
    """
    _make_staging()
    return _take(arrival, rows, _IntoStaging(), store=store)


def _is_first(arrival: Arrival) -> bool:
    """Note the arrival, and return whether nothing came by its name before.

    Another transaction that notes the same one waits here until this one is over.
    """
    with connection.cursor() as cursor:
        adapt = connection.ops.adapt_datetimefield_value
        cursor.execute(sql.NOTE_ARRIVAL, [arrival.scope.pk, arrival.source, arrival.run, adapt(arrival.at)])
        return bool(cursor.rowcount == 1)


def _take(arrival: Arrival, rows: Iterable[RunRow], into: _IntoStaging, *, store: bool) -> Staged:
    """Match `rows` chunk by chunk and write what matches `into` a table."""
    staged = Staged()
    index = PlanIndex(arrival.scope, limit=arrival.limit)
    base = _key_base(arrival.scope, arrival.source, arrival.run)
    versions = _Versions(arrival.at, make=store)
    latest_allowed = arrival.at + CLOCK_SKEW
    positions: set[int] = set()
    it = iter(rows)
    while chunk := list(islice(it, CHUNK)):
        ready: list[tuple[Any, ...]] = []
        strangers: list[tuple[str, RunRow, str]] = []
        for row in chunk:
            staged.rows += 1
            if arrival.batch is None:
                # Importers number their rows; what is handed over by hand may not be.
                if row.position in positions:
                    staged.fail(row, "position", "Is given twice.")
                    continue
                positions.add(row.position)
            if row.outcome not in _OUTCOMES:
                staged.fail(row, "outcome", f"“{row.outcome}” is none of {', '.join(sorted(_OUTCOMES))}.")
                continue
            staged.seen[row.outcome] += 1
            occurred_at = row.occurred_at
            uncertain = row.time_uncertain
            if occurred_at is None:
                staged.times_missing += 1
                occurred_at, uncertain = arrival.at, True
            elif occurred_at > latest_allowed:
                staged.fail(row, "occurred_at", "Lies in the future; is the time zone right?")
                continue
            else:
                staged.times_uncertain += uncertain
            key = base.copy()
            key.update(str(row.position).encode())
            run_key = key.hexdigest()
            match = index.find(row, arrival.source)
            if isinstance(match, NoMatch):
                timed = row._replace(occurred_at=occurred_at, time_uncertain=uncertain)
                strangers.append((run_key, timed, match.reason))
                continue
            staged.matched += 1
            ready.append(
                (
                    row.position,
                    run_key,
                    match,
                    row.outcome,
                    occurred_at,
                    uncertain,
                    versions.id_of(row.components) if row.components else None,
                    row.duration_ms,
                    row.message[:400],
                    row.tester[:120],
                    row.environment[:80],
                    row.no_file_needed[:200],
                )
            )
        # A file with an error is not committed: from the first on, rows are only looked through for more.
        if ready and not staged.error_count:
            into.write(ready)
        _keep_unmatched(arrival, strangers, staged, store=store and arrival.batch is not None)
    return staged


class _Versions:
    """The ids of version sets, by the versions themselves; made on first sight."""

    def __init__(self, at: dt.datetime, *, make: bool) -> None:
        self._at = at
        self._make = make
        self._ids: dict[tuple[tuple[str, str], ...], int | None] = {}
        self._last: tuple[Mapping[str, str] | None, int | None] = (None, None)

    def id_of(self, components: Mapping[str, str]) -> int | None:
        if components is self._last[0]:
            return self._last[1]
        key = tuple(sorted(components.items()))
        if key not in self._ids:
            if len(self._ids) >= MOST_VERSION_SETS:
                raise ValueError(f"More than {MOST_VERSION_SETS} different version sets in one import.")
            self._ids[key] = version_set(components=components, at=self._at).pk if self._make else None
        self._last = (components, self._ids[key])
        return self._ids[key]


def _make_staging() -> None:
    postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS run_arrivals")
        cursor.execute(
            "CREATE TEMP TABLE run_arrivals ("
            "position integer NOT NULL, run_key varchar(64) NOT NULL, planned_test_id bigint NOT NULL, "
            "outcome varchar(8) NOT NULL, "
            f"occurred_at {'timestamptz' if postgresql else 'datetime'} NOT NULL, "
            f"time_uncertain {'boolean' if postgresql else 'bool'} NOT NULL, version_set_id bigint, "
            "duration_ms integer, message varchar(400) NOT NULL, tester varchar(120) NOT NULL, "
            "environment varchar(80) NOT NULL, no_file_needed varchar(200) NOT NULL)"
        )


def drop_staging() -> None:
    """Let the staging table go, with the space it takes."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS run_arrivals")


class _IntoStaging:
    """Writes matched rows into the staging table."""

    table = "run_arrivals"
    columns: tuple[str, ...] = _STAGED
    constants: tuple[Any, ...] = ()

    def write(self, rows: list[tuple[Any, ...]]) -> None:
        """Write a chunk: by COPY, or by executemany where there is none."""
        columns = ", ".join(self.columns)
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                text = io.StringIO("".join(_copy_lines(rows, self.constants)))
                cursor.copy_expert(f"COPY {self.table} ({columns}) FROM STDIN", text)
                return
            marks = ", ".join(["%s"] * len(self.columns))
            adapt = connection.ops.adapt_datetimefield_value
            constants = [adapt(value) if isinstance(value, dt.datetime) else value for value in self.constants]
            cursor.executemany(
                # Names of ours and marks only.
                f"INSERT INTO {self.table} ({columns}) VALUES ({marks})",  # noqa: S608
                [(*row[:4], adapt(row[4]), *row[5:], *constants) for row in rows],
            )


class _IntoRuns(_IntoStaging):
    """Writes matched rows straight into the table of runs."""

    table = "testphases_testrun"
    columns = (*_STAGED, "scope_id", "recorded_at", "batch_id", "evidence_id")

    def __init__(self, arrival: Arrival) -> None:
        batch_id = arrival.batch.pk if arrival.batch else None
        self.constants = (arrival.scope.pk, arrival.at, batch_id, arrival.evidence_id)


def _copy_lines(rows: list[tuple[Any, ...]], constants: tuple[Any, ...]) -> Iterator[str]:
    """Write rows in COPY's text form, each with the constants. Only the four free texts need escaping."""
    when: dict[dt.datetime, str] = {}
    tail = "".join(f"\t{_NULL if value is None else value}" for value in constants) + "\n"
    for position, key, planned, outcome, at, uncertain, versions, duration, *texts in rows:
        moment = when.get(at)
        if moment is None:
            moment = when[at] = at.isoformat()
        message, tester, environment, no_file = (text.translate(_ESCAPES) if text else "" for text in texts)
        yield (
            f"{position}\t{key}\t{planned}\t{outcome}\t{moment}\t{'t' if uncertain else 'f'}\t"
            f"{_NULL if versions is None else versions}\t{_NULL if duration is None else duration}\t"
            f"{message}\t{tester}\t{environment}\t{no_file}{tail}"
        )


def _keep_unmatched(arrival: Arrival, strangers: list[tuple[str, RunRow, str]], staged: Staged, *, store: bool) -> None:
    if not strangers:
        return
    keys = [key for key, _, _ in strangers]
    # Recorded while it was planned, and the plan has lost the test since: a run all the same.
    recorded = set(TestRun.objects.filter(run_key__in=keys).values_list("run_key", flat=True))
    known = set(UnmatchedResult.objects.filter(run_key__in=keys).values_list("run_key", flat=True))
    fresh: list[UnmatchedResult] = []
    for key, row, reason in strangers:
        if key in recorded:
            staged.matched += 1
            continue
        staged.unmatched += 1
        staged.unmatched_known += key in known
        name = row.names[0] if row.names and row.names[0] else "(no name)"
        if len(staged.examples) < 50:
            staged.examples.append({"row": row.position, "what": name[:300], "reason": reason})
        if store and key not in known:
            fresh.append(_unmatched(arrival, key, row, name, reason))
    if fresh:
        UnmatchedResult.objects.bulk_create(fresh, batch_size=1000, ignore_conflicts=True)


def _unmatched(arrival: Arrival, key: str, row: RunRow, name: str, reason: str) -> UnmatchedResult:
    if arrival.batch is None:
        raise ValueError("results without a file must name planned tests")
    payload = {
        "names": list(row.names),
        "source": arrival.source,
        "run": arrival.run,
        "dmc": row.dmc,
        "default_dmc": row.default_dmc,
        "installation_type": row.installation_type,
        "components": dict(row.components or {}),
        "duration_ms": row.duration_ms,
        "message": row.message[:400],
        "tester": row.tester[:120],
        "environment": row.environment[:80],
        "no_file_needed": row.no_file_needed[:200],
        "time_uncertain": row.time_uncertain,
        "evidence": arrival.evidence_id,
        # Whoever resolves it later, a provider's result stays with that provider's tests.
        "providers": None if arrival.limit is None else sorted(arrival.limit),
    }
    return UnmatchedResult(
        scope=arrival.scope,
        batch=arrival.batch,
        run_key=key,
        position=row.position,
        external_id=name[:300],
        dmc_reference=row.dmc[:40],
        outcome=row.outcome,
        occurred_at=row.occurred_at or arrival.at,
        reason=reason[:200],
        payload=payload,
        recorded_at=arrival.at,
    )


def _commit_staged(arrival: Arrival, before: int) -> int:
    """Record what is staged and not there yet; return how many runs that made.

    Unmatched results whose key became a run are resolved.
    """
    adapt = connection.ops.adapt_datetimefield_value
    batch_id = arrival.batch.pk if arrival.batch else None
    with connection.cursor() as cursor:
        cursor.execute(sql.INSERT_RUNS, [arrival.scope.pk, adapt(arrival.at), batch_id, arrival.evidence_id])
        recorded = max(int(cursor.rowcount), 0)
        if recorded:
            _keep_latest(arrival.scope, before)
            if UnmatchedResult.objects.unresolved().filter(scope=arrival.scope).exists():
                cursor.execute(sql.RESOLVE, [adapt(arrival.at), arrival.scope.pk])
    return recorded


def _keep_latest(scope: TestScope, after_id: int) -> None:
    """Bring the latest results in step with the runs of `scope` that came after `after_id`.

    Runs of other transactions among them do no harm: what is later stays later.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.KEEP_LATEST, [scope.pk, after_id])


def count_already() -> int:
    """Return how many of the staged results are recorded as runs already."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM run_arrivals a WHERE EXISTS "
            "(SELECT 1 FROM testphases_testrun r WHERE r.run_key = a.run_key)"
        )
        return int(cursor.fetchone()[0])


def count_latest_changes() -> dict[str, int]:
    """Return how many current results the staged ones would change, by `"FROM>TO"` ("" is not run)."""
    with connection.cursor() as cursor:
        cursor.execute(sql.LATEST_CHANGES)
        return {f"{before}>{after}": int(count) for before, after, count in cursor.fetchall()}
