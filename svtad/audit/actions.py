"""Writing the audit trail."""

from __future__ import annotations

import datetime as dt
from typing import Any, Protocol

from svtad.audit.models import AuditEvent


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
    return AuditEvent.objects.create(
        recorded_at=at,
        actor_kind=by.kind,
        actor_id=by.actor_id,
        actor_label=by.label,
        action=action,
        clause=clause,
        subject_kind=subject_kind,
        subject_id=subject_id,
        subject_label=subject_label[:300],
        scope_id=scope_id,
        audience_id=audience_id,
        detail=detail or {},
    )
