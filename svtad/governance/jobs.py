"""Long work: the Job row is the truth, the broker only wakes a worker.

A worker takes a job by a lease: a token and a time, written in one conditional UPDATE, so that of two
deliveries one wins. While the runner works, a thread of its own extends the lease, so that a long
silent step keeps it; when the worker is killed the lease runs out and the sweep queues the job again.
Only the holder of the token can finish the job, so that it finishes once. Lease times are the
database's: a machine whose clock is wrong steals nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from celery import current_app
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, connections, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from svtad.governance.models import Job, JobState
from svtad.lib.errors import InvalidInput, Turned
from svtad.lib.ids import new_public_id

log = logging.getLogger(__name__)

#: What a runner may return: anything JSON can hold.
Result = dict[str, Any]
#: Faults of the surroundings, worth another try; anything else would fail the same way again.
_PASSING = (OperationalError, InterfaceError, ConnectionError, TimeoutError)


class LeaseLost(Exception):
    """Another worker has taken the job: stop, and write nothing more."""


@dataclass(kw_only=True)
class JobContext:
    """What a runner is given: the job, its parameters, and a way to tell how far it is."""

    job: Job
    params: dict[str, Any]
    _token: str
    _lost: threading.Event = field(default_factory=threading.Event)

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell how far the work is (for the page) and extend the lease. Raises LeaseLost where it is gone."""
        if self._lost.is_set():
            raise LeaseLost(self.job.public_id)
        held = _held(self.job.pk, self._token).update(
            progress_done=done, progress_total=total, progress_message=message[:200], lease_until=_lease_end()
        )
        if not held:
            raise LeaseLost(self.job.public_id)

    def hold(self) -> None:
        """Lock the job in the runner's last transaction, so that nobody takes it before that commits.

        Raises LeaseLost where it is gone; the caller's transaction then rolls back.
        """
        if not _held(self.job.pk, self._token).select_for_update().exists():
            raise LeaseLost(self.job.public_id)


Runner = Callable[[JobContext], Result]
_runners: dict[str, Runner] = {}


def register_runner(kind: str, fn: Runner) -> None:
    """Let `fn` do the jobs of that kind. It must be idempotent: a job may run again after a crash."""
    _runners[kind] = fn


def runner_kinds() -> frozenset[str]:
    """Return the kinds that somebody does."""
    return frozenset(_runners)


def lease_length() -> dt.timedelta:
    """Return how long a silent worker keeps a job (setting JOB_LEASE_SECONDS, 30)."""
    return dt.timedelta(seconds=float(getattr(settings, "JOB_LEASE_SECONDS", 30)))


def wake(public_id: str) -> bool:
    """Ask the broker to hand the job to a worker; return whether it took the message.

    An absent broker harms nothing: the row is stored, and the sweep asks again.
    """
    try:
        current_app.send_task("governance.run_job", args=[public_id])
    except Exception:  # whatever a broker's client raises, the job's row stands
        log.warning("the broker took no message; the sweep will wake job %s", public_id, exc_info=True)
        return False
    Job.objects.filter(public_id=public_id).update(woken_at=Now())
    return True


def claim(public_id: str) -> Job | None:
    """Take the job if it waits and is due; return it with its new token, or None where it is not to be had."""
    token = new_public_id()
    taken = (
        Job.objects.filter(public_id=public_id, state=JobState.QUEUED)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=Now()))
        .update(
            state=JobState.RUNNING,
            lease_token=token,
            lease_until=_lease_end(),
            attempts=F("attempts") + 1,
            started_at=Coalesce(F("started_at"), Now()),
            progress_done=0,
            progress_message="",
        )
    )
    return Job.objects.get(public_id=public_id, lease_token=token) if taken else None


