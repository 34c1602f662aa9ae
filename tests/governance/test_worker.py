"""Jobs in a real Celery worker: killed, doubled, silent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from svtad.config.celery import app
from svtad.governance import actions, jobs
from svtad.governance.models import Job
from svtad.parties.actors import system_actor
from svtad.parties.audiences import audience_of
from tests.governance.runners import LEASE_SECONDS
from tests.ops.processes import Process, celery

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def start(tmp_path, _shared_worker, settings) -> Iterator[Callable[..., Process]]:
    """Start workers that know this folder's runners."""
    settings.JOB_LEASE_SECONDS = LEASE_SECONDS
    _shared_worker.put_aside()
    with app.connection_for_write() as link:
        link.default_channel.queue_purge(app.conf.task_default_queue)  # type: ignore[attr-defined]
    started: list[Process] = []

    def begin(*, concurrency: int = 1) -> Process:
        process = celery(
            "worker", "--concurrency", str(concurrency), "--loglevel", "INFO", "--without-gossip", "--without-mingle",
            "--include", "tests.governance.runners", log=tmp_path / f"worker-{len(started)}.log",
        )  # fmt: skip
        started.append(process)
        process.start(until="ready.")
        return process

    yield begin
    for process in started:
        process.kill()  # quicker than to ask, and nothing here needs a clean end


class Watched:
    """A job that waits in its worker until the test lets go."""

    def __init__(self, folder: Path) -> None:
        self.notes, self.gate = folder / "notes", folder / "gate"
        self.job = actions.enqueue_job(
            kind="write_then_wait",
            title="Write, then wait",
            params={"notes": str(self.notes), "gate": str(self.gate)},
            audience=audience_of("dcc"),
            by=system_actor(),
        )

    def lines(self) -> list[str]:
        return self.notes.read_text().splitlines() if self.notes.exists() else []

    def began(self) -> int:
        return sum(line.startswith("began") for line in self.lines())

    def ended(self) -> int:
        return self.lines().count("ended")

    def state(self) -> str:
        self.job.refresh_from_db()
        return self.job.state


def until(condition: Callable[[], bool], *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.1)


def sweeping(condition: Callable[[], bool]) -> Callable[[], bool]:
    """What beat does all the time, done here between two looks."""

    def look() -> bool:
        jobs.sweep()
        return condition()

    return look


def test_a_job_in_a_worker_that_is_killed_finishes_after_a_restart_and_once(start, tmp_path):
    worker = start()
    watched = Watched(tmp_path)
    until(lambda: watched.began() == 1)
    assert watched.state() == "RUNNING"
    worker.kill()
    watched.gate.touch()
    assert watched.ended() == 0
    jobs.sweep()
    assert watched.state() == "RUNNING", "its lease is not over yet"
    start()
    until(sweeping(lambda: watched.state() == "DONE"))
    assert (watched.began(), watched.ended(), watched.job.attempts) == (2, 1, 2)
    time.sleep(1)
    assert watched.ended() == 1, "what the broker brings again does no more"


def test_a_worker_that_was_only_frozen_finds_its_job_taken_over_and_does_not_finish_it_twice(start, tmp_path):
    start()
    watched = Watched(tmp_path)
    until(lambda: watched.began() == 1)
    frozen = int(watched.lines()[0].split()[1])
    os.kill(frozen, signal.SIGSTOP)
    try:
        start()
        until(sweeping(lambda: watched.began() == 2))
        watched.gate.touch()
        until(lambda: watched.state() == "DONE")
        second = watched.job.result
    finally:
        os.kill(frozen, signal.SIGCONT)
    until(lambda: watched.ended() == 2)
    time.sleep(1)
    assert watched.state() == "DONE"
    assert watched.job.result == second != {"pid": frozen}
    assert watched.job.attempts == 2


def test_a_job_delivered_many_times_to_two_workers_runs_once(start, tmp_path):
    start(), start()
    watched = Watched(tmp_path)
    for _ in range(6):
        jobs.wake(watched.job.public_id)
    until(lambda: watched.began() == 1)
    watched.gate.touch()
    until(lambda: watched.state() == "DONE")
    jobs.wake(watched.job.public_id)
    time.sleep(1)
    assert (watched.began(), watched.ended(), watched.job.attempts) == (1, 1, 1)


def test_a_long_silent_step_in_a_worker_outlives_many_leases(start, tmp_path):
    start()
    watched = Watched(tmp_path)
    until(lambda: watched.began() == 1)
    silent_until = time.monotonic() + 2.5 * LEASE_SECONDS
    while time.monotonic() < silent_until:
        assert jobs.sweep()["requeued"] == 0
        time.sleep(0.2)
    watched.gate.touch()
    until(lambda: watched.state() == "DONE")
    assert (watched.began(), Job.objects.get().attempts) == (1, 1)
