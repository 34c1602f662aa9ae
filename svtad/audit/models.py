"""AuditEvent and AuditSeal: append-only, without foreign keys, so that audit never blocks data."""

from __future__ import annotations

from django.db import models

from svtad.lib.models import AppendOnlyModel, PublicIdModel


class AuditEvent(PublicIdModel, AppendOnlyModel):
    """One action by one actor. Written in the action's own transaction; sealed after it commits.

    `audience_id` is the id of a parties audience, kept as a number: nothing the audit names may
    hold a change of the audit back, or the other way round.
    """

    recorded_at = models.DateTimeField(db_index=True)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=22, blank=True)
    actor_label = models.CharField(max_length=200)
    action = models.CharField(max_length=80, db_index=True)
    clause = models.CharField(max_length=60, blank=True)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60, db_index=True)
    subject_label = models.CharField(max_length=300)
    scope_id = models.CharField(max_length=22, blank=True, db_index=True)
    audience_id = models.BigIntegerField(db_index=True)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.recorded_at:%Y-%m-%d %H:%M} {self.actor_label}: {self.action} {self.subject_label}"


class AuditSeal(AppendOnlyModel):
    """A link of the chain: the hash of one committed event and of the seal before it."""

    sequence = models.BigIntegerField(unique=True)
    event_id = models.BigIntegerField(unique=True)
    previous_hash = models.CharField(max_length=64)
    event_hash = models.CharField(max_length=64)
    seal_hash = models.CharField(max_length=64, unique=True)
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ("sequence",)

    def __str__(self) -> str:
        return f"seal {self.sequence}"
