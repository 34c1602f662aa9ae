"""Calls that were made once and may be asked again."""

from __future__ import annotations

from django.db import models

from svtad.parties.models.people import Person


class IdempotentCall(models.Model):
    """What a write by REST was answered, under the key that its caller gave it: the same call again is answered alike.

    Kept for some days and then forgotten; the audit trail is what stays.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    recorded_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "key"), name="idempotent_call_once"),)

    def __str__(self) -> str:
        return self.key
