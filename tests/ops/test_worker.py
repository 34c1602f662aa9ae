"""The fixtures give a real worker: another process, on this test's database and broker."""

from __future__ import annotations

import os
import time

import pytest

from tests.ops.processes import environment_of_the_test


def _wait_for_answer(app, *, pid: int) -> bool:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answers = app.control.inspect(timeout=1).stats() or {}
        if any(answer["pid"] == pid for answer in answers.values()):
            return True
    return False


@pytest.mark.services
def test_the_shared_worker_answers_over_redis(worker):
    from svtad.config.celery import app

    assert worker.pid != os.getpid()
    assert _wait_for_answer(app, pid=worker.pid)


@pytest.mark.services
def test_a_killed_worker_is_gone_and_another_can_be_started(start_worker):
    from svtad.config.celery import app

    first = start_worker()
    assert _wait_for_answer(app, pid=first.pid)
    first.kill()
    assert not first.alive
    second = start_worker()
    assert _wait_for_answer(app, pid=second.pid)


def test_a_worker_comes_up_on_the_file_broker_too(start_worker, settings):
    process = start_worker()
    assert process.alive
    assert environment_of_the_test()["DATABASE_URL"].endswith(str(settings.DATABASES["default"]["NAME"]))
