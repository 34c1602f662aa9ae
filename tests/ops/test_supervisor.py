"""The supervisor behind script/server: it revives what dies, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from svtad.config.supervisor import Child, Supervisor, main
from tests.ops.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
#: Three toy children under the real supervisor: one that lives, one that dies young, one with a child of its own.
TOYS = """
import sys
from svtad.config import supervisor
from svtad.config.supervisor import Child, Supervisor
supervisor.HEAD_START_SECONDS = 0.2
py = [sys.executable, "-u", "-c"]
Supervisor([
    Child("steady", py + ["import time; print('steady up', flush=True); time.sleep(600)"]),
    Child("frail", py + ["print('frail up'); raise SystemExit(3)"]),
    Child("parent", py + ["import subprocess, time; p = subprocess.Popen(['sleep', '601']); "
                          "print('grandchild', p.pid, flush=True); time.sleep(600)"]),
]).run(health_url="http://127.0.0.1:9/", banner="")
"""


def _until(what: Callable[[], object], *, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _children(pid: int) -> dict[str, int]:
    """Return the supervisor's children by the word that tells them apart."""
    found = {}
    for line in subprocess.run(["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True,
                               check=False).stdout.splitlines():  # fmt: skip
        number, _, command = line.strip().partition(" ")
        for word in ("gunicorn", "worker", "beat"):
            if f" {word}" in command:
                found[word] = int(number)
    return found


@pytest.fixture
def toys(tmp_path):
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-c", TOYS], cwd=ROOT, stdout=out, stderr=out)
    # The first toy never answers, so the others start when its head start is over.
    _until(lambda: "grandchild" in log.read_text() and "steady up" in log.read_text())
    grandchild = int(re.findall(r"grandchild (\d+)", log.read_text())[0])
    yield process, log, grandchild
    process.kill()
    process.wait()
    if _alive(grandchild):
        os.kill(grandchild, signal.SIGKILL)


def test_a_child_that_dies_young_is_started_again_and_waits_longer_each_time(toys):
    _, log, _ = toys
    said = re.compile(r"frail ended \(exit 3\); starting it again in ([\d.]+) s")
    _until(lambda: len(said.findall(log.read_text())) >= 3)
    waits = [float(wait) for wait in said.findall(log.read_text())]
    assert waits[:3] == [0.5, 1.0, 2.0]
    assert log.read_text().count("steady up") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_stop_it_stops_everything_and_says_so(toys, number):
    process, log, grandchild = toys
    process.send_signal(number)
    assert process.wait(20) == 0
    assert log.read_text().endswith("server | stopped\n")
    _until(lambda: not _alive(grandchild))


def test_a_dead_childs_own_children_are_swept_before_it_is_started_again(toys):
    process, log, grandchild = toys
    parent = int(Path(f"/proc/{grandchild}/stat").read_text().rsplit(")", 1)[1].split()[1])
    os.kill(parent, signal.SIGKILL)
    _until(lambda: log.read_text().count("grandchild") == 2)
    assert not _alive(grandchild)
    assert "parent ended (signal SIGKILL)" in log.read_text()
    process.terminate()
    process.wait(20)


def test_a_taken_port_is_said_at_once(tmp_path, capsys):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--data-dir", str(tmp_path), "--port", str(port)]) == 1
    assert f"cannot listen on 127.0.0.1:{port}" in capsys.readouterr().err


def test_a_second_server_on_the_same_data_is_refused(tmp_path, capsys):
    import fcntl

    with (tmp_path / "server.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["--data-dir", str(tmp_path), "--port", "0"]) == 1
    assert "already runs" in capsys.readouterr().err


def test_a_line_without_an_end_is_printed_all_the_same(tmp_path, capfd):
    import selectors

    child = Child("one", [sys.executable, "-c", "print('half', end='')"])
    with selectors.DefaultSelector() as selector:
        supervisor = Supervisor([child])
        supervisor.selector = selector
        child.start(selector)
        assert child.process is not None
        child.process.wait()
        while child.relay():
            pass
        supervisor._forget(child)
    assert capfd.readouterr().out == "one    | half\n"


class Served:
    """script/server as somebody runs it, on a data directory and a port of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.port, self.log = data, free_port(), data.with_suffix(".log")
        self.process: Any = None

    def start(self, *, seconds: float = 120.0) -> float:
        """Start it and return the seconds until the first page."""
        environment = {
            k: v for k, v in os.environ.items() if k not in ("SECRET_KEY", "DJANGO_SETTINGS_MODULE", "ALLOWED_HOSTS")
        }
        environment |= {"SVTAD_DATA_DIR": "/nowhere", "LOG_LEVEL": "INFO"}
        started = time.monotonic()
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [ROOT / "script" / "server", "--no-demo", "--port", str(self.port), "--data-dir", str(self.data)],
                stdout=out, stderr=out, env=environment, start_new_session=True,
            )  # fmt: skip
        _until(lambda: self.answers() or self.process.poll() is not None, seconds=seconds)
        assert self.process.poll() is None, self.log.read_text()
        return time.monotonic() - started

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(30)


@pytest.fixture
def served(tmp_path):
    server = Served(tmp_path / "data")
    yield server
    server.stop()


def test_script_server_serves_survives_a_killed_worker_and_stops_without_a_trace(served):
    served.start()
    _until(lambda: "Ready at" in served.log.read_text())
    _until(lambda: len(_children(served.process.pid)) == 3)
    before = _children(served.process.pid)
    assert set(before) == {"gunicorn", "worker", "beat"}
    _until(lambda: " ready." in served.log.read_text())

    os.kill(before["worker"], signal.SIGKILL)
    _until(lambda: served.log.read_text().count(" ready.") >= 2)
    after = _children(served.process.pid)
    assert after["worker"] != before["worker"]
    assert (after["gunicorn"], after["beat"]) == (before["gunicorn"], before["beat"])
    assert served.answers()

    served.stop()
    assert served.process.returncode == 0
    assert not any(_alive(pid) for pid in [*before.values(), *after.values()])
    assert "Traceback" not in served.log.read_text()

    # The second start does nothing anew: the first page comes in under five seconds (of a machine that is
    # not busy with other things as well).
    stamps = {path.name: path.stat().st_mtime_ns for path in (served.data / "stamps").iterdir()}
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert served.start(seconds=60) < 5 * busy
    assert {path.name: path.stat().st_mtime_ns for path in (served.data / "stamps").iterdir()} == stamps
    assert set(stamps) == {"migrated", "static"}
    _until(lambda: len(_children(served.process.pid)) == 3)
    survivors = _children(served.process.pid)
    served.process.kill()  # kill -9 of the supervisor itself: the kernel tells the children
    served.process.wait()
    _until(lambda: not any(_alive(pid) for pid in survivors.values()))


def test_reset_asks_first_and_throws_away_only_what_the_server_made(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "svtad.sqlite3").write_text("rows")
    (data / "mine.txt").write_text("keep")
    refused = subprocess.run(
        [ROOT / "script" / "server", "--reset", "--data-dir", data],
        input="no\n",
        text=True,
        capture_output=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "Nothing was thrown away" in refused.stdout
    assert (data / "svtad.sqlite3").exists()


def test_an_unknown_option_is_refused_with_the_usage():
    ran = subprocess.run([ROOT / "script" / "server", "--prot", "1"], text=True, capture_output=True, check=False)
    assert ran.returncode == 2
    assert "unknown option --prot" in ran.stderr
    assert "--port" in ran.stderr
