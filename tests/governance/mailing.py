"""What the tests of notices share: notices quickly given, and the product pointed at a mail server of the test's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from svtad.governance import actions
from svtad.governance.models import Delivery, Notice
from svtad.governance.queries.recipients import Addressee
from svtad.lib.clock import now
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Person
from tests.factories import MAKER
from tests.ops.mail import MailServer


def point_at(settings: Any, server: MailServer) -> None:
    """Let the product send its mail to `server`, with short pauses."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = server.port
    settings.EMAIL_TIMEOUT = 5
    settings.DEFAULT_FROM_EMAIL = "Testing Governance <notices@testing.example.org>"
    settings.NOTICE_RETRY_SECONDS = 0.01
    settings.NOTICE_RETRY_LONGEST_SECONDS = 0.05


def addressed_to(person: Person) -> Addressee:
    """Return the addressee that a person is."""
    return Addressee(key=f"person:{person.public_id}", told_as="TAG", name=person.name, person=person)


def give(*people: Person, what: str = "Something", is_required: bool = True, **more: Any) -> Notice:
    """Give a notice to these people, for the eyes of those who govern."""
    values: dict[str, Any] = {
        "what": what,
        "text": "In so many words.",
        "addressees": [addressed_to(person) for person in people],
        "audience": audience_of(*GOVERNANCE),
        "is_required": is_required,
        "document": "SVTAD",
        "version": "1.23",
        "clause": "13.20",
        "by": MAKER,
        "at": now(),
    }
    return actions.notify(**values | more)


def states(notice: Notice) -> list[str]:
    """Return the states of a notice's deliveries, in order."""
    return list(Delivery.objects.filter(notice=notice).order_by("pk").values_list("state", flat=True))


def recipients(deliveries: Sequence[Delivery]) -> list[str]:
    """Return whom deliveries are for, in order."""
    return [delivery.recipient for delivery in deliveries]


def london(day: int, hour: int, minute: int = 0, *, month: int = 3) -> dt.datetime:
    """Return a moment of 2026 in London's winter or summer time."""
    from svtad.lib.clock import LONDON

    return dt.datetime(2026, month, day, hour, minute, tzinfo=LONDON).astimezone(dt.UTC)
