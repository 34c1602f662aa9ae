"""The import engine: keep the file, say what it would change, change it whole or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance import actions as governance_actions
from svtad.governance.files import open_file, store_file
from svtad.governance.models import Job
from svtad.intake import policies, queries
from svtad.intake.models import BatchState, ImportBatch, RowError
from svtad.intake.registry import FileRefused, Importer, RowProblem, Summary, Target, importer
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor

PREVIEW = "import_preview"
COMMIT = "import_commit"
_OPEN = (BatchState.RECEIVED, BatchState.PREVIEWED)


@transaction.atomic
def receive_file(
    *,
    importer_key: str,
    scope_id: str,
    content: bytes | BinaryIO,
    name: str,
    source: str,
    by: Actor,
    run_id: str = "",
    params: Mapping[str, str] | None = None,
    preview: bool = True,
    at: dt.datetime | None = None,
) -> ImportBatch:
    """Keep a file that was sent in for a scope, and (where `preview`) queue the job that previews it.

    `scope_id` is the scope's public id, `source` the tool or team that the file comes from, `run_id` the
    sender's own name for this run: the same bytes of a new cycle need one. Raises `InvalidInput` for an
    unknown importer or parameter, `ActionDenied` from the importer's policy, and `Refused` where the run
    id was used for another file.
    """
    at = at or clock.now()
    kind = _importer(importer_key)
    kind.check_may_import(by, scope_id)
    given = {key: plain_line(value) for key, value in (params or {}).items() if plain_line(value)}
    source, run_id = plain_line(source), plain_line(run_id)
    _check_given(kind, source=source, run_id=run_id, params=given)
    file = store_file(
        content=content,
        name=name,
        media_type=kind.media_types[0],
        purpose="import",
        audience=kind.audience(by, scope_id),
        by=by,
        at=at,
    )
    if file.size > kind.most_bytes:
        raise InvalidInput.one("file", f"At most {kind.most_bytes // 1024 // 1024} MiB.")
    batch = ImportBatch.objects.create(
        importer=kind.key,
        scope_id=scope_id,
        file=file,
        source=source,
        run_id=run_id,
        params=given,
        audience=file.audience,
        recorded_at=at,
        recorded_by=by.label,
    )
    _check_run_id(batch)
    _audit(batch, "receive_file", by=by, at=at)
    if preview:
        batch.job = governance_actions.enqueue_job(
            kind=PREVIEW,
            title=f"Preview {file.name}",
            params={"batch": batch.public_id},
            audience=batch.audience,
            unique_key=batch.public_id,
            by=by,
            at=at,
        )
        batch.save(update_fields=["job"])
    return batch


def preview_batch(*, batch: ImportBatch, by: Actor, at: dt.datetime | None = None) -> ImportBatch:
    """Work out what a batch would change and what is wrong with it; nothing of the batch itself is stored.

    Leaves it PREVIEWED, with its row errors if any, or REFUSED where the file cannot be read. May be
    asked again while the batch is open: the plan may have changed. One that is imported is left as it is.
    """
    at = at or clock.now()
    policies.check_can_work_on(by, batch)
    batch.refresh_from_db()
    if batch.state not in _OPEN:
        return batch
    kind = _importer(batch.importer)
    target = _target(batch, by=by, at=at)
    try:
        with open_file(batch.file) as stream:
            summary = kind.preview(target, _good_rows(kind, stream, target))
    except FileRefused as refusal:
        return _refuse(batch, str(refusal), by=by, at=at)
    except InvalidInput as wrong:
        _take_errors(target, wrong)
        summary = Summary(rows=0, counts={})
    with transaction.atomic():
        held = _locked(batch)
        if held.state not in _OPEN:
            return held
        held.state = BatchState.PREVIEWED
        _store_errors(held, target)
        held.summary = _with_warnings(kind, held, summary).to_json()
        held.save(update_fields=["state", "summary", "error_count"])
    return _back(batch, held)


def commit_batch(
    *,
    batch: ImportBatch,
    by: Actor,
    at: dt.datetime | None = None,
    hold: Callable[[], None] | None = None,
) -> ImportBatch:
    """Import a batch, all of it or nothing, and return it: COMMITTED, or still open with its errors, or REFUSED.

    Asked again it changes nothing. `hold` is called last in the transaction: a job makes sure there that
    it is still the one that does this. Raises `Refused` for a batch that was refused or cancelled.
    """
    at = at or clock.now()
    policies.check_can_work_on(by, batch)
    kind = _importer(batch.importer)
    target = _target(batch, by=by, at=at)
    try:
        with transaction.atomic():
            held = _locked(batch)
            if held.state == BatchState.COMMITTED:
                return _back(batch, held)
            if held.state not in _OPEN:
                raise Refused("", f"This file is {held.get_state_display().lower()}: send it in again.")
            _check_run_id(held)
            with open_file(held.file) as stream:
                summary = kind.commit(target, _good_rows(kind, stream, target))
            if target.problems:
                raise _Rollback
            held.state = BatchState.COMMITTED
            held.committed_at = at
            held.summary = _with_warnings(kind, held, summary).to_json()
            _store_errors(held, target)
            held.save(update_fields=["state", "committed_at", "summary", "error_count"])
            _audit(held, "commit_batch", by=by, at=at, detail=dict(summary.counts))
            if hold is not None:
                hold()
    except FileRefused as refusal:
        return _refuse(batch, str(refusal), by=by, at=at)
    except InvalidInput as wrong:
        _take_errors(target, wrong)
        return _keep_errors(batch, target)
    except _Rollback:
        return _keep_errors(batch, target)
    return _back(batch, held)


def request_commit(*, batch: ImportBatch, by: Actor, at: dt.datetime | None = None) -> Job:
    """Queue the job that imports a batch; return the open one where there is one.

    Raises `Refused` where the batch has row errors or is no longer open.
    """
    at = at or clock.now()
    policies.check_can_work_on(by, batch)
    batch.refresh_from_db()
    if batch.state not in _OPEN:
        raise Refused("", f"This file is {batch.get_state_display().lower()}.")
    if batch.error_count:
        raise Refused("", f"This file has {batch.error_count} errors: nothing of it is imported until they are gone.")
    with transaction.atomic():
        job = governance_actions.enqueue_job(
            kind=COMMIT,
            title=f"Import {batch.file.name}",
            params={"batch": batch.public_id},
            audience=batch.audience,
            unique_key=batch.public_id,
            by=by,
            at=at,
        )
        ImportBatch.objects.filter(pk=batch.pk).update(job=job)
    batch.job = job
    return job


@transaction.atomic
def cancel_batch(*, batch: ImportBatch, by: Actor, at: dt.datetime | None = None) -> ImportBatch:
    """Set a batch aside that has not been imported. The file stays, with who sent it."""
    at = at or clock.now()
    policies.check_can_work_on(by, batch)
    held = _locked(batch)
    if held.state not in _OPEN:
        raise Refused("", f"This file is {held.get_state_display().lower()}.")
    held.state = BatchState.CANCELLED
    held.save(update_fields=["state"])
    _audit(held, "cancel_batch", by=by, at=at)
    return _back(batch, held)


def import_file(
    *,
    importer_key: str,
    scope_id: str,
    content: bytes | BinaryIO,
    name: str,
    source: str,
    by: Actor,
    run_id: str = "",
    params: Mapping[str, str] | None = None,
    at: dt.datetime | None = None,
) -> ImportBatch:
    """Take a file in and import it at once, without a preview: for commands and for tooling.

    Returns the batch as `commit_batch` leaves it.
    """
    batch = receive_file(
        importer_key=importer_key,
        scope_id=scope_id,
        content=content,
        name=name,
        source=source,
        run_id=run_id,
        params=params,
        preview=False,
        by=by,
        at=at,
    )
    return commit_batch(batch=batch, by=by, at=at)


class _Rollback(Exception):
    """Leave the transaction: the problems are in the target."""


def _importer(key: str) -> Importer[Any]:
    try:
        return importer(key)
    except LookupError as unknown:
        raise InvalidInput.one("importer", str(unknown)) from None


def _check_given(kind: Importer[Any], *, source: str, run_id: str, params: Mapping[str, str]) -> None:
    known = {parameter.key: parameter for parameter in kind.parameters}
    errors = [FieldError(None, key, "This importer does not ask for it.") for key in params if key not in known]
    for key, value in params.items():
        choices = known[key].choices if key in known else {}
        if choices and value not in choices:
            errors.append(FieldError(None, key, f"“{value}” is none of: {', '.join(choices)}."))
    if not source:
        errors.append(FieldError(None, "source", "Say which tool or team the file comes from."))
    if len(source) > 60:
        errors.append(FieldError(None, "source", "At most 60 characters."))
    if len(run_id) > 120:
        errors.append(FieldError(None, "run_id", "At most 120 characters."))
    if run_id and not kind.takes_run_id:
        errors.append(FieldError(None, "run_id", "Such a file comes in no run."))
    if errors:
        raise InvalidInput(errors)


def _check_run_id(batch: ImportBatch) -> None:
    """Refuse a run id that already brought other bytes: its results would pass for ones that are there."""
    earlier = queries.imported_before(batch) if batch.run_id else None
    if earlier and earlier.file.sha256 != batch.file.sha256:
        raise Refused("", f"Run “{batch.run_id}” of {batch.source} came with another file: use a new run id.")


def _target(batch: ImportBatch, *, by: Actor, at: dt.datetime) -> Target:
    return Target(
        scope_id=batch.scope_id,
        source=batch.source,
        run_id=batch.run_id,
        params=batch.params,
        batch=batch,
        by=by,
        at=at,
    )


def _good_rows(kind: Importer[Any], stream: BinaryIO, target: Target) -> Iterator[Any]:
    for row in kind.parse(stream, target.params):
        if isinstance(row, RowProblem):
            target.problems.add(row)
        else:
            yield row


def _take_errors(target: Target, wrong: InvalidInput) -> None:
    for error in wrong.errors:
        target.problems.add(RowProblem(error.row or 0, error.field, error.message, error.value))


def _with_warnings(kind: Importer[Any], batch: ImportBatch, summary: Summary) -> Summary:
    warnings = [*summary.warnings, *kind.warnings()]
    earlier = queries.imported_before(batch)
    if earlier and earlier.committed_at:
        day = earlier.committed_at.astimezone(clock.LONDON)
        warnings.insert(0, f"This came before, on {day:%-d %B %Y at %H:%M}: what is there already stays as it is.")
        if dict(earlier.params) != dict(batch.params):
            warnings.insert(
                1, "It came then with other settings. If this is a new cycle of the same results, give it a run id."
            )
    return Summary(rows=summary.rows, counts=summary.counts, examples=summary.examples, warnings=tuple(warnings))


def _locked(batch: ImportBatch) -> ImportBatch:
    held: ImportBatch = (
        ImportBatch.objects.select_for_update(of=("self",)).select_related("file", "audience").get(pk=batch.pk)
    )
    return held


def _back(batch: ImportBatch, held: ImportBatch) -> ImportBatch:
    """Bring the caller's own object up to date and return it."""
    batch.state, batch.summary, batch.error_count = held.state, held.summary, held.error_count
    batch.refusal, batch.committed_at = held.refusal, held.committed_at
    return batch


