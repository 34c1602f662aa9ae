"""The product's own processes, started as the product starts them, for tests that need the real thing."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0


class Process:
    """A child in a session of its own, its output in a file, ended with everything it started."""

    def __init__(self, command: list[str], *, log: Path, environment: dict[str, str]) -> None:
        self.command = command
        self.log = log
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """The process id of the one that was started (its children have others)."""
        assert self.process is not None, "not started"
        return self.process.pid

    def start(self, *, until: str) -> None:
        """Start it and return once `until` stands in its log; fail with the log's end if it does not."""
        before = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.alive:
            if until in self.log.read_bytes()[before:].decode("utf-8", "replace"):
                return
            time.sleep(0.05)
        text = self.log.read_text(errors="replace")[-3000:]
        self.kill()
        raise AssertionError(f"{self.command[2:5]} did not come up:\n{text}")

    def stop(self) -> None:
        """Ask it to stop; kill what is left after 15 s."""
        if self.process is None:
            return
        if self.alive:
            self.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(15)
        self.kill()

    def kill(self) -> None:
        """kill -9 the process and everything it started, as a machine that loses power would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def environment_of_the_test() -> dict[str, str]:
    """Return the environment in which a child sees this test's database, broker and files."""
    environment = dict(os.environ, DJANGO_SETTINGS_MODULE="svtad.config.settings", PYTHONUNBUFFERED="1")
    environment["LOG_LEVEL"] = "INFO"
    environment["LOG_FORMAT"] = "console"
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        environment["DATABASE_URL"] = f"sqlite:///{database['NAME']}"
    else:
        environment["DATABASE_URL"] = (
            f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
            f"/{database['NAME']}"
        )
    return environment


def celery(*arguments: str, log: Path) -> Process:
    """Return an unstarted Celery process of the product: `celery("worker", "--concurrency", "1", log=…)`."""
    command = [sys.executable, "-m", "celery", "--quiet", "--app", "svtad.config", "--skip-checks", *arguments]
    return Process(command, log=log, environment=environment_of_the_test())


def new_worker(*, log: Path, concurrency: int = 1, include: str = "") -> Process:
    """Return an unstarted worker, with a module of the tests in it if so; start it with `until="ready."`."""
    more = ("--include", include) if include else ()
    return celery(
        "worker", "--concurrency", str(concurrency), "--loglevel", "INFO", "--without-gossip", "--without-mingle",
        *more, log=log,
    )  # fmt: skip
