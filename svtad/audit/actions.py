"""Writing the audit trail, and sealing what was written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from svtad.audit.chain import EVENT_FIELDS, GENESIS, event_hash, seal_hash
from svtad.audit.models import AuditEvent, AuditSeal

#: Any fixed number: whoever seals holds this lock of PostgreSQL's, so that there is one chain.
_SEALERS_LOCK = 7_203_811


class ActorLike(Protocol):
    """What the audit needs to know of whoever acts (the parties app stands above this one)."""

    @property
    def kind(self) -> str:
        """PERSON, API_CLIENT, SYSTEM or ANONYMOUS."""
        ...

    @property
    def actor_id(self) -> str:
        """The person's public id, or "" where there is none."""
        ...

    @property
    def label(self) -> str:
        """The name to show."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """One of the things that an act was done to, as its event names it."""

    kind: str
    id: str
    label: str
    audience_id: int
    scope_id: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def record(
    *,
    by: ActorLike,
    at: dt.datetime,
    action: str,
    subject_kind: str,
    subject_id: str,
    subject_label: str,
    audience_id: int,
    clause: str = "",
    scope_id: str = "",
    detail: dict[str, Any] | None = None,
) -> AuditEvent:
    """Write one event, unsealed, in the caller's transaction. One per action, not per row."""
    event: AuditEvent = AuditEvent.objects.create(
        recorded_at=at,
        actor_kind=by.kind,
        actor_id=by.actor_id,
        actor_label=by.label[:200],
        action=action,
        clause=clause,
        subject_kind=subject_kind,
        subject_id=subject_id[:60],
        subject_label=subject_label[:300],
        scope_id=scope_id,
        audience_id=audience_id,
        detail=detail or {},
    )
    return event


def record_each(*, by: ActorLike, at: dt.datetime, action: str, subjects: Sequence[Subject], clause: str = "") -> None:
    """Write one event a subject, unsealed, in the caller's transaction: one act that was done to many things.

    For an act of which each of them has its own part (a bulk edit); rows of one file are one event (`record`).
    """
    AuditEvent.objects.bulk_create(
        [
            AuditEvent(
                recorded_at=at,
                actor_kind=by.kind,
                actor_id=by.actor_id,
                actor_label=by.label[:200],
                action=action,
                clause=clause,
                subject_kind=subject.kind,
                subject_id=subject.id[:60],
                subject_label=subject.label[:300],
                scope_id=subject.scope_id,
                audience_id=subject.audience_id,
                detail=subject.detail,
            )
            for subject in subjects
        ],
        batch_size=500,
    )


def seal_events(*, at: dt.datetime, limit: int = 10_000) -> int:
    """Chain up to `limit` committed events that have no seal yet, in the order of their ids; return how many.

    The chain's order is the order of *sealing*. Ids are given out before a transaction commits, so an id
    may be missing because its transaction rolled back (nothing to seal, ever) or because it has not
    committed yet. The sealer does not guess which: every pass takes whatever is committed and has no
    seal, so an event that commits late is sealed by a later pass, behind events with higher ids, and
    none is left out. Each seal covers the event's id with its content. Two sealers at once make one chain.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEALERS_LOCK])
        last = AuditSeal.objects.order_by("-sequence").values("sequence", "seal_hash").first()
        sequence, previous = (last["sequence"], last["seal_hash"]) if last else (0, GENESIS)
        unsealed = (
            AuditEvent.objects.filter(~Exists(AuditSeal.objects.filter(event_id=OuterRef("pk"))))
            .order_by("pk")
            .values(*EVENT_FIELDS)[:limit]
        )
        seals = []
        for event in unsealed:
            sequence += 1
            hashed = event_hash(event)
            sealed = seal_hash(sequence=sequence, event_id=event["id"], hash_of_event=hashed, previous_hash=previous)
            seals.append(
                AuditSeal(
                    sequence=sequence,
                    event_id=event["id"],
                    previous_hash=previous,
                    event_hash=hashed,
                    seal_hash=sealed,
                    sealed_at=at,
                )
            )
            previous = sealed
        AuditSeal.objects.bulk_create(seals, batch_size=500)
    return len(seals)
