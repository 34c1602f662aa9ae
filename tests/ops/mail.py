"""A mail server of the tests' own: it keeps what it takes, and fails where a test wants it to.

    with MailServer() as server: ...                     # in this process, on a thread
    server = MailProcess(folder, log=…); server.start()  # a process that can be killed and started again

Only the standard library. What is taken is written down before the answer goes out, as a mail server does it; a
failure is planned by step (`connect`, `mail`, `rcpt`, `data`, `end`): a reply of its own ("450 Later"), "drop" (the
connection ends; at `end` the message was taken and the answer is lost), "lose" (at `end`: it ends and nothing was
taken) or "hang" (no answer until the server stops).
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import email
import json
import os
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 20.0
#: Tells for a step ("rcpt"), how often it came, and its argument, what is to happen; None is what usually happens.
Plan = Callable[[str, int, str], str | None]


@dataclass(frozen=True)
class Taken:
    """A message that the server took."""

    recipient: str
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message as a mail program reads it."""
        return email.message_from_bytes(self.content, policy=default)

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])


class _Dropped(Exception):
    """The conversation ends here."""


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        with contextlib.suppress(_Dropped, OSError):
            self._converse()

    def _converse(self) -> None:
        self._answer("connect", "", "220 mail.test")
        recipient = ""
        while line := self.rfile.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            match verb.upper():
                case "EHLO" | "HELO":
                    self._say("250 mail.test")
                case "MAIL":
                    self._answer("mail", rest, "250 OK")
                case "RCPT":
                    recipient = rest.partition("<")[2].partition(">")[0]
                    self._answer("rcpt", recipient, "250 OK")
                case "DATA":
                    if self._answer("data", recipient, "354 Go on"):
                        self._end(recipient, self._read_message())
                case "RSET" | "NOOP":
                    self._say("250 OK")
                case "QUIT":
                    self._say("221 Bye")
                    return
                case _:
                    self._say("502 What?")

    def _read_message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise _Dropped
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _end(self, recipient: str, content: bytes) -> None:
        wanted = self.server.happens("end", recipient)
        if wanted in (None, "drop", "hang"):
            number = self.server.keep(Taken(recipient, content))
            wanted = wanted or f"250 Taken as number {number}"
        self._do(wanted)

    def _answer(self, step: str, argument: str, usual: str) -> bool:
        """Give the usual answer unless another is planned; return whether it was the usual one."""
        wanted = self.server.happens(step, argument)
        self._do(wanted or usual)
        return wanted is None

    def _do(self, wanted: str) -> None:
        if wanted in ("drop", "lose"):
            self.request.shutdown(socket.SHUT_RDWR)
            raise _Dropped
        if wanted == "hang":
            self.server.stopping.wait(60)
            raise _Dropped
        self._say(wanted)

    def _say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")


@dataclass
class MailServer(socketserver.ThreadingTCPServer):
    """The server; `taken` is what it took, in order, and `store` a file that keeps it beyond the process."""

    plan: Plan | None = None
    store: Path | None = None
    listen_on: int = 0
    taken: list[Taken] = field(default_factory=list)

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __post_init__(self) -> None:
        self.stopping = threading.Event()
        self.steps: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", self.listen_on), _Conversation)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def happens(self, step: str, argument: str) -> str | None:
        """Count a step and return what is planned for it."""
        with self._lock:
            self.steps[step] += 1
            return self.plan(step, self.steps[step], argument) if self.plan else None

    def keep(self, taken: Taken) -> int:
        """Write a message down; return its number."""
        with self._lock:
            self.taken.append(taken)
            if self.store is not None:
                line = json.dumps([taken.recipient, base64.b64encode(taken.content).decode()])
                with self.store.open("a") as file:
                    file.write(line + "\n")
                    file.flush()
                    os.fsync(file.fileno())
            return len(self.taken)

    def __enter__(self) -> MailServer:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True, name="mail server").start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()


@dataclass
class MailProcess:
    """The server in a process of its own, always on the same port, its store in `folder`.

    `drop_every` loses the answer to every so-manieth message that it takes; each costs it `delay` seconds.
    """

    folder: Path
    port: int
    drop_every: int = 0
    delay: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def _store(self) -> Path:
        return self.folder / "taken.jsonl"

    def start(self) -> None:
        """Start it (again) and return once it answers."""
        command = [sys.executable, "-m", "tests.ops.mail", "--port", str(self.port), "--store", str(self._store)]
        command += ["--drop-every", str(self.drop_every), "--delay", str(self.delay)]
        self.process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        self.kill()
        raise AssertionError("the mail server did not come up")

    def kill(self) -> None:
        """kill -9: whatever it was saying is not said."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def taken(self) -> list[Taken]:
        """What it took, in order, over all its lives. A line that a kill cut short was never taken."""
        if not self._store.exists():
            return []
        lines = self._store.read_text().split("\n")[:-1]
        return [Taken(recipient, base64.b64decode(content)) for recipient, content in map(json.loads, lines)]


def main(arguments: list[str]) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--drop-every", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    given = parser.parse_args(arguments)

    def plan(step: str, number: int, argument: str) -> str | None:
        if step != "end":
            return None
        time.sleep(given.delay)
        return "drop" if given.drop_every and number % given.drop_every == 0 else None

    MailServer(plan=plan, store=given.store, listen_on=given.port).serve_forever(0.05)


if __name__ == "__main__":
    main(sys.argv[1:])
