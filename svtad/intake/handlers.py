"""The jobs of the import engine: preview a batch, import a batch. Both may run twice and act once."""

from __future__ import annotations

from typing import Any

from svtad.governance.jobs import JobContext, register_runner
from svtad.intake import actions
from svtad.intake.models import BatchState, ImportBatch
from svtad.lib import clock
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor, actor_for, system_actor


def _actor(context: JobContext) -> Actor:
    """Return whoever asked for the job, with what they may do now: rights lost since are lost here."""
    person = context.job.requested_by
    if person is None:
        return system_actor(context.job.recorded_by)
    return actor_for(person, at=clock.now(), deputyship=str(context.params.get("deputyship", "")))


def _batch(context: JobContext) -> ImportBatch:
    batch: ImportBatch = ImportBatch.objects.select_related("file", "audience").get(public_id=context.params["batch"])
    return batch


def preview(context: JobContext) -> dict[str, Any]:
    """Preview the batch of the job."""
    batch = _batch(context)
    context.progress(0, 1, f"Reading {batch.file.name}")
    batch = actions.preview_batch(batch=batch, by=_actor(context))
    context.progress(1, 1, "Read")
    return _result(batch)


def commit(context: JobContext) -> dict[str, Any]:
    """Import the batch of the job; the job fails, with the reason, where nothing was imported."""
    batch = _batch(context)
    context.progress(0, 1, f"Importing {batch.file.name}")
    batch = actions.commit_batch(batch=batch, by=_actor(context), hold=context.hold)
    if batch.state == BatchState.REFUSED:
        raise Refused("", batch.refusal)
    if batch.state != BatchState.COMMITTED:
        raise Refused("", f"Nothing was imported: {batch.error_count} errors.")
    return _result(batch)


def _result(batch: ImportBatch) -> dict[str, Any]:
    return {"batch": batch.public_id, "state": batch.state, "errors": batch.error_count, "summary": batch.summary}


def register() -> None:
    """Let workers do these jobs."""
    register_runner(actions.PREVIEW, preview)
    register_runner(actions.COMMIT, commit)
