"""Telling people: a notice and one delivery for each recipient, written in the transaction of what they are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from svtad.audit.actions import record
from svtad.governance.files import name_again
from svtad.governance.models import (
    AttemptOutcome,
    Channel,
    Decision,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Matter,
    Notice,
    NoticeAddress,
    NoticePreference,
    StoredFile,
    Timing,
)
from svtad.governance.models.notices import NO_ADDRESS, UNTIL_ADDRESS
from svtad.governance.policies import check_can_manage_notices, check_can_set_notice_address
from svtad.governance.queries.notices import addressable, addresses
from svtad.governance.queries.recipients import Addressee
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused
from svtad.lib.ids import new_public_id
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Audience, Person

#: What a delivery in the product has for its proof: it stands there from this moment.
IN_PRODUCT_PROOF = "Shown in the product from this moment."
_OPEN = (DeliveryState.QUEUED, DeliveryState.UNCERTAIN, DeliveryState.FAILED)


@transaction.atomic
def notify(
    *,
    what: str,
    text: str,
    addressees: Iterable[Addressee],
    audience: Audience,
    is_required: bool,
    by: Actor,
    at: dt.datetime | None = None,
    document: str = "",
    version: str = "",
    clause: str = "",
    to: Iterable[str] = (),
    matter: Matter | None = None,
    decision: Decision | None = None,
    key: str = "",
    publish: bool = False,
    due_by: dt.date | None = None,
    attachment: StoredFile | None = None,
    is_synthetic: bool = False,
) -> Notice:
    """Write a notice and one delivery for each of `addressees`, in the caller's transaction; return the notice.

    `audience` says who may read it, `key` keeps it from being given twice: where a notice of that key is there, it
    is returned and nothing is written. What a clause demands (`is_required`) is e-mailed to people whatever they
    prefer. To `publish` is to let anybody read it: the audience must say so too. `attachment` goes with it: all who may
    read the notice may open it, under a row of its own where the file was kept for others.

    Who may tell whom what is the calling action's question. Raises InvalidInput without words, or where the audience
    and `publish` disagree.
    """
    moment = at or now()
    errors = []
    if not what.strip():
        errors.append(FieldError(None, "what", "What is told, in a line: needed."))
    if publish and "public" not in audience.text.split(","):
        errors.append(FieldError(None, "audience", "What is published is for anybody: the audience has to say so."))
    if errors:
        raise InvalidInput(errors)
    notice = _create_notice(
        key=key,
        matter=matter,
        decision=decision,
        document=document,
        version=version,
        clause=clause,
        to=[str(recipient) for recipient in to],
        what=plain_line(what)[:300],
        text=text.replace("\x00", ""),
        is_required=is_required,
        is_published=publish,
        published_at=moment if publish else None,
        due_by=due_by,
        attachment=_for_all(attachment, audience, key=key, by=by, at=moment),
        is_synthetic=is_synthetic,
        audience=audience,
        recorded_at=moment,
        recorded_by=by.label,
    )
    if notice is None:
        return Notice.objects.get(key=key)
    rows = _deliveries(notice, list(addressees), at=moment)
    Delivery.objects.bulk_create(rows, batch_size=500)
    record(
        by=by,
        at=moment,
        action="notify",
        clause=clause,
        subject_kind="Notice",
        subject_id=notice.public_id,
        subject_label=notice.what,
        scope_id=matter.scope_id if matter is not None else "",
        audience_id=audience.pk,
        detail={
            "to": notice.to,
            "recipients": len(rows),
            "by_hand": sum(bool(row.by_hand) for row in rows),
            "published": publish,
            "matter": matter.reference if matter is not None else "",
            **({"attachment": notice.attachment.sha256} if notice.attachment else {}),
        },
    )
    return notice


def _for_all(
    attachment: StoredFile | None, audience: Audience, *, key: str, by: Actor, at: dt.datetime
) -> StoredFile | None:
    """Return the file as those who read the notice may open it; None where that notice was given already."""
    if attachment is None or attachment.audience_id == audience.pk:
        return attachment
    if key and Notice.objects.filter(key=key).exists():
        return None
    return name_again(attachment, audience=audience, by=by, at=at)


def _create_notice(*, key: str, **values: object) -> Notice | None:
    """Create the notice, or return None where one of its key is there."""
    try:
        with transaction.atomic():
            made: Notice = Notice.objects.create(key=key, **values)
            return made
    except IntegrityError:
        if not key:
            raise
        return None


def _deliveries(notice: Notice, addressees: list[Addressee], *, at: dt.datetime) -> list[Delivery]:
    people = [each.person.pk for each in addressees if each.person is not None]
    timings = dict(NoticePreference.objects.filter(person_id__in=people).values_list("person_id", "timing"))
    held = addresses()
    rows: dict[str, Delivery] = {}
    for each in addressees:
        if each.key in rows:
            continue
        row = Delivery(
            notice=notice,
            recipient=each.key,
            told_as=each.told_as,
            name=plain_line(each.name)[:200],
            person=each.person,
            organisation=each.organisation,
            recorded_at=at,
        )
        rows[each.key] = row
        if each.person is not None:
            timing = timings.get(each.person.pk, Timing.AT_ONCE)
            if timing != Timing.AT_ONCE and not notice.is_required:
                row.channel, row.state = Channel.IN_PRODUCT, DeliveryState.SENT
                row.sent_at, row.proof = at, f"{IN_PRODUCT_PROOF}{enclosed(notice)}"
                continue
            row.address = each.person.email
        elif each.by_hand in UNTIL_ADDRESS and each.key in held:
            row.address = held[each.key].email
        else:
            row.by_hand = each.by_hand or NO_ADDRESS
        row.channel, row.message_id = Channel.EMAIL, new_message_id()
    return list(rows.values())


def enclosed(notice: Notice) -> str:
    """Return what a proof says of the document that goes with a notice; nothing where there is none."""
    return f" With {notice.attachment.name}, SHA-256 {notice.attachment.sha256}." if notice.attachment else ""


def new_message_id() -> str:
    """Return a fresh Message-ID in the sender's domain."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    return f"<{new_public_id()}@{domain or 'localhost'}>"


