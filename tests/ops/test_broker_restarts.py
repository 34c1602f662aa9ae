"""Redis, which keeps nothing here, is killed and started again in mid-import and in mid-notice.

Nothing is lost and nothing comes twice, because the rows in the database are the truth and the sweeps that Beat asks
for go by them. That it is the sweeps that do it is shown by the second test of each pair: the same restart with the
sweep turned off, after which what waited still waits; turned on again, it is done.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery import Celery
from django.conf import settings as product
from django.db import connection

from svtad.audit.models import AuditEvent
from svtad.config.celery import app
from svtad.governance.models import Delivery, Job
from svtad.intake import actions as intake
from svtad.intake.models import ImportBatch
from testphases import actions as phases
from testphases.actions import PlanRow
from testphases.models import LatestRun, TestRun
from tests.factories import make_house, make_person
from tests.governance.mailing import give
from tests.ops import servers
from tests.ops.mail import MailProcess
from tests.ops.processes import Process, celery
from tests.testphases.world import DAY, World, make_world

pytestmark = [
    pytest.mark.services,
    pytest.mark.once,
    pytest.mark.usefixtures("transactional_db"),
    pytest.mark.timeout(300),
]

ROWS = 3000
SWEEP_JOBS, SEND_NOTICES, RUN_JOB = "governance.sweep_jobs", "governance.send_notices", "governance.run_job"


class Broker:
    """A Redis that keeps nothing, the worker on it (started again where it ended, as Compose does it), and Beat."""

    def __init__(self, server: servers.Server, start: Callable[[], Process]) -> None:
        self.server = server
        self.sender = Celery(broker=server.url, set_as_current=False)
        self._start = start
        self.worker = start()

    def send(self, task: str, *args: str) -> None:
        """Send a task as the product does; a broker that is away takes nothing."""
        with contextlib.suppress(Exception):
            self.sender.send_task(
                task, args=args, queue=product.CELERY_TASK_DEFAULT_QUEUE, expires=5 if not args else None, retry=False
            )

    def until(self, condition: Callable[[], bool], *, sweeps: tuple[str, ...], seconds: float = 90) -> None:
        """Wait for `condition` while Beat asks for the sweeps, and a worker that ended is started again."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"it never came to that: {where_it_stands()}"
            for task in sweeps:
                self.send(task)
            self.keep_the_worker()
            time.sleep(0.2)

    def keep_the_worker(self) -> None:
        """Start the worker again where it ended."""
        if not self.worker.alive:
            self.worker = self._start()

    def restart(self) -> None:
        """Kill Redis as a power cut would, and start it again, empty."""
        self.server.kill()
        time.sleep(1)
        self.server.start()
        with self.sender.connection_for_read() as link:
            assert link.default_channel.client.dbsize() == 0, "nothing that was queued outlived it"  # type: ignore[attr-defined]


def where_it_stands() -> tuple[Counter[str], Counter[str]]:
    return Counter(Job.objects.values_list("state", flat=True)), Counter(
        Delivery.objects.values_list("state", flat=True)
    )


@pytest.fixture
def post(tmp_path, monkeypatch) -> Iterator[MailProcess]:
    """A slow mail server, to which the worker sends."""
    server = MailProcess(tmp_path, servers.free_port(), delay=0.05)
    server.start()
    monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
    monkeypatch.setenv("EMAIL_TIMEOUT", "5")
    yield server
    server.kill()


@pytest.fixture
def broker(tmp_path, post, _shared_worker, settings) -> Iterator[Broker]:
    _shared_worker.put_aside()
    # The worker is a process of its own: files stand where it looks for them.
    settings.MEDIA_ROOT = product.DATA_DIR / "files"
    started: list[Process] = []

    with servers.redis() as server:

        def start() -> Process:
            process = celery(
                "worker", "--concurrency", "1", "--loglevel", "INFO", "--without-gossip", "--without-mingle",
                "--include", "tests.governance.quick_jobs,tests.governance.quick_mail",
                log=tmp_path / f"worker-{len(started)}.log",
            )  # fmt: skip
            process.environment |= {"REDIS_URL": server.url}
            started.append(process)
            process.start(until="ready.")
            return process

        made = Broker(server, start)
        yield made
        made.sender.close()
        for process in started:
            process.kill()
    with app.connection_for_write() as link:  # what the test's own process queued on the session's broker
        link.default_channel.queue_purge(app.conf.task_default_queue)  # type: ignore[attr-defined]


# --- in mid-import -----------------------------------------------------------------------------------


def asked_for(world: World, run_id: str) -> ImportBatch:
    """Send in a file of results and ask for its import: the job waits for a worker."""
    lines = [f"t{number},PASSED,2026-03-02T1{len(run_id)}:00:00Z" for number in range(ROWS)]
    batch = intake.receive_file(
        importer_key="results", scope_id=world.scope.public_id, name=f"{run_id}.csv", source="rig", run_id=run_id,
        content="\n".join(["external_id,outcome,occurred_at", *lines]).encode(), preview=False, by=world.system,
    )  # fmt: skip
    intake.request_commit(batch=batch, by=world.system)
    return batch


