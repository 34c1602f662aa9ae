"""One audit event for each act on people and access."""

from __future__ import annotations

import datetime as dt
from typing import Any

from svtad.audit.actions import record
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Person


def audit(action: str, kind: str, subject_id: str, *, label: str, by: Actor, at: dt.datetime, **detail: Any) -> None:
    """Write the event; what is about people and access is for the DCC to read."""
    record(
        by=by,
        at=at,
        action=action,
        subject_kind=kind,
        subject_id=subject_id,
        subject_label=label,
        audience_id=audience_of("dcc").pk,
        detail=detail,
    )


def audit_person(action: str, person: Person, *, by: Actor, at: dt.datetime, **detail: Any) -> None:
    """Write an event about a person."""
    audit(action, "Person", person.public_id, label=person.name, by=by, at=at, **detail)