@transaction.atomic
def mark_read(*, notice: Notice, by: Actor, at: dt.datetime | None = None) -> Delivery:
    """Note that `by` has read a notice, once. Raises Refused where the notice was not given to them."""
    moment = at or now()
    mine: Delivery | None = Delivery.objects.inbox_of(by).filter(notice=notice).first()
    if mine is None:
        raise Refused("", "This notice was not given to you.")
    if Delivery.objects.filter(pk=mine.pk, read_at__isnull=True).update(read_at=moment):
        mine.read_at = moment
        _record(notice, "read_notice", by=by, at=moment)
    return mine


@transaction.atomic
def mark_all_read(*, by: Actor, at: dt.datetime | None = None) -> int:
    """Note that `by` has read every notice in the inbox; return how many were new."""
    moment = at or now()
    unread = Delivery.objects.inbox_of(by).filter(read_at__isnull=True).values_list("pk", flat=True)
    count = Delivery.objects.filter(pk__in=list(unread), read_at__isnull=True).update(read_at=moment)
    if count:
        record(
            by=by,
            at=moment,
            action="read_notices",
            subject_kind="Person",
            subject_id=by.actor_id,
            subject_label=by.label,
            audience_id=audience_of("dcc").pk,
            detail={"count": count},
        )
    return count


@transaction.atomic
def set_notice_timing(*, person: Person, timing: str, by: Actor, at: dt.datetime | None = None) -> NoticePreference:
    """Set when a person is e-mailed what no clause demands; only that person may. Raises InvalidInput."""
    moment = at or now()
    if by.person_pk != person.pk:
        raise ActionDenied("", "Only the person sets how they are told.")
    if timing not in Timing.values:
        raise InvalidInput.one("timing", f"Known: {', '.join(Timing.values)}.")
    preference, _ = NoticePreference.objects.update_or_create(
        person=person, defaults={"timing": timing, "recorded_at": moment}
    )
    record(
        by=by,
        at=moment,
        action="set_notice_timing",
        subject_kind="Person",
        subject_id=person.public_id,
        subject_label=person.name,
        audience_id=audience_of("dcc").pk,
        detail={"timing": timing},
    )
    return preference


@transaction.atomic
def set_notice_address(
    *, recipient: str, email: str, source: str, by: Actor, at: dt.datetime | None = None
) -> NoticeAddress | None:
    """Set the e-mail address of a recipient outside the product, or take it away (an empty one).

    What waits for the address is sent to it; what waits to be sent when it is taken away goes by hand again. Raises
    ActionDenied, and InvalidInput for a recipient that has none, something that is no address, or a missing source.
    """
    moment = at or now()
    check_can_set_notice_address(by)
    known, email = addressable(), email.strip()
    errors = []
    if recipient not in known:
        errors.append(FieldError(None, "recipient", f"Known: {', '.join(known.values())}."))
    if email and not _is_address(email):
        errors.append(FieldError(None, "email", "This is no e-mail address."))
    if not source.strip():
        errors.append(FieldError(None, "source", "Where the address comes from: needed."))
    if errors:
        raise InvalidInput(errors)
    NoticeAddress.objects.current().filter(recipient=recipient).update(valid_to=moment)
    held: NoticeAddress | None = None
    waiting = Delivery.objects.filter(recipient=recipient, state=DeliveryState.QUEUED)
    if email:
        held = NoticeAddress.objects.create(
            recipient=recipient,
            email=email,
            source=plain_line(source)[:200],
            valid_from=moment,
            recorded_by=by.label,
        )
        waiting.filter(by_hand="").update(address=email)
        waiting.filter(by_hand__in=UNTIL_ADDRESS).update(address=email, by_hand="")
    else:
        waiting.filter(by_hand="").update(address="", by_hand=NO_ADDRESS)
    record(
        by=by,
        at=moment,
        action="set_notice_address",
        subject_kind="NoticeAddress",
        subject_id=recipient,
        subject_label=known[recipient],
        audience_id=audience_of("dcc").pk,
        detail={"email": email, "source": source.strip()[:200]},
    )
    return held


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= 254 and text.isascii()


