"""The hashes of the audit chain: pure functions over an event and the seal before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

#: What the first seal follows.
GENESIS = "0" * 64

#: Every column of an event, in the order they are hashed.
EVENT_FIELDS = (
    "id",
    "public_id",
    "recorded_at",
    "actor_kind",
    "actor_id",
    "actor_label",
    "action",
    "clause",
    "subject_kind",
    "subject_id",
    "subject_label",
    "scope_id",
    "audience_id",
    "detail",
)


def event_hash(values: dict[str, Any]) -> str:
    """Return the SHA-256 (hex) of an event's columns, as read back from the database."""
    return _hash([_plain(values[name]) for name in EVENT_FIELDS])


def seal_hash(*, sequence: int, event_id: int, hash_of_event: str, previous_hash: str) -> str:
    """Return the SHA-256 (hex) that chains one event behind the seal before it."""
    return _hash([sequence, event_id, hash_of_event, previous_hash])


def _hash(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else value
