"""Sending what waits: the Delivery row is the truth, a sweep takes what is due.

A sweep claims one delivery at a time by a lease (a token and a time, in one conditional UPDATE), hands it to the mail
server, and writes down the answer in a transaction that only the holder of the token can make. A worker that is
killed in between leaves a lease that runs out: what it was sending may have arrived, so it becomes uncertain and is
sent again under the same Message-ID. One sweep at a time talks to the mail server; where that does not answer,
nothing is held against the deliveries, and the next look comes later and later. Times are the database's: a machine
whose clock is wrong steals nothing.
"""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from email.errors import MessageError
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

from svtad.governance import mail
from svtad.governance.models import AttemptOutcome, Channel, Delivery, DeliveryAttempt, DeliveryState, MailRelay
from svtad.governance.rendering import Letter, NotToBeSent, letter_of
from svtad.lib.clock import now
from svtad.lib.ids import new_public_id

log = logging.getLogger(__name__)

#: Who writes down what the mail server said.
_BY = "Outbox"
#: How many due deliveries are looked up at once.
_AT_ONCE = 200
_DUE = (DeliveryState.QUEUED, DeliveryState.UNCERTAIN)
_LOST_WORKER = "The worker was lost while it was sending this: it may have arrived."


def lease_length() -> dt.timedelta:
    """Return how long a worker holds what it sends (setting NOTICE_LEASE_SECONDS, 120)."""
    return dt.timedelta(seconds=float(getattr(settings, "NOTICE_LEASE_SECONDS", 120)))


def most_attempts() -> int:
    """Return after how many attempts a delivery is given up (setting NOTICE_MAX_ATTEMPTS, 72: about three days)."""
    return int(getattr(settings, "NOTICE_MAX_ATTEMPTS", 72))


def pause_after(attempts: int) -> dt.timedelta:
    """Return how long to wait after that many attempts: doubled each time up to a cap, give or take a quarter."""
    first = float(getattr(settings, "NOTICE_RETRY_SECONDS", 30))
    longest = float(getattr(settings, "NOTICE_RETRY_LONGEST_SECONDS", 3600))
    return dt.timedelta(seconds=min(first * 2 ** min(attempts - 1, 30), longest) * random.uniform(0.75, 1.25))


def sweep_length() -> float:
    """Return for how many seconds a sweep sends before it leaves the rest to the next (NOTICE_SWEEP_SECONDS, 8)."""
    return float(getattr(settings, "NOTICE_SWEEP_SECONDS", 8))


def sweep() -> dict[str, int]:
    """Send what is due, for at most about `sweep_length()`; return the counts by outcome.

    Harmless when it runs twice, or twice at once. Without a mail server everything waits.
    """
    counts = {"lost": take_back_lost()}
    if not mail.is_configured() or not _due().exists():
        return counts
    token = _claim_relay()
    if token is None:
        return counts
    until = time.monotonic() + sweep_length()
    silent = ""
    try:
        while _talk(until, counts) and time.monotonic() < until and _due().exists():
            pass
    except mail.Unreachable as fault:
        log.warning("the mail server does not answer: %s", fault)
        silent = str(fault)
        counts["unreachable"] = 1
    finally:
        _release_relay(token, silent=silent)
    return counts


def _talk(until: float, counts: dict[str, int]) -> bool:
    """Hold one conversation with the mail server; return whether it broke off, so that another is wanted."""
    office = mail.PostOffice.open()
    try:
        drain(office, until=until, counts=counts)
        return not office.is_open
    finally:
        office.close()


def drain(office: mail.PostOffice, *, until: float, counts: dict[str, int]) -> None:
    """Send due deliveries through `office` until none is left, the connection is lost, or the time is over."""

    def is_over() -> bool:
        return not office.is_open or time.monotonic() > until

    while not is_over():
        pks = list(
            _due().order_by(F("next_attempt_at").asc(nulls_first=True), "pk").values_list("pk", flat=True)[:_AT_ONCE]
        )
        taken = 0
        for pk in pks:
            if is_over():
                return
            delivery = claim(pk)
            if delivery is None:
                continue  # another sweep was quicker
            taken += 1
            outcome = _send(delivery, office)
            counts[outcome] = counts.get(outcome, 0) + 1
        if not taken:
            return


def claim(pk: int) -> Delivery | None:
    """Take a delivery if it waits and is due; return it with its new token, or None where it is not to be had."""
    token = new_public_id()
    taken = (
        _due()
        .filter(pk=pk)
        .update(
            state=DeliveryState.SENDING,
            lease_token=token,
            lease_until=Now() + lease_length(),
            attempts=F("attempts") + 1,
        )
    )
    if not taken:
        return None
    held: Delivery = Delivery.objects.select_related("notice__attachment", "person").get(pk=pk)
    return held if held.lease_token == token else None


def take_back_lost() -> int:
    """Make uncertain what a lost worker was sending, to be sent again; return how many."""
    found = 0
    silent = Delivery.objects.filter(state=DeliveryState.SENDING, lease_until__lt=Now())
    for pk, token in silent.values_list("pk", "lease_token"):
        with transaction.atomic():
            held = Delivery.objects.filter(pk=pk, lease_token=token, state=DeliveryState.SENDING, lease_until__lt=Now())
            found += _write_down(held, pk, mail.Answer(AttemptOutcome.UNCERTAIN, _LOST_WORKER), at=now())
    return found


def _due() -> Any:
    return (
        Delivery.objects.filter(channel=Channel.EMAIL, state__in=_DUE, by_hand="")
        .filter(Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=Now()))
        .exclude(address="")
    )


