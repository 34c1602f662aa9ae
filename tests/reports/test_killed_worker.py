"""kill -9 of the worker in the middle of a report: it is finished after a restart, once."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

import pytest
from pypdf import PdfReader

from reports.actions import request_completion_report
from svtad.config.celery import app
from svtad.gates.models import FiledReport
from svtad.governance import jobs
from svtad.governance.files import read_file, verify_file
from svtad.governance.models import StoredFile
from svtad.lib import clock
from svtad.parties.actors import system_actor
from tests.ops.processes import Process, celery
from tests.reports import samples, stored
from tests.reports.short_lease import LEASE_SECONDS

pytestmark = [pytest.mark.services, pytest.mark.usefixtures("transactional_db")]


@pytest.fixture
def start(tmp_path, _shared_worker, settings) -> Iterator[Callable[[], Process]]:
    """Start workers of this test's own."""
    settings.JOB_LEASE_SECONDS = LEASE_SECONDS
    _shared_worker.put_aside()
    with app.connection_for_write() as link:
        link.default_channel.queue_purge(app.conf.task_default_queue)  # type: ignore[attr-defined]
    started: list[Process] = []

    def begin() -> Process:
        process = celery(
            "worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle",
            "--include", "tests.reports.short_lease", log=tmp_path / f"worker-{len(started)}.log",
        )  # fmt: skip
        started.append(process)
        process.start(until="ready.")
        return process

    yield begin
    for process in started:
        process.stop()


def until(condition: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def test_a_report_in_a_worker_that_is_killed_is_finished_after_a_restart_and_once(start):
    worker = start()
    assessment = stored.assessment_of(samples.facts())
    job = request_completion_report(assessment=assessment, by=system_actor("Test"), at=clock.now())

    def now():
        job.refresh_from_db()
        return job

    until(lambda: now().progress_message.startswith("Laying out page"))
    worker.kill()
    assert now().state == "RUNNING"
    assert not FiledReport.objects.exists()
    start()

    def done() -> bool:
        jobs.sweep()
        return now().state in ("DONE", "FAILED")

    until(done)
    assert (now().state, now().attempts, now().error) == ("DONE", 2, "")
    time.sleep(1)
    filed = FiledReport.objects.get()
    assert StoredFile.objects.count() == 1, "what the broker brings again does no more"
    assert now().result["report"] == filed.public_id
    assert verify_file(filed.file, clock.now()).intact
    assert len(PdfReader(io.BytesIO(read_file(filed.file))).pages) == filed.pages
