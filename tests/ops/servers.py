"""Throwaway PostgreSQL and Redis on random loopback ports, gone when their owner is.

Only the standard library: `script/servers` runs this before there is a virtual environment.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60.0
_MEMORY = "/dev/shm"
_MEMORY_ROOM = 4 * 1024**3


class ServerError(RuntimeError):
    """A server could not be found or did not start; the text says which and why."""


def free_port() -> int:
    """Return a loopback port that nothing listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with_parent(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, number)


def _find(program: str) -> str | None:
    """Return the newest server binary of that name: Debian keeps PostgreSQL's off the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: float(path.parts[-3]))
    return str(versions[-1]) if versions else shutil.which(program)


def missing() -> list[str]:
    """Return which of the two servers this machine does not have."""
    wanted = {"PostgreSQL": _find("initdb"), "Redis": shutil.which("redis-server")}
    return [name for name, path in wanted.items() if path is None]


@dataclass
class Server:
    """One running server: where it listens, and how to stop, kill or start it again."""

    name: str
    url: str
    port: int
    command: list[str]
    user: str | None
    log: Path
    stop_signal: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it (again), and return when it answers. Raises ServerError with its log's end."""
        group = pwd.getpwnam(self.user).pw_gid if self.user else None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=lambda: _die_with_parent(signal.SIGQUIT),
                user=self.user,
                group=group,
                extra_groups=[] if self.user else None,
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            if self._answers():
                # Somebody else may have taken the port meanwhile; then this process is about to give up.
                time.sleep(0.05)
                if self.process.poll() is None:
                    return
            time.sleep(0.05)
        self.kill()
        raise ServerError(f"{self.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}")

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as link:
                link.settimeout(2)
                if self.name == "Redis":
                    link.sendall(b"PING\r\n")
                    return link.recv(64).startswith(b"+PONG")
                # PostgreSQL accepts connections before it serves them; an SSL request is answered once it does.
                link.sendall(b"\x00\x00\x00\x08\x04\xd2\x16\x2f")
                return link.recv(1) in (b"N", b"S")
        except OSError:
            return False

    def stop(self, *, number: int | None = None) -> None:
        """Ask it to stop (`number`: with which signal) and wait; kill it after 20 s."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number or self.stop_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """End the whole of it at once, as a power cut would."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@contextlib.contextmanager
def postgres(*, durable: bool = False) -> Iterator[Server]:
    """A PostgreSQL cluster of its own. Without `durable` it trusts the machine not to lose power."""
    initdb, binary = _find("initdb"), _find("postgres")
    if initdb is None or binary is None:
        raise ServerError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    # initdb refuses root.
    user = "postgres" if os.geteuid() == 0 else None
    with _place("svtad-pg-", user, in_memory=not durable) as place:
        password = secrets.token_hex(16)
        secret = place / "password"
        secret.write_text(password)
        if user:
            shutil.chown(secret, user)
        made = subprocess.run(
            [initdb, "--pgdata", place / "data", "--username", "svtad", "--pwfile", secret, "--auth", "scram-sha-256",
             "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions"],
            capture_output=True, text=True, user=user, cwd=place, check=False,
        )  # fmt: skip
        if made.returncode:
            raise ServerError(f"initdb failed:\n{made.stdout}{made.stderr}")
        secret.unlink()
        port = free_port()
        options = ["listen_addresses=127.0.0.1", f"unix_socket_directories={place}", "max_connections=100",
                   "shared_buffers=256MB", "log_min_messages=warning"]  # fmt: skip
        if not durable:
            options += ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off",
                        "wal_level=minimal", "max_wal_senders=0", "checkpoint_timeout=1h"]  # fmt: skip
        command = [binary, "-D", str(place / "data"), "-p", str(port), *(f"--{option}" for option in options)]
        url = f"postgres://svtad:{password}@127.0.0.1:{port}/postgres"
        server = Server("PostgreSQL", url, port, command, user, place / "log", signal.SIGINT)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def redis(*, aof: bool = False) -> Iterator[Server]:
    """A Redis of its own; with `aof` it keeps every write, as the product asks for in earnest."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise ServerError("Redis is not installed (Debian: apt-get install redis-server)")
    with _place("svtad-redis-", None) as place:
        port = free_port()
        command = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(place), "--save", "",
                   "--appendonly", "yes" if aof else "no", "--appendfsync", "always", "--daemonize", "no"]  # fmt: skip
        server = Server("Redis", f"redis://127.0.0.1:{port}/0", port, command, None, place / "log", signal.SIGTERM)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextlib.contextmanager
def _place(prefix: str, user: str | None, *, in_memory: bool = False) -> Iterator[Path]:
    """A directory for one server; `in_memory` where there is room, because emptying tables makes many files."""
    parent = os.environ.get("SVTAD_SERVERS_DIR")
    if parent is None and in_memory and os.path.isdir(_MEMORY) and shutil.disk_usage(_MEMORY).free > _MEMORY_ROOM:
        parent = _MEMORY
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        if user:
            shutil.chown(path, user)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(command: list[str], *, aof: bool, durable: bool) -> int:
    """Run `command` with DATABASE_URL and REDIS_URL of throwaway servers; return its exit code.

    A variable that is set already is left as it is, and no server is started for it.
    """
    environment = dict(os.environ)
    with contextlib.ExitStack() as stack:
        if not environment.get("DATABASE_URL"):
            environment["DATABASE_URL"] = stack.enter_context(postgres(durable=durable)).url
        if not environment.get("REDIS_URL"):
            environment["REDIS_URL"] = stack.enter_context(redis(aof=aof)).url
        child = subprocess.Popen(command, env=environment)
        # Ctrl-C reaches the whole foreground group by itself; SIGTERM has to be handed on.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGHUP, lambda *_: child.terminate())
        code = child.wait()
    return 128 - code if code < 0 else code


def main(arguments: list[str]) -> int:
    """`script/servers run [--aof] [--durable] -- COMMAND …`."""
    parser = argparse.ArgumentParser(prog="script/servers", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    runner = actions.add_parser("run", help="run a command with DATABASE_URL and REDIS_URL of throwaway servers")
    runner.add_argument("--aof", action="store_true", help="Redis keeps every write")
    runner.add_argument("--durable", action="store_true", help="PostgreSQL waits for the disk")
    runner.add_argument("command", nargs="+", metavar="-- COMMAND")
    given = parser.parse_args(arguments)
    try:
        return run(given.command, aof=given.aof, durable=given.durable)
    except ServerError as error:
        print(f"script/servers: {error}", file=sys.stderr)
        return 1