@contextlib.contextmanager
def no_run_is_written() -> Iterator[Any]:
    """Hold every writer of test runs: an import gets as far as its first run, and waits in mid-transaction."""
    held = connection.copy()
    held.set_autocommit(False)
    try:
        with held.cursor() as cursor:
            cursor.execute("LOCK TABLE testphases_testrun IN EXCLUSIVE MODE")
        yield held
    finally:
        held.rollback()
        held.close()


def somebody_waits_to_write_runs() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'testphases_testrun'::regclass")
        return bool(cursor.fetchone()[0])


def in_mid_import(broker: Broker) -> list[ImportBatch]:
    """Leave two imports behind a restart of Redis: one was being written, the other's message was in its queue."""
    world = make_world()
    rows = [PlanRow(external_id=f"t{number}", dmc="D1", provider="alpha") for number in range(ROWS)]
    phases.plan_tests(scope=world.scope, rows=rows, by=world.system, at=DAY)
    batches = [asked_for(world, "a"), asked_for(world, "bb")]
    with no_run_is_written():
        for batch in batches:
            broker.send(RUN_JOB, job_of(batch).public_id)
        broker.until(somebody_waits_to_write_runs, sweeps=())
        assert states(batches) == ["RUNNING", "QUEUED"]
        broker.restart()
        assert TestRun.objects.count() == 0
    return batches


def job_of(batch: ImportBatch) -> Job:
    job = ImportBatch.objects.select_related("job").get(pk=batch.pk).job
    assert job is not None
    return job


def states(batches: list[ImportBatch]) -> list[str]:
    return [job_of(batch).state for batch in batches]


def check_imported_once(batches: list[ImportBatch]) -> None:
    for batch in batches:
        batch.refresh_from_db()
        assert (batch.state, batch.summary["counts"]["recorded"]) == ("COMMITTED", ROWS)
        assert TestRun.objects.filter(batch=batch).count() == ROWS
        assert TestRun.objects.filter(batch=batch).values("planned_test").distinct().count() == ROWS
        assert AuditEvent.objects.filter(action="commit_batch", subject_id=batch.public_id).count() == 1
    assert TestRun.objects.count() == ROWS * len(batches)
    assert LatestRun.objects.count() == ROWS


def test_redis_restarted_in_mid_import_loses_and_doubles_nothing(broker):
    batches = in_mid_import(broker)
    broker.until(lambda: states(batches) == ["DONE", "DONE"], sweeps=(SWEEP_JOBS,))
    check_imported_once(batches)


def test_without_the_sweep_the_import_whose_message_was_lost_would_wait_for_ever(broker):
    batches = in_mid_import(broker)
    until = time.monotonic() + 10  # three leases, and five times what the sweep lets a woken job wait
    while time.monotonic() < until:
        broker.keep_the_worker()
        time.sleep(0.5)
    assert states(batches)[1] == "QUEUED"
    assert TestRun.objects.filter(batch=batches[1]).count() == 0
    broker.until(lambda: states(batches) == ["DONE", "DONE"], sweeps=(SWEEP_JOBS,))
    check_imported_once(batches)


# --- in mid-notice -----------------------------------------------------------------------------------


def in_mid_notice(broker: Broker, post: MailProcess) -> None:
    """Leave notices to a hundred and twenty people behind a restart of Redis while they were being sent."""
    house = make_house()
    give(*(make_person("tag_member", house.tag) for _ in range(120)))
    broker.until(lambda: len(post.taken()) >= 10, sweeps=(SEND_NOTICES,))
    broker.restart()
    assert len(post.taken()) < 120


def all_sent() -> bool:
    return not Delivery.objects.exclude(state="SENT").exists()


def check_sent_once(post: MailProcess) -> None:
    rows = list(Delivery.objects.all())
    assert len(rows) == 120, "one record for each recipient"
    copies = Counter(message.message_id for message in post.taken())
    assert set(copies) == {row.message_id for row in rows}
    for row in rows:
        assert row.tries.filter(outcome="SENT").count() == 1
        assert copies[row.message_id] == 1 or row.uncertain_at is not None, "a second copy only where marked uncertain"


def test_redis_restarted_in_mid_notice_loses_and_doubles_nothing(broker, post):
    in_mid_notice(broker, post)
    broker.until(all_sent, sweeps=(SEND_NOTICES,))
    check_sent_once(post)


@pytest.mark.soak
def test_without_the_sweep_what_was_not_sent_would_stay_unsent(broker, post):
    in_mid_notice(broker, post)
    broker.keep_the_worker()
    time.sleep(10)  # what the worker was at when Redis went away is over within one sweep (2 s) and one lease (3 s)
    assert not all_sent()
    assert len(post.taken()) < 120
    broker.until(all_sent, sweeps=(SEND_NOTICES,))
    check_sent_once(post)
