"""SigningGrant: which tokens may record decisions."""

from __future__ import annotations

from django.db import models

from svtad.lib.models import AppendOnlyModel
from svtad.parties.models.people import Person


class SigningGrant(AppendOnlyModel):
    """An administrator let one token record decisions. Taking it back is ending the token.

    The token is named by its digest (a hash), not by a key: a token that expires is deleted, and its grant stays
    as the record of what it could do.
    """

    token_digest = models.CharField(max_length=128, unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.person}: may sign"
