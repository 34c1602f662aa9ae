"""The small supervisor behind `script/server`: web, worker and Beat as three children.

It prefixes their lines, restarts one that dies (waiting longer each time it dies young), and stops
all of them on SIGINT or SIGTERM, leaving none behind. One thread, no imports of Django: it starts at once.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import fcntl
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

#: A child that lived this many seconds did not die of its start: the next wait is short again.
HEALTHY_SECONDS = 30.0
LONGEST_WAIT = 30.0
#: How long a child may take to stop by itself before its whole process group is killed.
GRACE_SECONDS = 10.0
#: How long worker and Beat wait for the web at most.
HEAD_START_SECONDS = 5.0
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """Ask the kernel to end this child when the supervisor itself is killed (Linux only).

    With SIGKILL: one SIGTERM can be lost while a child starts, and nobody is left to send another.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass
class Child:
    """One kept process: its command, and what is known of its present life."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    next_start: float = 0.0
    wait: float = 0.5
    half_line: bytes = field(default=b"")

    def start(self, selector: selectors.BaseSelector) -> None:
        """Start the command in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )
        assert self.process.stdout is not None  # noqa: S101
        os.set_blocking(self.process.stdout.fileno(), False)
        selector.register(self.process.stdout, selectors.EVENT_READ, self)
        self.started = time.monotonic()

    def relay(self) -> bool:
        """Print what the child wrote, each whole line under its name. False at the end of its output."""
        assert self.process is not None  # noqa: S101
        assert self.process.stdout is not None  # noqa: S101
        chunk = self.process.stdout.read(65536)
        if chunk is None:
            return True
        *lines, self.half_line = (self.half_line + chunk).split(b"\n")
        if not chunk and self.half_line:
            lines, self.half_line = [self.half_line], b""
        for line in lines:
            say(line.decode("utf-8", "replace"), name=self.name)
        return bool(chunk)

    def sweep(self) -> None:
        """Kill whatever is left of the child's process group (a dead worker's pool, say)."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def say(line: str, *, name: str = "server") -> None:
    """Print one line under the name of who says it."""
    sys.stdout.write(f"{name:<6} | {line}\n")
    sys.stdout.flush()


class Supervisor:
    """Keeps its children alive until it is told to stop."""

    def __init__(self, children: list[Child]) -> None:
        self.children = children
        self.selector = selectors.DefaultSelector()
        self.stops = 0

    def run(self, *, health_url: str, banner: str) -> None:
        """Start everything, print `banner` when `health_url` first answers, and keep going until a signal."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        # The first child serves people: the others wait until it answers, so that it has the machine to itself.
        first, *others = self.children
        first.start(self.selector)
        for child in others:
            child.next_start = time.monotonic() + HEAD_START_SECONDS
        greeted = False
        try:
            while not self.stops:
                self._relay(timeout=0.1 if not greeted else 0.5)
                self._revive()
                if not greeted and _answers(health_url):
                    greeted = True
                    for child in others:
                        child.next_start = 0.0
                    sys.stdout.write(banner)
                    sys.stdout.flush()
        finally:
            self._stop()

    def _on_signal(self, number: int, frame: object) -> None:
        self.stops += 1

    def _relay(self, *, timeout: float) -> None:
        for key, _ in self.selector.select(timeout):
            if not key.data.relay():
                self.selector.unregister(key.fileobj)

    def _revive(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is None:
                if now >= child.next_start:
                    child.start(self.selector)
                continue
            code = child.process.poll()
            if code is None:
                continue
            if now - child.started > HEALTHY_SECONDS:
                child.wait = 0.5
            say(f"{child.name} ended ({_how(code)}); starting it again in {child.wait:g} s")
            child.sweep()
            self._forget(child)
            child.next_start = now + child.wait
            child.wait = min(child.wait * 2, LONGEST_WAIT)

    def _forget(self, child: Child) -> None:
        if child.process is not None and child.process.stdout is not None:
            if child.process.stdout in {key.fileobj for key in self.selector.get_map().values()}:
                while child.relay() and child.half_line:
                    pass
                self.selector.unregister(child.process.stdout)
            child.process.stdout.close()
        child.process = None

    def _stop(self) -> None:
        say("stopping")
        alive = [child for child in self.children if child.process is not None]
        for child in alive:
            if child.process is not None:
                child.process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        asked = self.stops
        while time.monotonic() < deadline and self.stops == asked:
            self._relay(timeout=0.1)
            if all(child.process is None or child.process.poll() is not None for child in alive):
                break
        for child in alive:
            child.sweep()
            if child.process is not None:
                child.process.wait()
        self._relay(timeout=0)
        say("stopped")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:  # noqa: S310
            return bool(response.status == 200)
    except OSError:
        return False


def _how(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit {code}"


def children_for(*, host: str, port: int, concurrency: int) -> list[Child]:
    """Return the three children that serve on `host:port` with `concurrency` worker processes."""
    python = [sys.executable, "-m"]
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    celery = [*python, "celery", "--quiet", "--app", "svtad.config", "--skip-checks"]
    return [
        Child("web", [*python, "gunicorn", "--config", "python:svtad.config.gunicorn", "--bind", address]),
        Child("worker", [*celery, "worker", "--concurrency", str(concurrency), "--loglevel", "WARNING",
                         "--without-gossip", "--without-mingle", "--without-heartbeat"]),
        # Its own process: a worker with `-B` leaves an orphan Beat behind when it is killed.
        Child("beat", [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]),
    ]  # fmt: skip


def main(arguments: list[str]) -> int:
    """Serve until told to stop. Returns 1 when the port or the data directory is taken."""
    parser = argparse.ArgumentParser(prog="python -m svtad.config.supervisor", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--banner", type=Path, help="a text file to print once the server answers")
    parser.add_argument("--concurrency", type=int, default=2)
    given = parser.parse_args(arguments)

    lock = (given.data_dir / "server.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.stderr.write(f"script/server: a server already runs on {given.data_dir}\n")
        return 1
    family = socket.AF_INET6 if ":" in given.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((given.host, given.port))
        except OSError as error:
            sys.stderr.write(f"script/server: cannot listen on {given.host}:{given.port}: {error.strerror}\n")
            return 1

    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(given.host, given.host)  # noqa: S104
    address = f"http://{f'[{near}]' if ':' in near else near}:{given.port}/"
    text = given.banner.read_text(encoding="utf-8") if given.banner and given.banner.exists() else ""
    banner = f"\n  Ready at {address}   (Ctrl-C stops it)\n\n{text}\n"
    children = children_for(host=given.host, port=given.port, concurrency=given.concurrency)
    Supervisor(children).run(health_url=f"{address}healthz", banner=banner)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
