"""Runs: recorded once and for all, declared void with a reason, assured, given evidence later."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import F

from svtad.governance.models import StoredFile
from svtad.intake.models import ImportBatch
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from testphases import policies
from testphases.actions import arrivals
from testphases.actions.arrivals import Arrival, Staged
from testphases.actions.rows import RunRow, RunsResult
from testphases.actions.scopes import audit, facts_changed
from testphases.models import (
    LatestRun,
    Outcome,
    RunAssurance,
    RunEvidence,
    RunVoid,
    TestRun,
    TestScope,
    UnmatchedResult,
)


def arrival_of(
    *,
    scope: TestScope,
    source: str,
    run_id: str,
    batch: ImportBatch | None,
    evidence: StoredFile | None,
    by: Actor,
    at: dt.datetime,
) -> Arrival:
    """Return where results come from, checked: whose they may be, and what their keys rest on."""
    policies.check_can_record_runs(by, scope)
    limit = policies.provider_limit(by)
    # Two DCC Service Providers may use one run id; the same bytes are the same arrival, whoever sends them.
    sender = "" if limit is None else ",".join(sorted(key for key in by.audience_keys if key.startswith("org:")))
    run = f"{sender}/{run_id}" if run_id else (batch.file.sha256 if batch else "")
    if not source.strip():
        raise InvalidInput.one("source", "Say which tool or team the results come from.")
    if not run:
        raise InvalidInput.one("run_id", "Results that come in no file need a run id.")
    return Arrival(
        scope=scope,
        source=source,
        run=run,
        at=at,
        batch=batch,
        evidence_id=evidence.pk if evidence else None,
        limit=limit,
    )


def record_runs(
    *,
    scope: TestScope,
    rows: Iterable[RunRow],
    source: str,
    by: Actor,
    run_id: str = "",
    batch: ImportBatch | None = None,
    evidence: StoredFile | None = None,
    at: dt.datetime | None = None,
) -> RunsResult:
    """Record results as runs of planned tests. All or nothing; what is recorded already is left as it is.

    A run's key is scope, source, run id (else the file's SHA-256) and position, so the same arrival
    arrives once. Results of tests that no plan knows are kept as unmatched and counted; without a
    `batch` there is nothing to keep them by, and they are errors. Raises `InvalidInput` naming rows.
    """
    result, _ = record_runs_staged(
        scope=scope, rows=rows, source=source, by=by, run_id=run_id, batch=batch, evidence=evidence, at=at
    )
    return result


@transaction.atomic
def record_runs_staged(
    *,
    scope: TestScope,
    rows: Iterable[RunRow],
    source: str,
    by: Actor,
    run_id: str = "",
    batch: ImportBatch | None = None,
    evidence: StoredFile | None = None,
    at: dt.datetime | None = None,
) -> tuple[RunsResult, Staged]:
    """Do what `record_runs` does and return what matching found as well, for the importer's summary."""
    at = at or clock.now()
    arrival = arrival_of(scope=scope, source=source, run_id=run_id, batch=batch, evidence=evidence, by=by, at=at)
    staged = arrivals.record(arrival=arrival, rows=rows)
    if batch is None and staged.unmatched:
        staged.error_count += staged.unmatched
        for example in staged.examples:
            staged.errors.append(InvalidInput.one("test", example["reason"], row=example["row"]).errors[0])
    if staged.error_count:
        raise InvalidInput(staged.errors)
    recorded = staged.recorded
    result = RunsResult(recorded=recorded, already=staged.matched - recorded, unmatched=staged.unmatched)
    if recorded or staged.unmatched > staged.unmatched_known:
        detail = {
            "source": source,
            "run_id": run_id,
            "batch": batch.public_id if batch else "",
            "recorded": recorded,
            "unmatched": staged.unmatched,
        }
        audience = batch.audience if batch else None
        audit(scope=scope, action="record_runs", by=by, at=at, detail=detail, audience=audience)
        facts_changed(scope=scope, at=at)
    return result, staged


def preview_runs(
    *,
    scope: TestScope,
    rows: Iterable[RunRow],
    source: str,
    run_id: str,
    batch: ImportBatch,
    by: Actor,
    at: dt.datetime,
) -> tuple[Staged, int, dict[str, int]]:
    """Return what recording `rows` would do: what matching found, how many are recorded already, what would change.

    The last maps `"FROM>TO"` (outcomes, "" for not run) to how many tests' current results would change so.
    Nothing is stored.
    """
    arrival = arrival_of(scope=scope, source=source, run_id=run_id, batch=batch, evidence=None, by=by, at=at)
    staged = arrivals.stage(arrival=arrival, rows=rows, store=False)
    try:
        return staged, arrivals.count_already(), arrivals.count_latest_changes()
    finally:
        arrivals.drop_staging()


