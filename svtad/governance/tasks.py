"""Celery's side of jobs and files. Each task may be delivered twice, or not at all: no harm."""

from __future__ import annotations

from celery import shared_task

from svtad.governance import files, jobs
from svtad.lib.clock import now


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
