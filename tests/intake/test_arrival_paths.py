"""COPY and executemany store the same; parallel imports of one file arrive once; a real worker does the jobs."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from svtad.intake import actions
from svtad.intake.models import ImportBatch
from testphases.actions import RunRow, record_runs
from testphases.models import LatestRun, TestRun
from tests.testphases.world import at, make_world

ODD = [
    "tab\there",
    "line\nbreak",
    "back\\slash",
    "\\N",
    "\\.",
    "quote\"'",
    "carriage\rreturn",
    "ünï 헴 𒍺",
    "%s %(x)s",
    "",
]


@pytest.mark.django_db
@pytest.mark.parametrize("came_before", [False, True], ids=["straight", "by staging"])
def test_odd_texts_and_empty_values_are_stored_as_they_are(world, came_before):
    if came_before:  # what arrives again goes by the staging table
        record_runs(scope=world.scope, rows=[], source="rig", run_id="odd", by=world.system, at=at(hours=1))
    tests = world.plan(*(f"t{number}" for number in range(len(ODD))))
    rows = [
        RunRow(
            position=number,
            names=(test.definition.external_id,),
            outcome="PASSED",
            occurred_at=at(hours=1, minutes=number / 7),
            time_uncertain=number % 2 == 0,
            components={"DSP": text or "1"},
            duration_ms=number or None,
            message=text,
            tester=text,
            environment=text,
            no_file_needed=text,
        )
        for number, (test, text) in enumerate(zip(tests, ODD, strict=True))
    ]
    record_runs(scope=world.scope, rows=rows, source="rig", run_id="odd", by=world.system, at=at(hours=2))
    for row, test, text in zip(rows, tests, ODD, strict=True):
        run = TestRun.objects.get(planned_test=test)
        assert [run.message, run.tester, run.environment, run.no_file_needed] == [text] * 4
        assert (run.occurred_at, run.time_uncertain, run.duration_ms, run.position) == (
            row.occurred_at, row.time_uncertain, row.duration_ms, row.position,
        )  # fmt: skip
        assert run.version_set is not None
        assert run.version_set.components == {"DSP": (text or "1").strip()}
        latest = LatestRun.objects.get(planned_test=test)
        assert (latest.execution, latest.occurred_at, latest.no_file_needed, latest.version_set) == (
            run, run.occurred_at, bool(text), run.version_set,
        )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("came_before", [False, True], ids=["straight", "by staging"])
def test_more_rows_than_one_chunk_arrive(world, monkeypatch, came_before):
    if came_before:
        record_runs(scope=world.scope, rows=[], source="rig", run_id="1", by=world.system, at=at(hours=1))
    from testphases.actions import arrivals

    monkeypatch.setattr(arrivals, "CHUNK", 7)
    world.plan(*(f"t{number}" for number in range(50)))
    rows = [RunRow(position=n, names=(f"t{n % 50}",), outcome="PASSED", occurred_at=at(minutes=n)) for n in range(100)]
    result = record_runs(scope=world.scope, rows=iter(rows), source="rig", run_id="1", by=world.system, at=at(days=1))
    assert (result.recorded, TestRun.objects.count(), LatestRun.objects.count()) == (100, 100, 50)
    assert set(LatestRun.objects.values_list("execution__position", flat=True)) == set(range(50, 100))


def _file(number: int) -> bytes:
    cases = "".join(f'<testcase name="t{n}"/>' for n in range(40))
    return f'<testsuite name="f{number}" timestamp="2026-03-02T1{number}:00:00">{cases}</testsuite>'.encode()


@pytest.mark.django_db(transaction=True)
def test_parallel_imports_of_one_file_and_of_several_record_each_result_once(postgres_only):
    world = make_world()
    world.plan(*(f"t{number}" for number in range(40)))
    outcomes: list[object] = []

    def send(number: int) -> None:
        try:
            batch = actions.import_file(
                importer_key="junit", scope_id=world.scope.public_id, content=_file(number), name="r.xml",
                source="rig", by=world.manager, at=at(days=1),
            )  # fmt: skip
            outcomes.append(batch.state)
        except Exception as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(number % 3,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == ["COMMITTED"] * 12
    assert TestRun.objects.count() == 3 * 40
    assert LatestRun.objects.filter(occurred_at=at(hours=3)).count() == 40


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_previews_and_imports(worker, settings):
    # The worker is a process of its own: files stand where it looks for them.
    from django.conf import settings as of_process

    settings.MEDIA_ROOT = of_process.DATA_DIR / "files"
    world = make_world()
    world.plan(*(f"t{number}" for number in range(40)))
    batch = actions.receive_file(
        importer_key="junit", scope_id=world.scope.public_id, content=_file(1), name="r.xml", source="rig",
        by=world.system,
    )  # fmt: skip
    assert _until(batch, "PREVIEWED").summary["counts"]["recorded"] == 40
    actions.request_commit(batch=batch, by=world.system)
    assert _until(batch, "COMMITTED").summary["counts"]["recorded"] == 40
    assert TestRun.objects.count() == 40


def _until(batch: ImportBatch, state: str) -> ImportBatch:
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        batch.refresh_from_db()
        if batch.state == state:
            return batch
        time.sleep(0.1)
    raise AssertionError(f"still {batch.state}: {batch.job and batch.job.error}")
