"""What is written here: documents, their versions, and what an administrator set where they leave it open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from svtad.audit.actions import record
from svtad.governing.models import DocumentVersion, GoverningDocument, Parameter
from svtad.governing.policies import check_can_set_parameter
from svtad.governing.queries import edition_held
from svtad.lib.clock import now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of


@transaction.atomic
def ensure_document_version(
    *,
    code: str,
    title: str,
    version: str,
    by: Actor,
    edition: str = "",
    effective_from: dt.date | None = None,
    note: str = "",
    at: dt.datetime | None = None,
) -> DocumentVersion:
    """Return the version of the document, entering both where they are not there yet.

    One that is there is returned as it is. `edition` names the rulebook's module for it, or is empty.
    Raises ActionDenied.
    """
    moment = at or now()
    found = DocumentVersion.objects.filter(document__code=code, version=version).first()
    if found is not None:
        return found
    check_can_set_parameter(by)
    if not (code.strip() and version.strip()):
        raise InvalidInput.one("version", "A document's code and version are needed.")
    document, _ = GoverningDocument.objects.get_or_create(code=code, defaults={"title": title, "recorded_at": moment})
    made = DocumentVersion.objects.create(
        document=document,
        version=version,
        edition=edition,
        effective_from=effective_from,
        note=note,
        recorded_at=moment,
    )
    _record("enter_document_version", made, by=by, at=moment, detail={"edition": edition})
    return made


@transaction.atomic
def set_parameter(
    *,
    version: DocumentVersion,
    key: str,
    value: str,
    source: str,
    approver: str,
    effective_from: dt.date,
    by: Actor,
    at: dt.datetime | None = None,
) -> Parameter:
    """Set what the document leaves open, from the London day `effective_from` on; return the parameter.

    A value with the same effective date is replaced, and stays readable as of earlier moments. Raises
    ActionDenied, and InvalidInput for a key or a value that the edition does not know, a missing source
    or a missing approver.
    """
    moment = at or now()
    check_can_set_parameter(by)
    errors = [
        FieldError(None, name, "Needed: a value without it would be a guess.")
        for name, text in (("source", source), ("approver", approver))
        if not text.strip()
    ]
    errors += _parameter_problems(version, key=key, value=value)
    if errors:
        raise InvalidInput(errors)
    held = Parameter.objects.select_for_update().current().filter(version=version, key=key)
    held.filter(effective_from=effective_from).update(valid_to=moment)
    parameter: Parameter = Parameter.objects.create(
        version=version,
        key=key,
        value=value.strip(),
        source=source.strip()[:300],
        approver=approver.strip()[:200],
        effective_from=effective_from,
        valid_from=moment,
        recorded_by=by.label,
    )
    detail = {"key": key, "value": value, "source": source, "effective_from": str(effective_from)}
    _record("set_parameter", version, by=by, at=moment, detail=detail)
    return parameter


@transaction.atomic
def clear_parameter(
    *, version: DocumentVersion, key: str, reason: str, by: Actor, at: dt.datetime | None = None
) -> None:
    """Empty a parameter from now on: what hangs on it cannot be evaluated any more. Raises Refused where it is."""
    moment = at or now()
    check_can_set_parameter(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    if not Parameter.objects.current().filter(version=version, key=key).update(valid_to=moment):
        raise Refused("", f"{key} is not set.")
    _record("clear_parameter", version, by=by, at=moment, detail={"key": key, "reason": reason})


def _parameter_problems(version: DocumentVersion, *, key: str, value: str) -> list[FieldError]:
    edition = edition_held(version)
    if edition is None:
        return [FieldError(None, "key", f"No rules of {version} are held, so nothing of it can be set.")]
    known = {spec.key: spec for spec in edition.parameters}
    if key not in known:
        return [FieldError(None, "key", f"{version} leaves no {key!r} open; it has {', '.join(known)}.")]
    try:
        known[key].parse(value)
    except ValueError as error:
        return [FieldError(None, "value", f"{error}.")]
    return []


def _record(action: str, version: DocumentVersion, *, by: Actor, at: dt.datetime, detail: dict[str, Any]) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="DocumentVersion",
        subject_id=version.public_id,
        subject_label=str(version),
        audience_id=audience_of(*GOVERNANCE).pk,
        detail=detail,
    )
