"""Stored files: kept by their hash, bytes before rows, checked again later."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from svtad.audit.models import AuditEvent
from svtad.governance import files, tasks
from svtad.governance.models import FileCheck, StoredFile
from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(audience, system):
    def put(content: object = b"results", **more) -> StoredFile:
        values: dict[str, Any] = {
            "content": content,
            "name": "results.xml",
            "media_type": "application/xml",
            "purpose": "results",
            "audience": audience,
            "by": system,
        }
        return files.store_file(**(values | more))

    return put


def on_disk(stored: StoredFile) -> Path:
    return Path(files.storage().path(files.address(stored.sha256)))


def rolled_back(store) -> StoredFile:
    """Store the bytes in a transaction that does not commit."""
    with transaction.atomic():
        stored = store()
        transaction.set_rollback(True)
    return stored


def grow_old(path: Path, days: float = 2) -> None:
    then = time.time() - days * 86400
    os.utime(path, (then, then))


@pytest.mark.parametrize("as_stream", [False, True])
def test_bytes_are_kept_under_their_hash_and_come_back(store, as_stream):
    content = os.urandom(3 * 1024 * 1024 + 17)
    stored = store(io.BytesIO(content) if as_stream else content)
    assert stored.sha256 == hashlib.sha256(content).hexdigest()
    assert stored.size == len(content)
    assert files.read_file(stored) == content
    with files.open_file(stored) as stream:
        assert stream.read(10) == content[:10]
    assert on_disk(stored).parts[-3:] == (stored.sha256[:2], stored.sha256[2:4], stored.sha256)
    assert AuditEvent.objects.get(action="store_file").detail["sha256"] == stored.sha256


def test_an_empty_file_is_a_file(store):
    assert files.read_file(store(b"")) == b""


def test_the_same_bytes_are_kept_once_under_two_names(store):
    first, second = store(name="a.xml"), store(name="b.xml")
    assert first.pk != second.pk
    assert [path.name for path in files.storage_files()] == [first.sha256]


def test_a_file_over_the_limit_is_refused_and_leaves_nothing(store, settings):
    settings.STORED_FILE_MAX_BYTES = 10
    with pytest.raises(InvalidInput, match="larger than 10 bytes"):
        store(b"eleven byte")
    assert store(b"ten bytes!").size == 10
    assert StoredFile.objects.count() == 1
    assert len(list(files.storage_files())) == 1
    assert not list((Path(files.storage().location) / "incoming").iterdir())


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\night run.xml", "night run.xml"),
        ("  .. ", "file"),
        ("line\nbreak\x00\u202egpj.xml", "line breakgpj.xml"),
        ("x" * 300 + ".junit.xml", "x" * 190 + ".junit.xml"[6:]),
        ("y" * 300, "y" * 200),
    ],
)
def test_a_name_is_kept_without_path_and_control_characters(store, given, kept):
    stored = store(name=given)
    assert stored.name == kept if len(given) < 300 else len(stored.name) <= 200
    assert stored.name.endswith(kept[-4:])


def test_bytes_reach_the_disk_before_the_row_so_a_rollback_leaves_only_an_orphan(store):
    stored = rolled_back(store)
    assert not StoredFile.objects.exists()
    assert on_disk(stored).exists()
    assert tasks.sweep_orphan_files() == 0, "young: its row may be about to commit"
    grow_old(on_disk(stored))
    assert tasks.sweep_orphan_files() == 1
    assert not on_disk(stored).exists()


def test_a_fault_while_writing_leaves_neither_row_nor_bytes(store):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("the upload broke off")

    with pytest.raises(OSError, match="broke off"):
        store(Broken())
    assert not StoredFile.objects.exists()
    assert not list((Path(files.storage().location) / "incoming").iterdir())


def test_the_sweep_keeps_named_bytes_and_takes_what_a_killed_process_left(store):
    stored = store()
    grow_old(on_disk(stored), days=400)
    half = Path(files.storage().location) / "incoming" / "tmpkilled"
    half.write_bytes(b"half")
    assert tasks.sweep_orphan_files() == 0
    grow_old(half)
    assert tasks.sweep_orphan_files() == 1
    assert files.read_file(stored) == b"results"


def test_bytes_set_aside_by_a_sweep_that_was_killed_go_back_when_a_row_names_them(store):
    stored = store()
    aside = Path(files.storage().location) / "aside"
    aside.mkdir()
    grow_old(on_disk(stored))
    on_disk(stored).rename(aside / stored.sha256)
    assert tasks.sweep_orphan_files() == 0
    assert files.read_file(stored) == b"results"


def test_storing_again_renews_an_orphan_so_that_no_sweep_takes_it_from_under_its_new_row(store):
    orphan = rolled_back(store)
    grow_old(on_disk(orphan))
    stored = store()
    assert tasks.sweep_orphan_files() == 0
    assert files.read_file(stored) == b"results"


def test_a_damaged_or_lost_file_is_written_down(store):
    sound, damaged, lost = store(b"sound"), store(b"damaged"), store(b"lost")
    on_disk(damaged).write_bytes(b"damagee")
    on_disk(lost).unlink()
    assert tasks.verify_files() == {"checked": 3, "damaged": 2}
    found = {check.file: (check.intact, check.found_sha256) for check in FileCheck.objects.all()}
    assert found[sound] == (True, sound.sha256)
    assert found[damaged] == (False, hashlib.sha256(b"damagee").hexdigest())
    assert found[lost] == (False, "")
    with pytest.raises(FileNotFoundError):
        files.open_file(lost)


def test_storing_the_same_bytes_again_heals_damaged_ones(store):
    stored = store()
    on_disk(stored).write_bytes(b"rotten!")
    assert not files.verify_file(stored, now()).intact
    store()
    assert files.verify_file(stored, now()).intact


def test_each_file_is_checked_again_a_week_later_and_the_longest_unchecked_first(store):
    first, second = store(b"1"), store(b"2")
    start = now()
    assert files.verify_due_files(at=start, limit=1)["checked"] == 1
    assert FileCheck.objects.get().file == first
    assert files.verify_due_files(at=start + dt.timedelta(days=1))["checked"] == 1
    assert files.verify_due_files(at=start + dt.timedelta(days=2))["checked"] == 0
    assert files.verify_due_files(at=start + dt.timedelta(days=7), limit=5)["checked"] == 1
    assert FileCheck.objects.filter(file=second).count() == 1


def test_rows_that_share_bytes_are_each_checked_by_one_reading(store, monkeypatch):
    store(), store()
    readings: list[str] = []
    real = files._hash_on_disk

    def counted(sha256: str) -> str:
        readings.append(sha256)
        return real(sha256)

    monkeypatch.setattr(files, "_hash_on_disk", counted)
    assert files.verify_due_files(at=now()) == {"checked": 2, "damaged": 0}
    assert len(readings) == 1


@pytest.mark.services
@pytest.mark.usefixtures("postgres_only", "transactional_db")
def test_the_same_bytes_stored_by_many_at_once_while_sweeping_are_never_lost(store):
    """Orphans of the same bytes are swept the whole time, with no age to protect them but their own."""
    stop = threading.Event()
    kept: list[StoredFile] = []
    faults: list[BaseException] = []

    def guarded(work):
        def run():
            try:
                work()
            except BaseException as fault:
                faults.append(fault)
            finally:
                connection.close()

        return run

    def put() -> None:
        for number in range(40):
            kept.append(store(f"content {number % 5}".encode()))

    def sweep() -> None:
        while not stop.is_set():
            files.sweep_orphans(at=now(), age=dt.timedelta(seconds=2))

    sweeper = threading.Thread(target=guarded(sweep))
    writers = [threading.Thread(target=guarded(put)) for _ in range(4)]
    for thread in (sweeper, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    sweeper.join()
    assert not faults
    for stored in kept:
        assert hashlib.sha256(files.read_file(stored)).hexdigest() == stored.sha256
