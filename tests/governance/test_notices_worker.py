"""Notices in a real worker, to a real mail server, while either is killed or the broker restarts.

What must hold whatever happens: one record for each recipient, none lost, and a second copy only where the delivery
is marked as uncertain, under the same Message-ID.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from celery import Celery
from django.conf import settings as product

from svtad.config.celery import app
from svtad.governance.models import Delivery, Notice
from svtad.lib.clock import now
from svtad.parties.models import Person
from tests.factories import make_house, make_person
from tests.governance.mailing import give
from tests.ops import servers
from tests.ops.mail import MailProcess
from tests.ops.processes import Process, celery

pytestmark = [pytest.mark.usefixtures("transactional_db")]

TASK = "governance.send_notices"


@pytest.fixture
def post(tmp_path, monkeypatch) -> Iterator[Callable[..., MailProcess]]:
    """`post(delay=0.05)`: a mail server in a process of its own, to which workers send that are started after it."""
    made: list[MailProcess] = []

    def begin(**how) -> MailProcess:
        process = MailProcess(tmp_path, servers.free_port(), **how)
        made.append(process)
        process.start()
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{process.port}")
        monkeypatch.setenv("EMAIL_TIMEOUT", "2")
        return process

    yield begin
    for process in made:
        process.kill()


@pytest.fixture
def start(tmp_path, _shared_worker) -> Iterator[Callable[..., Process]]:
    """Start workers with short leases: `start(REDIS_URL=…)`; `.kill()` is kill -9 of the whole group."""
    _shared_worker.put_aside()
    with app.connection_for_write() as link:
        link.default_channel.queue_purge(app.conf.task_default_queue)  # type: ignore[attr-defined]
    started: list[Process] = []

    def begin(*, concurrency: int = 2, **environment: str) -> Process:
        process = celery(
            "worker", "--concurrency", str(concurrency), "--loglevel", "INFO", "--without-gossip", "--without-mingle",
            "--include", "tests.governance.quick_mail", log=tmp_path / f"worker-{len(started)}.log",
        )  # fmt: skip
        process.environment |= environment
        started.append(process)
        process.start(until="ready.")
        return process

    yield begin
    for process in started:
        process.kill()
    with app.connection_for_write() as link:
        link.default_channel.queue_purge(app.conf.task_default_queue)  # type: ignore[attr-defined]


def people(count: int) -> list[Person]:
    house = make_house()
    return [make_person("tag_member", house.tag) for _ in range(count)]


def until(condition: Callable[[], bool], *, seconds: float, sender: Celery = app) -> None:
    """Wait for `condition`, sending the task all the while, as Beat does."""
    deadline = time.monotonic() + seconds
    while not condition():
        left = Counter(Delivery.objects.values_list("state", flat=True))
        assert time.monotonic() < deadline, f"it never came to that: {left}"
        with contextlib.suppress(Exception):  # a broker that is away takes nothing, as Beat finds too
            sender.send_task(TASK, queue=product.CELERY_TASK_DEFAULT_QUEUE, expires=5, retry=False)
        time.sleep(0.3)


def all_sent() -> bool:
    return not Delivery.objects.exclude(state="SENT").exists()


def check(server: MailProcess, *, recipients: int, notices: int) -> int:
    """Fail unless nothing is lost, doubled or wrong; return how many came twice."""
    assert Notice.objects.count() == notices
    rows = list(Delivery.objects.select_related("person"))
    assert len(rows) == recipients
    taken = server.taken()
    copies = Counter(message.message_id for message in taken)
    assert set(copies) == {row.message_id for row in rows}, "each recipient was written to, and nobody else"
    contents: dict[str, set[bytes]] = {}
    for message in taken:
        contents.setdefault(message.message_id, set()).add(message.content)
    for row in rows:
        assert row.person is not None
        assert row.state == "SENT"
        assert row.proof
        if copies[row.message_id] > 1:
            assert row.uncertain_at is not None, f"{row.message_id} came {copies[row.message_id]} times, unmarked"
        assert len(contents[row.message_id]) == 1, "a second copy is the same to the byte"
        assert row.tries.filter(outcome="SENT").count() == 1
    addressees = {message.message_id: message.recipient for message in taken}
    assert all(addressees[row.message_id] == row.address for row in rows)
    return sum(count > 1 for count in copies.values())


def through_kills(post, start, *, notices: int, delay: float, drop_every: int, seconds: float) -> None:
    """Give many notices; kill the worker twice and the mail server once on the way; look at what came of it."""
    everyone = people(10)
    server = post(delay=delay, drop_every=drop_every)
    worker = start()
    for number in range(notices // 10):
        give(*everyone, what=f"Notice {number}")

    def came(part: float) -> Callable[[], bool]:
        return lambda: len(server.taken()) >= notices * part

    until(came(0.2), seconds=seconds)
    worker.kill()
    worker = start()
    until(came(0.4), seconds=seconds)
    server.kill()
    time.sleep(1)
    server.start()
    until(came(0.7), seconds=seconds)
    worker.kill()
    start()
    until(all_sent, seconds=seconds)
    doubled = check(server, recipients=notices, notices=notices // 10)
    uncertain = Delivery.objects.filter(uncertain_at__isnull=False).count()
    print(f"{notices} e-mails, {uncertain} uncertain, {doubled} came twice")
    assert doubled >= notices // drop_every // 2, "the lost answers did lead to second copies"


def test_sixty_notices_survive_a_killed_worker_and_a_killed_mail_server(post, start):
    through_kills(post, start, notices=60, delay=0.05, drop_every=15, seconds=90)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_a_thousand_notices_survive_a_killed_worker_and_a_killed_mail_server(post, start):
    through_kills(post, start, notices=1000, delay=0.01, drop_every=40, seconds=600)


@pytest.mark.once
def test_a_task_that_is_delivered_many_times_to_many_workers_sends_each_e_mail_once(post, start):
    server = post(delay=0.02)
    patient = {"TEST_LEASE_SECONDS": "120", "EMAIL_TIMEOUT": "60"}
    start(**patient), start(**patient)
    give(*people(20))
    for _ in range(20):
        app.send_task(TASK)
    until(all_sent, seconds=60)
    assert check(server, recipients=20, notices=1) == 0
    assert not Delivery.objects.filter(uncertain_at__isnull=False).exists()


@pytest.mark.once
def test_a_mail_server_that_is_away_when_they_are_given_costs_nothing(post, start):
    server = post()
    server.kill()
    start()
    give(*people(5))
    seen = now()
    until(lambda: (now() - seen).total_seconds() > 3, seconds=30)
    assert set(Delivery.objects.values_list("state", "attempts")) == {("QUEUED", 0)}
    server.start()
    until(all_sent, seconds=60)
    assert check(server, recipients=5, notices=1) == 0


@pytest.mark.soak
@pytest.mark.services
def test_a_broker_that_restarts_in_mid_notice_loses_and_doubles_nothing(post, start):
    with servers.redis(aof=True) as broker:
        sender = Celery(broker=broker.url, set_as_current=False)
        server = post(delay=0.05)
        workers = [start(REDIS_URL=broker.url)]

        def came(count: int) -> Callable[[], bool]:
            def look() -> bool:
                # Celery's worker ends where Redis goes away under a running task; Compose starts it again, as here.
                if not workers[-1].alive:
                    workers.append(start(REDIS_URL=broker.url))
                return len(server.taken()) >= count

            return look

        give(*people(40))
        until(came(8), seconds=60, sender=sender)
        broker.kill()
        time.sleep(1)
        broker.start()
        until(came(20), seconds=90, sender=sender)
        broker.stop()
        broker.start()
        until(lambda: came(40)() and all_sent(), seconds=90, sender=sender)
        check(server, recipients=40, notices=1)
        sender.close()
