"""Component version sets, and the one frozen as a stage-exit set (Table 13.1 row 2)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping

from django.db import transaction

from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from testphases import policies
from testphases.actions.scopes import audit, facts_changed, lock_scope
from testphases.models import ComponentVersionSet, StageExitVersions, TestScope


def _digest(components: Mapping[str, str]) -> str:
    """Return the SHA-256 that names a set of component versions, whatever the order they were given in."""
    text = json.dumps(dict(components), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _default_label(components: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}".strip() for name, version in sorted(components.items()))[:120]


@transaction.atomic
def version_set(
    *, components: Mapping[str, str], label: str = "", at: dt.datetime | None = None
) -> ComponentVersionSet:
    """Return the version set of exactly these component versions, making it once. `label` is used when it is made."""
    cleaned = {str(name).strip(): str(version).strip() for name, version in components.items()}
    if not cleaned or not all(cleaned.values()):
        raise InvalidInput.one("versions", "Name at least one component and the version of each.")
    digest = _digest(cleaned)
    found = ComponentVersionSet.objects.filter(digest=digest).first()
    if found:
        return found
    made, _ = ComponentVersionSet.objects.get_or_create(
        digest=digest,
        defaults={
            "label": label[:120] or _default_label(cleaned),
            "components": cleaned,
            "recorded_at": at or clock.now(),
        },
    )
    return made


@transaction.atomic
def freeze_stage_exit_versions(
    *, scope: TestScope, version_set: ComponentVersionSet, by: Actor, at: dt.datetime | None = None
) -> StageExitVersions:
    """Freeze the version set on which regression counts (Table 13.1 row 2); the one before stops holding.

    Freezing the set that already holds changes nothing.
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    lock_scope(scope=scope)
    current: StageExitVersions | None = StageExitVersions.objects.current().filter(scope=scope).first()
    if current:
        if current.version_set_id == version_set.pk:
            return current
        if at < current.valid_from:
            raise Refused("SVTAD T13.1-2", "A later set is frozen already; a set cannot be frozen before it.")
        current.valid_to = at
        current.save(update_fields=["valid_to"])
    frozen = StageExitVersions.objects.create(scope=scope, version_set=version_set, valid_from=at, recorded_by=by.label)
    detail = {"set": version_set.label}
    audit(scope=scope, action="freeze_stage_exit_versions", by=by, at=at, clause="SVTAD T13.1-2", detail=detail)
    facts_changed(scope=scope, at=at)
    return frozen