def _send(delivery: Delivery, office: mail.PostOffice) -> str:
    """Hand over one claimed delivery and write down what came of it; return the outcome."""
    began = now()
    address, enclosed = delivery.address, ""
    try:
        letter = letter_of(delivery, at=began)
    except NotToBeSent as reason:
        answer = mail.Answer(AttemptOutcome.WITHDRAWN, str(reason))
    except (ValueError, MessageError) as fault:  # an address or a text of which no e-mail can be made
        log.warning("delivery %s cannot be written as an e-mail", delivery.public_id, exc_info=True)
        answer = mail.Answer(AttemptOutcome.REFUSED, f"No e-mail can be made of it: {fault}")
    except Exception as fault:  # a fault of ours: the others go on, and this one is tried again
        log.exception("the e-mail of delivery %s could not be written", delivery.public_id)
        answer = mail.Answer(
            AttemptOutcome.DEFERRED, f"A fault of the product ({type(fault).__name__}); the log has it."
        )
    else:
        address = letter.address
        answer, enclosed = _hand_over(letter, office), letter.enclosed
    with transaction.atomic():
        held = Delivery.objects.filter(pk=delivery.pk, lease_token=delivery.lease_token, state=DeliveryState.SENDING)
        if not _write_down(held, delivery.pk, answer, at=began, address=address, enclosed=enclosed):
            log.warning("delivery %s was taken back before its answer was written", delivery.public_id)
    return str(answer.outcome)


def _hand_over(letter: Letter, office: mail.PostOffice) -> mail.Answer:
    # Less than the lease: the conversation is over before anybody else may take the delivery.
    return office.hand_over(
        sender=letter.sender,
        address=letter.address,
        content=letter.content,
        seconds=lease_length().total_seconds() * 0.75,
    )


def _write_down(
    held: Any, pk: int, answer: mail.Answer, *, at: dt.datetime, address: str = "", enclosed: str = ""
) -> int:
    """Bring the delivery to where the answer leads, if it is still held, and add the attempt; return how many.

    A late "taken" of one that was taken back is written down all the same, so that no second copy goes out.
    """
    delivery = Delivery.objects.select_for_update().get(pk=pk)
    changes = _changes(delivery, answer, at=at, address=address, enclosed=enclosed)
    done = int(held.update(lease_token="", lease_until=None, **changes))
    if not done and answer.outcome == AttemptOutcome.SENT:
        Delivery.objects.filter(pk=pk, state=DeliveryState.UNCERTAIN).update(**changes)
    if done or answer.outcome == AttemptOutcome.SENT:
        DeliveryAttempt.objects.create(
            delivery_id=pk,
            began_at=at,
            outcome=answer.outcome,
            answer=answer.text,
            address=address or delivery.address,
            recorded_at=now(),
            recorded_by=_BY,
        )
    return done


def _changes(
    delivery: Delivery, answer: mail.Answer, *, at: dt.datetime, address: str, enclosed: str = ""
) -> dict[str, Any]:
    """Return what an answer changes in a delivery."""
    if answer.outcome == AttemptOutcome.SENT:
        return {
            "state": DeliveryState.SENT,
            "sent_at": now(),
            "proof": f"{mail.server_name()} answered: {answer.text}{f'; with {enclosed}' if enclosed else ''}",
            "address": address or delivery.address,
            "last_error": "",
            "next_attempt_at": None,
        }
    if answer.outcome == AttemptOutcome.WITHDRAWN:
        return {"state": DeliveryState.WITHDRAWN, "last_error": answer.text, "next_attempt_at": None}
    changes: dict[str, Any] = {"last_error": answer.text, "next_attempt_at": Now() + pause_after(delivery.attempts)}
    if answer.outcome == AttemptOutcome.UNCERTAIN:
        changes["uncertain_at"] = Coalesce(F("uncertain_at"), at)
    if answer.outcome == AttemptOutcome.REFUSED or delivery.attempts >= most_attempts():
        return changes | {"state": DeliveryState.FAILED, "next_attempt_at": None}
    may_be_there = answer.outcome == AttemptOutcome.UNCERTAIN or delivery.uncertain_at is not None
    return changes | {"state": DeliveryState.UNCERTAIN if may_be_there else DeliveryState.QUEUED}


def _claim_relay() -> str | None:
    """Take the right to talk to the mail server; None where another sweep has it, or it is too soon."""
    relay, _ = MailRelay.objects.get_or_create(pk=1)
    token = new_public_id()
    taken = (
        MailRelay.objects.filter(pk=relay.pk)
        .filter(Q(lease_until__isnull=True) | Q(lease_until__lt=Now()))
        .filter(Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lte=Now()))
        .update(lease_token=token, lease_until=Now() + lease_length() + dt.timedelta(seconds=sweep_length()))
    )
    return token if taken else None


def _release_relay(token: str, *, silent: str) -> None:
    """Give the right back, and write down whether the server answered."""
    held = MailRelay.objects.filter(lease_token=token)
    free = {"lease_token": "", "lease_until": None}
    if not silent:
        held.update(**free, answered_at=Now(), silent_since=None, failures=0, error="", next_attempt_at=None)
        return
    failures = held.values_list("failures", flat=True).first() or 0
    # Sooner than for one delivery: that the server answers again is to be noticed within minutes.
    pause = min(pause_after(failures + 1), dt.timedelta(minutes=5)) if failures else dt.timedelta(0)
    held.update(
        **free,
        silent_since=Coalesce(F("silent_since"), Now()),
        failures=failures + 1,
        error=silent,
        next_attempt_at=Now() + pause,
    )