@transaction.atomic
def record_sent_by_hand(
    *,
    delivery: Delivery,
    how: str,
    sent_at: dt.datetime,
    document: StoredFile,
    by: Actor,
    at: dt.datetime | None = None,
) -> Delivery:
    """Record that somebody was told by letter or otherwise, with the document that shows it.

    Raises ActionDenied, Refused where the delivery is sent, being sent or withdrawn, and InvalidInput.
    """
    moment = at or now()
    check_can_manage_notices(by)
    held = _locked(delivery)
    errors = []
    if not how.strip():
        errors.append(FieldError(None, "how", "How it was sent: needed."))
    if sent_at > moment:
        errors.append(FieldError(None, "sent_at", "This is later than the moment it is recorded."))
    if errors:
        raise InvalidInput(errors)
    if held.notice is None or held.state not in _OPEN:
        raise Refused("", f"This delivery is {held.get_state_display().lower()}.")
    held.state, held.sent_at, held.document = DeliveryState.SENT, sent_at, document
    held.proof = f"By hand: {plain_line(how)[:400]} ({document.name}, SHA-256 {document.sha256})"
    held.save(update_fields=["state", "sent_at", "document", "proof"])
    _attempt(held, AttemptOutcome.BY_HAND, held.proof, by=by, at=moment)
    _record(held.notice, "record_sent_by_hand", by=by, at=moment, recipient=held.name, document=document.sha256)
    return held


@transaction.atomic
def retry_delivery(*, delivery: Delivery, by: Actor, at: dt.datetime | None = None) -> Delivery:
    """Let a delivery that was given up be sent again, under its own Message-ID. Raises ActionDenied, Refused."""
    moment = at or now()
    check_can_manage_notices(by)
    held = _locked(delivery)
    if held.state != DeliveryState.FAILED:
        raise Refused("", f"This delivery is {held.get_state_display().lower()}: only a failed one is tried again.")
    held.state = DeliveryState.UNCERTAIN if held.uncertain_at else DeliveryState.QUEUED
    held.attempts, held.next_attempt_at = 0, None
    held.save(update_fields=["state", "attempts", "next_attempt_at"])
    _record(held.notice, "retry_delivery", by=by, at=moment, recipient=held.name)
    return held


@transaction.atomic
def withdraw_notice(
    *, notice: Notice, reason: str, by: Actor, delivery: Delivery | None = None, at: dt.datetime | None = None
) -> int:
    """Take back what is not sent of a notice: one delivery, or all of them; return how many.

    What was sent, or may have been, stays as it is, and so does what is published. Raises ActionDenied, InvalidInput
    without a reason, and Refused where nothing of it waits.
    """
    moment = at or now()
    check_can_manage_notices(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    count = withdraw_unsent(notice, reason=reason, only=delivery, by=by, at=moment)
    if not count:
        raise Refused("", "Nothing of this notice waits: what is sent cannot be taken back.")
    return count


def withdraw_unsent(notice: Notice, *, reason: str, by: Actor, at: dt.datetime, only: Delivery | None = None) -> int:
    """Take back what is not sent of a notice, or of one delivery; return how many. The caller has checked who may."""
    rows: QuerySet[Delivery] = Delivery.objects.select_for_update().filter(
        notice=notice, state__in=(DeliveryState.QUEUED, DeliveryState.FAILED), uncertain_at__isnull=True
    )
    held = list(rows.filter(pk=only.pk) if only is not None else rows)
    for each in held:
        each.state, each.last_error = DeliveryState.WITHDRAWN, plain_line(reason)[:400]
        each.save(update_fields=["state", "last_error"])
        _attempt(each, AttemptOutcome.WITHDRAWN, each.last_error, by=by, at=at)
    if held:
        _record(notice, "withdraw_notice", by=by, at=at, reason=plain_line(reason)[:400], count=len(held))
    return len(held)


def _locked(delivery: Delivery) -> Delivery:
    held: Delivery = Delivery.objects.select_for_update(of=("self",)).select_related("notice").get(pk=delivery.pk)
    return held


def _attempt(delivery: Delivery, outcome: str, answer: str, *, by: Actor, at: dt.datetime) -> None:
    DeliveryAttempt.objects.create(
        delivery=delivery,
        began_at=at,
        outcome=outcome,
        answer=answer,
        address=delivery.address,
        recorded_at=at,
        recorded_by=by.label,
    )


def _record(notice: Notice | None, action: str, *, by: Actor, at: dt.datetime, **detail: object) -> None:
    """Write the audit event of an act on a notice: for the DCC's eyes, since it may name who was told."""
    record(
        by=by,
        at=at,
        action=action,
        clause=notice.clause if notice is not None else "",
        subject_kind="Notice",
        subject_id=notice.public_id if notice is not None else "",
        subject_label=notice.what if notice is not None else "Digest",
        audience_id=audience_of("dcc").pk,
        detail=detail,
    )
