"""CalendarFeed: the secret address at which a person's calendar is fetched."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from svtad.lib.models import PublicIdModel
from svtad.parties.models.people import Person


class CalendarFeed(PublicIdModel):
    """An address that was made, by the SHA-256 of its secret: the secret itself is kept nowhere.

    The secret has 256 random bits, so that a plain hash gives nothing away and is found by one look-up. A person has
    at most one address that holds; those of before stay, with when they ended. When it is fetched is not kept.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    recorded_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=("person",), condition=Q(revoked_at=None), name="calendar_feed_once"),
        )

    def __str__(self) -> str:
        return f"{self.person}: calendar address"