def execute(public_id: str) -> str:
    """Do the job if it is to be had, and write down how it ended; return the state it is left in.

    Harmless when the job is done, taken or unknown: a message may be delivered twice.
    """
    job = claim(public_id)
    if job is None:
        return Job.objects.filter(public_id=public_id).values_list("state", flat=True).first() or "UNKNOWN"
    runner = _runners.get(job.kind)
    if runner is None:
        return _fail(job, f"Nothing here does jobs of the kind {job.kind}.")
    context = JobContext(job=job, params=dict(job.params), _token=job.lease_token)
    try:
        with _heartbeat(job, context):
            result = runner(context)
        json.dumps(result)
    except LeaseLost:
        log.warning("job %s was taken over by another worker", public_id)
        return "TAKEN_OVER"
    except (Turned, InvalidInput) as turned:
        return _fail(job, str(turned))
    except SoftTimeLimitExceeded:
        log.exception("job %s ran too long", public_id)
        return _fail(job, "The job ran longer than it may and was stopped.")
    except _PASSING as fault:
        log.exception("job %s met a passing fault", public_id)
        return _retry(job, fault)
    except Exception as fault:
        log.exception("job %s failed", public_id)
        return _fail(job, f"An unexpected fault stopped the job ({type(fault).__name__}); the log has it.")
    return _finish(job, state=JobState.DONE, result=result, error="")


def sweep(*, wake_after: dt.timedelta = dt.timedelta(seconds=60)) -> dict[str, int]:
    """Queue again what lost its worker, give up what lost it too often, wake what waits; return the counts."""
    with transaction.atomic():
        # Locked rows are left out: whoever holds one is at work on it.
        silent = Job.objects.select_for_update(skip_locked=True).filter(state=JobState.RUNNING, lease_until__lt=Now())
        stale = Job.objects.filter(pk__in=list(silent.values_list("pk", flat=True)), state=JobState.RUNNING)
        given_up = stale.filter(attempts__gte=F("max_attempts")).update(
            state=JobState.FAILED,
            lease_token="",
            lease_until=None,
            finished_at=Now(),
            error="The worker stopped in the middle of this job, again and again; it was given up.",
        )
        requeued = stale.update(state=JobState.QUEUED, lease_token="", lease_until=None, woken_at=None)
    waiting = (
        Job.objects.filter(state=JobState.QUEUED)
        .filter(Q(not_before__isnull=True) | Q(not_before__lte=Now()))
        .filter(Q(woken_at__isnull=True) | Q(woken_at__lt=Now() - wake_after))
        .order_by("pk")
    )
    woken = 0
    for public_id in waiting.values_list("public_id", flat=True)[:200]:
        if not wake(public_id):
            break  # the broker is away; the next sweep tries again
        woken += 1
    return {"given_up": given_up, "requeued": requeued, "woken": woken}


def _lease_end() -> Any:
    return Now() + lease_length()


def _held(pk: int, token: str) -> Any:
    return Job.objects.filter(pk=pk, lease_token=token, state=JobState.RUNNING)


def _finish(job: Job, *, state: str, result: Result | None, error: str) -> str:
    """End the job; only the holder of the token can."""
    ended = _held(job.pk, job.lease_token).update(
        state=state, result=result, error=error, lease_token="", lease_until=None, finished_at=Now()
    )
    if not ended:
        log.warning("job %s was taken over before it could be finished", job.public_id)
        return "TAKEN_OVER"
    return state


def _fail(job: Job, error: str) -> str:
    return _finish(job, state=JobState.FAILED, result=None, error=error)


def _retry(job: Job, fault: BaseException) -> str:
    if job.attempts >= job.max_attempts:
        return _fail(job, f"Given up after {job.attempts} attempts ({type(fault).__name__}).")
    pause = dt.timedelta(seconds=min(2**job.attempts, 60))
    _held(job.pk, job.lease_token).update(
        state=JobState.QUEUED, lease_token="", lease_until=None, not_before=Now() + pause, woken_at=None
    )
    return JobState.QUEUED


@contextmanager
def _heartbeat(job: Job, context: JobContext) -> Iterator[None]:
    """Extend the lease from a thread of its own for as long as the block runs.

    Not inside a transaction: the thread's own connection could not see the row, and nobody else can.
    """
    if connection.in_atomic_block:
        yield
        return
    stop = threading.Event()

    def beat() -> None:
        try:
            while not stop.wait(lease_length().total_seconds() / 3):
                try:
                    if not _held(job.pk, job.lease_token).update(lease_until=_lease_end()):
                        context._lost.set()
                        return
                except DatabaseError:  # busy or away: the next beat tries again, on a new connection
                    log.warning("job %s: a heartbeat did not reach the database", job.public_id, exc_info=True)
                    connections.close_all()
        finally:
            connections.close_all()

    thread = threading.Thread(target=beat, name=f"lease of job {job.public_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=lease_length().total_seconds())
