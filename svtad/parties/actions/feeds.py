"""The secret address of a person's calendar: made, renewed, revoked."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, Refused
from svtad.parties.actions.recording import audit_person
from svtad.parties.actors import Actor
from svtad.parties.models import CalendarFeed, Person
from svtad.parties.policies import check_can_manage_people, check_own_hand
from svtad.parties.queries import feed_digest

#: Random bytes of a secret.
SECRET_BYTES = 32


@transaction.atomic
def make_calendar_feed(*, person: Person, by: Actor, at: dt.datetime | None = None) -> tuple[CalendarFeed, str]:
    """Make the address of a person's calendar and return (its row, the secret): the secret is shown this once.

    An address of before ends at once: to make one anew is to renew it. Only the person makes it, as themselves:
    nobody else is to know a secret that shows what this person may see. Raises ActionDenied, and Refused for a
    disabled person and for a service account, which keeps no calendar.
    """
    moment = at or now()
    check_own_hand(by)
    if by.person_pk != person.pk:
        raise ActionDenied("", "The address of a calendar is made by the person whose calendar it is.")
    held = Person.objects.select_for_update().get(pk=person.pk)  # two at once: one after the other
    if not held.is_active or held.is_service_account:
        raise Refused("", f"{held.name} {'is a service account' if held.is_active else 'is disabled'}.")
    ended = end_calendar_feeds(held, at=moment)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed: CalendarFeed = CalendarFeed.objects.create(person=held, digest=feed_digest(secret), recorded_at=moment)
    action = "renew_calendar_feed" if ended else "make_calendar_feed"
    audit_person(action, held, by=by, at=moment, feed=feed.public_id)
    return feed, secret


@transaction.atomic
def revoke_calendar_feed(*, person: Person, by: Actor, at: dt.datetime | None = None) -> None:
    """End the address of a person's calendar at once: an administrator anybody's, a person their own.

    Raises ActionDenied, and Refused where none holds.
    """
    moment = at or now()
    check_own_hand(by)
    if by.person_pk != person.pk:
        check_can_manage_people(by)
    feed = CalendarFeed.objects.select_for_update().filter(person=person, revoked_at=None).first()
    if feed is None or not end_calendar_feeds(person, at=moment):
        raise Refused("", "No address of this calendar holds.")
    audit_person("revoke_calendar_feed", person, by=by, at=moment, feed=feed.public_id)


def end_calendar_feeds(person: Person, *, at: dt.datetime) -> bool:
    """End the address of the person's calendar, in the transaction of the caller, who records why; whether one held."""
    return bool(CalendarFeed.objects.filter(person=person, revoked_at=None).update(revoked_at=at))
