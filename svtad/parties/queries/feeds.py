"""Reading whose calendar an address is."""

from __future__ import annotations

import hashlib

from svtad.parties.models import CalendarFeed, Person


def feed_digest(secret: str) -> str:
    """Return what is kept of a secret: its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()


def person_of_feed(secret: str) -> Person | None:
    """Return the person whose calendar is at that secret now; None where it is wrong, revoked, or they are disabled.

    The same one query each time, by the hash: how long it takes tells nothing of how near a guess was.
    """
    rows = CalendarFeed.objects.filter(digest=feed_digest(secret), revoked_at=None, person__is_active=True)
    feed = rows.select_related("person").first()
    return feed.person if feed else None


def feed_of_person(person: Person) -> CalendarFeed | None:
    """Return the address of that person's calendar which holds, or None."""
    return CalendarFeed.objects.filter(person=person, revoked_at=None).first()
