"""The same call twice has one effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import IntegrityError, transaction

from svtad.lib.clock import now
from svtad.lib.errors import Refused
from svtad.parties.models import Person
from svtad.parties.models.idempotency import IdempotentCall

#: How long a call is remembered.
KEPT = dt.timedelta(days=7)

#: What a call was answered: its status, and its body as JSON text.
Answer = tuple[int, str]


def answer_once(
    *, person: Person, key: str, digest: str, act: Callable[[], Answer], at: dt.datetime | None = None
) -> tuple[Answer, bool]:
    """Do `act` unless the person's call of that key was done before; return its answer, and whether it is a repeat.

    The key is taken first, in the very transaction of the effect: a second call waits for the first, and then finds
    its answer; a call that fails leaves no key behind. Raises Refused for a key that came with another call.
    """
    try:
        with transaction.atomic():
            held = IdempotentCall.objects.create(person=person, key=key, digest=digest, recorded_at=at or now())
            status, body = act()
            IdempotentCall.objects.filter(pk=held.pk).update(status=status, body=body)
        return (status, body), False
    except IntegrityError:
        earlier = IdempotentCall.objects.filter(person=person, key=key).first()
        if earlier is None:
            raise
    if earlier.digest != digest:
        raise Refused("", "This Idempotency-Key came before with another call. Give each call a key of its own.")
    return (earlier.status, earlier.body), True


def forget_old_calls(*, at: dt.datetime) -> int:
    """Forget the calls that nobody will repeat any more; return how many."""
    gone, _ = IdempotentCall.objects.filter(recorded_at__lt=at - KEPT).delete()
    return gone
