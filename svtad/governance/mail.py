"""Handing an e-mail to the mail server, with a plain answer: taken, not now, refused, or nobody knows.

Django's settings say which server (EMAIL_URL). The conversation itself is led here command by command: only where
the end of the message had been sent and no answer came back may the message have been taken, and only then is the
outcome uncertain. A conversation is cut off before its lease is over, so that two never send the same message.
"""

from __future__ import annotations

import re
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.core.mail.backends.smtp import EmailBackend

from svtad.governance.models.notices import AttemptOutcome

SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
#: Seconds that the server is given for each answer, where EMAIL_TIMEOUT says nothing.
PATIENCE = 20.0
#: The longest part of a server's answer that is kept.
_LONGEST = 1000
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Unreachable(Exception):
    """No mail server answered, or it did not let us in. Its text says what happened."""


@dataclass(frozen=True)
class Answer:
    """What came of one hand-over, and what the server said."""

    outcome: str
    text: str


def is_configured() -> bool:
    """Return whether a mail server is named: without one, deliveries wait."""
    return settings.EMAIL_BACKEND == SMTP_BACKEND and bool(settings.EMAIL_HOST)


def server_name() -> str:
    """Return the mail server's name and port, for those who look after it."""
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"


class PostOffice:
    """One conversation with the mail server, for as many messages as it takes."""

    def __init__(self, backend: EmailBackend, smtp: smtplib.SMTP) -> None:
        self._backend = backend
        self._smtp = smtp
        self.is_open = True

    @classmethod
    def open(cls) -> Self:
        """Return an open conversation. Raises Unreachable."""
        backend = EmailBackend(timeout=settings.EMAIL_TIMEOUT or PATIENCE)
        try:
            backend.open()
            smtp = backend.connection
            if smtp is None:
                raise Unreachable(f"{server_name()}: no connection")
            smtp.ehlo_or_helo_if_needed()
        except (OSError, ValueError) as fault:  # a name that is none, a server away or strange, a wrong password
            with suppress(OSError):
                backend.close()
            raise Unreachable(f"{server_name()}: {_said(fault)}") from fault
        return cls(backend, smtp)

    def hand_over(self, *, sender: str, address: str, content: bytes, seconds: float) -> Answer:
        """Hand one message over and return what came of it; the conversation is over after `seconds`.

        Any answer to the message itself decides; a lost connection before its end means that it was not taken.
        """
        smtp = self._smtp
        with _cut_off(smtp, seconds):
            try:
                refused = self._refused_before_end(sender, address, content)
            except (OSError, ValueError) as fault:
                self.close()
                return Answer(AttemptOutcome.DEFERRED, f"Before the message was sent: {_said(fault)}")
            if refused is not None:
                self._clear()
                return refused
            try:
                smtp.send(b".\r\n")
                code, text = smtp.getreply()
            except OSError as fault:
                self.close()
                return Answer(AttemptOutcome.UNCERTAIN, f"After the message was sent: {_said(fault)}")
        if code == 421:
            self.close()
        answer = _answer(code, text)
        if 200 <= code < 300:
            return Answer(AttemptOutcome.SENT, answer)
        if code < 0:  # something that is no answer: the message may lie there
            self.close()
            return Answer(AttemptOutcome.UNCERTAIN, f"After the message was sent: {answer}")
        return Answer(AttemptOutcome.REFUSED if code >= 500 else AttemptOutcome.DEFERRED, answer)

    def close(self) -> None:
        """End the conversation."""
        if self.is_open:
            self.is_open = False
            with suppress(OSError):
                self._smtp.close()

    def _refused_before_end(self, sender: str, address: str, content: bytes) -> Answer | None:
        """Send everything but the message's end; return the server's refusal, or None where it wants the end."""
        smtp = self._smtp
        code, text = smtp.mail(sender)
        if code != 250:  # that is about us, not about this recipient: it may be put right
            return Answer(AttemptOutcome.DEFERRED, f"Sender: {_answer(code, text)}")
        code, text = smtp.rcpt(address)
        if code not in (250, 251):
            return Answer(_kind(code), f"Recipient: {_answer(code, text)}")
        code, text = smtp.docmd("DATA")
        if code != 354:
            return Answer(_kind(code), f"Message: {_answer(code, text)}")
        smtp.send(_in_transit(content))
        return None

    def _clear(self) -> None:
        """Make the conversation ready for the next message."""
        try:
            code, _ = self._smtp.rset()
        except OSError:
            code = -1
        if code != 250:
            self.close()


def _kind(code: int) -> str:
    return AttemptOutcome.REFUSED if 500 <= code < 600 else AttemptOutcome.DEFERRED


def _answer(code: int, text: bytes) -> str:
    said = text.decode("utf-8", "replace").replace("\x00", "").strip()[:_LONGEST]
    return f"{code} {said}" if code >= 0 else said


def _said(fault: BaseException) -> str:
    """Return in a line what a library's fault says."""
    if isinstance(fault, smtplib.SMTPResponseException):
        error = fault.smtp_error
        return _answer(fault.smtp_code, error if isinstance(error, bytes) else str(error).encode())
    text = " ".join(str(fault).replace("\x00", "").split())[:_LONGEST]
    return text or type(fault).__name__


def _in_transit(content: bytes) -> bytes:
    """Return a message as DATA wants it: CRLF everywhere, a dot at the start of a line doubled, CRLF at the end."""
    lines = _LINE_END.split(content)
    if lines and not lines[-1]:
        lines.pop()
    return b"".join(b"." + line + b"\r\n" if line.startswith(b".") else line + b"\r\n" for line in lines)


@contextmanager
def _cut_off(smtp: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Shut the connection down after `seconds`, whatever the server does: a trickle of bytes outwits a timeout."""
    sock = smtp.sock

    def cut() -> None:
        if sock is not None:
            with suppress(OSError):
                # The plain one: that of a TLS socket would pull its session from under the thread that reads.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
