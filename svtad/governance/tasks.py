"""Celery's side of jobs, files and notices. Each task may be delivered twice, or not at all: no harm."""

from __future__ import annotations

from celery import shared_task

from svtad.governance import actions, files, jobs, outbox
from svtad.lib.clock import now
from svtad.parties import actions as party_actions
from svtad.parties.actors import system_actor


@shared_task(name="governance.run_job")
def run_job(public_id: str) -> str:
    """Do one job, if it is still to be done."""
    return jobs.execute(public_id)


@shared_task(name="governance.sweep_jobs")
def sweep_jobs() -> dict[str, int]:
    """Queue again the jobs whose worker went silent; wake workers for those that wait."""
    return jobs.sweep()


@shared_task(name="governance.sweep_orphan_files")
def sweep_orphan_files() -> int:
    """Delete bytes that no row names."""
    return files.sweep_orphans(at=now())


@shared_task(name="governance.verify_files")
def verify_files() -> dict[str, int]:
    """Read stored files again and write down which no longer have their hash."""
    return files.verify_due_files(at=now())


@shared_task(name="governance.send_notices")
def send_notices() -> dict[str, int]:
    """Send the e-mails that are due."""
    return outbox.sweep()


@shared_task(name="governance.queue_digests")
def queue_digests() -> int:
    """Write the digests of the day, once it is 08:00 in London."""
    return actions.queue_digests(by=system_actor("Digests"), at=now())


@shared_task(name="governance.forget_old_calls")
def forget_old_calls() -> int:
    """Forget the REST calls that nobody will repeat any more."""
    return party_actions.forget_old_calls(at=now())
