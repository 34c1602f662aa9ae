"""Work for later: queued, done now, or taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from svtad.audit.actions import record
from svtad.governance import jobs
from svtad.governance.models import Job, JobState
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience


@transaction.atomic
def enqueue_job(
    *,
    kind: str,
    title: str,
    audience: Audience,
    by: Actor,
    params: dict[str, Any] | None = None,
    at: dt.datetime | None = None,
    unique_key: str = "",
    not_before: dt.datetime | None = None,
) -> Job:
    """Store a job and, once the transaction commits, wake a worker; return the job.

    With a `unique_key`, the open job (waiting or running) of that kind and key is returned where there
    is one. Who may ask for the work is the calling action's question. Raises LookupError for a kind that
    nobody does.
    """
    if kind not in jobs.runner_kinds():
        raise LookupError(f"no runner is registered for jobs of the kind {kind!r}")
    moment = at or now()
    # What a deputy asked for is done in the deputyship too, as long as it holds.
    deputyship = {"deputyship": by.deputyship} if by.deputyship else {}
    job = _create_job(
        kind=kind,
        unique_key=unique_key,
        title=title[:200],
        params={**(params or {}), **deputyship},
        audience=audience,
        requested_by_id=by.person_pk,
        recorded_by=by.label,
        recorded_at=moment,
        not_before=not_before,
    )
    if job is None:
        return Job.objects.get(kind=kind, unique_key=unique_key, state__in=(JobState.QUEUED, JobState.RUNNING))
    if by.kind != "SYSTEM":  # what the product queues by itself is recorded by the act it leads to
        record(
            by=by,
            at=moment,
            action="enqueue_job",
            subject_kind="Job",
            subject_id=job.public_id,
            subject_label=job.title,
            audience_id=audience.pk,
            detail={"kind": kind},
        )
    public_id = job.public_id
    if not_before is None or not_before <= moment:
        transaction.on_commit(lambda: jobs.wake(public_id), robust=True)
    return job


def _create_job(*, kind: str, unique_key: str, **values: Any) -> Job | None:
    """Create the job, or return None where an open one has its key."""
    try:
        with transaction.atomic():
            return Job.objects.create(kind=kind, unique_key=unique_key, **values)
    except IntegrityError:
        if not unique_key:
            raise
        return None


def run_job_now(job: Job) -> Job:
    """Do a waiting job here and now, for commands and tests; return it as it ended.

    Raises Refused where it is taken or over, or failed (with the job's own error).
    """
    state = jobs.execute(job.public_id)
    job.refresh_from_db()
    if state == JobState.FAILED:
        raise Refused("", job.error)
    if state != JobState.DONE:
        raise Refused("", f"The job is {job.get_state_display().lower()} elsewhere.")
    return job


@transaction.atomic
def cancel_job(*, job: Job, by: Actor, at: dt.datetime | None = None) -> Job:
    """Take back a job that still waits: whoever asked for it may. Raises Refused once it runs or is over."""
    moment = at or now()
    if by.kind != "SYSTEM" and (by.person_pk is None or by.person_pk != job.requested_by_id):
        raise ActionDenied("", "Only whoever asked for a job can take it back.")
    taken_back = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished_at=moment
    )
    job.refresh_from_db()
    if not taken_back:
        raise Refused("", f"The job is {job.get_state_display().lower()} and can no longer be taken back.")
    record(
        by=by,
        at=moment,
        action="cancel_job",
        subject_kind="Job",
        subject_id=job.public_id,
        subject_label=job.title,
        audience_id=job.audience_id,
    )
    return job