@transaction.atomic
def void_run(*, run: TestRun, reason: str, by: Actor, at: dt.datetime | None = None) -> RunVoid:
    """Declare a run void with a reason; the test's current result is worked out anew. It is never deleted."""
    at = at or clock.now()
    policies.check_can_void(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why the run is void.")
    # The lock makes a void and an import that touch the same test take turns.
    LatestRun.objects.select_for_update().filter(planned_test_id=run.planned_test_id).first()
    if RunVoid.objects.filter(run=run).exists():
        raise Refused("", "The run is void already.")
    void = RunVoid.objects.create(run=run, reason=reason[:400], recorded_at=at, recorded_by=by.label)
    _recompute_latest(run.planned_test_id)
    detail = {"test": str(run.planned_test), "run": run.pk, "reason": reason}
    audit(scope=run.scope, action="void_run", by=by, at=at, detail=detail)
    facts_changed(scope=run.scope, at=at)
    return void


def _recompute_latest(planned_test_id: int) -> None:
    """Work out a test's current result from all its runs that are not void."""
    standing = TestRun.objects.filter(planned_test_id=planned_test_id, void__isnull=True)
    executed = standing.filter(outcome__in=(Outcome.PASSED, Outcome.FAILED))
    execution = executed.order_by(F("occurred_at").desc(), "outcome", "-id").first()
    attempt = standing.order_by("-occurred_at", "-id").first()
    LatestRun.objects.filter(planned_test_id=planned_test_id).update(
        execution=execution,
        outcome=execution.outcome if execution else "",
        occurred_at=execution.occurred_at if execution else None,
        version_set_id=execution.version_set_id if execution else None,
        evidence_id=execution.evidence_id if execution else None,
        no_file_needed=bool(execution and execution.no_file_needed),
        last_attempt=attempt,
        attempted_at=attempt.occurred_at if attempt else None,
    )


@transaction.atomic
def assure_runs(*, scope: TestScope, runs: Iterable[TestRun] | None, by: Actor, at: dt.datetime | None = None) -> int:
    """Assure runs as passed (9.5(b)); None takes the current result of every planned test that passed.

    Returns how many were not assured before. Raises `Refused` where one did not pass or is void.
    """
    at = at or clock.now()
    policies.check_can_assure(by)
    if runs is None:
        passed = LatestRun.objects.filter(scope=scope, outcome=Outcome.PASSED)
        wanted = set(passed.values_list("execution_id", flat=True))
    else:
        wanted = set()
        for run in runs:
            if run.scope_id != scope.pk:
                raise InvalidInput.one("runs", "A run is of another phase.")
            if run.outcome != Outcome.PASSED:
                raise Refused("SVTAD 9.5(b)", "Only a run that passed can be assured as passed.")
            wanted.add(run.pk)
        if RunVoid.objects.filter(run_id__in=wanted).exists():
            raise Refused("SVTAD 9.5(b)", "A void run cannot be assured.")
    before = RunAssurance.objects.filter(run__scope=scope).count()
    RunAssurance.objects.bulk_create(
        [RunAssurance(run_id=pk, recorded_at=at, recorded_by=by.label) for pk in sorted(wanted)],
        batch_size=2000,
        ignore_conflicts=True,
    )
    assured = RunAssurance.objects.filter(run__scope=scope).count() - before
    if assured:
        audit(scope=scope, action="assure_runs", by=by, at=at, clause="SVTAD 9.5(b)", detail={"assured": assured})
        facts_changed(scope=scope, at=at)
    return assured


@transaction.atomic
def attach_run_evidence(
    *,
    runs: Iterable[TestRun],
    by: Actor,
    file: StoredFile | None = None,
    no_file_needed: str = "",
    at: dt.datetime | None = None,
) -> int:
    """Give runs evidence after they were recorded: a stored file, or the reason why none is needed (12.6(d)).

    Returns to how many. Providers may do so for their own tests' runs.
    """
    at = at or clock.now()
    chosen = list(runs)
    if (file is None) == (not no_file_needed.strip()):
        raise InvalidInput.one("file", "Give a file, or the reason why none is needed.")
    scopes = {run.scope_id: run.scope for run in chosen}
    for scope in scopes.values():
        policies.check_can_record_runs(by, scope)
    seen = TestRun.objects.visible_to(by).filter(pk__in=[run.pk for run in chosen]).count()
    if seen != len({run.pk for run in chosen}):
        raise InvalidInput.one("runs", "There is no such run.")
    RunEvidence.objects.bulk_create(
        RunEvidence(run=run, file=file, no_file_needed=no_file_needed[:200], recorded_at=at, recorded_by=by.label)
        for run in chosen
    )
    for scope in scopes.values():
        detail = {"runs": [run.pk for run in chosen if run.scope_id == scope.pk][:50]}
        audit(scope=scope, action="attach_run_evidence", by=by, at=at, clause="SVTAD 12.6(d)", detail=detail)
        facts_changed(scope=scope, at=at)
    return len(chosen)


@transaction.atomic
def resolve_unmatched(
    *,
    scope: TestScope,
    by: Actor,
    results: Iterable[UnmatchedResult] | None = None,
    at: dt.datetime | None = None,
) -> RunsResult:
    """Try unmatched results of `scope` (all that are open, or these) against the plan as it is now.

    Those that match are recorded as runs under the key they arrived with. Nothing is dropped.
    """
    at = at or clock.now()
    policies.check_can_record_runs(by, scope)
    open_ = UnmatchedResult.objects.unresolved().visible_to(by).filter(scope=scope)
    if results is not None:
        open_ = open_.filter(pk__in=[result.pk for result in results])
    limit = policies.provider_limit(by)
    groups: dict[tuple[Any, ...], list[UnmatchedResult]] = defaultdict(list)
    for result in open_.select_related("batch__file").order_by("batch_id", "position"):
        own = result.payload.get("providers")
        narrowed = frozenset(own) if own is not None else None
        if limit is not None:
            narrowed = limit if narrowed is None else narrowed & limit
        came = result.payload
        groups[result.batch_id, came["source"], came["run"], came["evidence"], narrowed].append(result)
    recorded = already = unmatched = 0
    for (_, source, run, evidence_id, narrowed), members in groups.items():
        batch = members[0].batch
        arrival = Arrival(
            scope=scope,
            source=source,
            run=run,
            at=at,
            batch=batch,
            evidence_id=evidence_id,
            limit=narrowed,
        )
        staged = arrivals.record(arrival=arrival, rows=(_row_of(member) for member in members))
        recorded += staged.recorded
        already += staged.matched - staged.recorded
        unmatched += staged.unmatched
    if recorded:
        detail = {"recorded": recorded, "unmatched": unmatched}
        audit(scope=scope, action="resolve_unmatched", by=by, at=at, detail=detail)
        facts_changed(scope=scope, at=at)
    return RunsResult(recorded=recorded, already=already, unmatched=unmatched)


def _row_of(result: UnmatchedResult) -> RunRow:
    payload = result.payload
    return RunRow(
        position=result.position,
        names=tuple(payload["names"]),
        outcome=result.outcome,
        occurred_at=result.occurred_at,
        time_uncertain=payload["time_uncertain"],
        dmc=payload["dmc"],
        default_dmc=payload["default_dmc"],
        installation_type=payload["installation_type"],
        components=payload["components"] or None,
        duration_ms=payload["duration_ms"],
        message=payload["message"],
        tester=payload["tester"],
        environment=payload["environment"],
        no_file_needed=payload["no_file_needed"],
    )


@transaction.atomic
def dismiss_unmatched(
    *, results: Iterable[UnmatchedResult], reason: str, by: Actor, at: dt.datetime | None = None
) -> int:
    """Close unmatched results that are no tests of the phase, with a reason; they stay listed as dismissed."""
    at = at or clock.now()
    policies.check_can_void(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why these results are of no planned test.")
    chosen = list(results)
    closed: int = (
        UnmatchedResult.objects.unresolved()
        .filter(pk__in=[result.pk for result in chosen])
        .update(resolved_at=at, resolution=f"Dismissed: {reason}"[:200])
    )
    for scope in {result.scope_id: result.scope for result in chosen}.values():
        audit(scope=scope, action="dismiss_unmatched", by=by, at=at, detail={"closed": closed, "reason": reason})
    return closed
