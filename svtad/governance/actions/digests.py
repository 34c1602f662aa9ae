"""A day's notices in one e-mail, for those who want them so."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from svtad.audit.actions import record
from svtad.governance.actions.notices import new_message_id
from svtad.governance.models import Channel, Delivery, DeliveryState, NoticePreference, Timing
from svtad.governance.queries.notices import DIGEST_AT
from svtad.lib.clock import LONDON, london_date
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Person


def queue_digests(*, by: Actor, at: dt.datetime) -> int:
    """Write today's digests, once it is 08:00 in London: one e-mail a person, of what came in since the last one.

    What the person has read, or was given before they asked for digests, is left out. Returns how many were written.
    A day on which this did not run is made up for; run twice, it writes nothing more.
    """
    today = london_date(at)
    due = dt.datetime.combine(today, DIGEST_AT, tzinfo=LONDON)
    if at < due:
        return 0
    waiting = (
        Delivery.objects.filter(
            channel=Channel.IN_PRODUCT,
            state=DeliveryState.SENT,
            digest__isnull=True,
            read_at__isnull=True,
            recorded_at__lt=due,
            person__in=NoticePreference.objects.filter(timing=Timing.DAILY).values("person"),
        )
        .exclude(person__in=Delivery.objects.filter(digest_on=today).values("person"))
        .values_list("person", flat=True)
        .order_by("person")
        .distinct()
    )
    return sum(_write(Person.objects.get(pk=pk), today, due, by=by, at=at) for pk in waiting)


def _write(person: Person, today: dt.date, due: dt.datetime, *, by: Actor, at: dt.datetime) -> bool:
    """Write one person's digest of the day; return False where there is nothing for it, or it is there."""
    try:
        with transaction.atomic():
            asked_at = NoticePreference.objects.select_for_update().get(person=person).recorded_at
            items = Delivery.objects.filter(
                person=person,
                channel=Channel.IN_PRODUCT,
                state=DeliveryState.SENT,
                digest__isnull=True,
                read_at__isnull=True,
                recorded_at__lt=due,
                recorded_at__gte=asked_at,
            )
            if not items.exists():
                return False
            digest = Delivery.objects.create(
                digest_on=today,
                recipient=f"person:{person.public_id}",
                name=person.name,
                person=person,
                channel=Channel.EMAIL,
                address=person.email,
                message_id=new_message_id(),
                recorded_at=at,
            )
            count = items.update(digest=digest)
            record(
                by=by,
                at=at,
                action="queue_digest",
                subject_kind="Person",
                subject_id=person.public_id,
                subject_label=person.name,
                audience_id=audience_of("dcc").pk,
                detail={"day": today.isoformat(), "notices": count},
            )
    except IntegrityError:  # somebody else wrote it at the same moment
        return False
    return True