def _store_errors(held: ImportBatch, target: Target) -> None:
    RowError.objects.filter(batch=held).delete()
    RowError.objects.bulk_create(
        RowError(
            batch=held,
            row=problem.row,
            field=problem.field[:80],
            value=problem.value[:200],
            message=problem.message[:400],
        )
        for problem in target.problems.kept
    )
    held.error_count = target.problems.count


@transaction.atomic
def _keep_errors(batch: ImportBatch, target: Target) -> ImportBatch:
    """Keep what a commit that was rolled back found wrong."""
    held = _locked(batch)
    if held.state in _OPEN:
        held.state = BatchState.PREVIEWED
        _store_errors(held, target)
        held.save(update_fields=["state", "error_count"])
    return _back(batch, held)


@transaction.atomic
def _refuse(batch: ImportBatch, reason: str, *, by: Actor, at: dt.datetime) -> ImportBatch:
    held = _locked(batch)
    if held.state in _OPEN:
        held.state = BatchState.REFUSED
        held.refusal = reason
        held.save(update_fields=["state", "refusal"])
        _audit(held, "refuse_file", by=by, at=at, detail={"reason": reason})
    return _back(batch, held)


def _audit(
    batch: ImportBatch, action: str, *, by: Actor, at: dt.datetime, detail: dict[str, Any] | None = None
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="import_batch",
        subject_id=batch.public_id,
        subject_label=f"{batch.file.name} ({batch.importer})",
        audience_id=batch.audience_id,
        scope_id=batch.scope_id,
        detail={"sha256": batch.file.sha256, "source": batch.source, "run_id": batch.run_id} | (detail or {}),
    )
