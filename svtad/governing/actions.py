"""What is written here: documents, their versions, and what an administrator set where they leave it open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.models import Matter
from svtad.governing.models import (
    DocumentVersion,
    EnteredCriterion,
    GoverningDocument,
    Parameter,
    Route,
    VersionStanding,
)
from svtad.governing.policies import (
    check_can_enter_criterion,
    check_can_record_standing,
    check_can_set_parameter,
)
from svtad.governing.queries import edition_held, kinds_of
from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.vocabulary import CriterionGate


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


@transaction.atomic
def record_standing(
    *,
    version: DocumentVersion,
    route: str,
    decided_on: dt.date,
    effective_from: dt.date,
    source: str,
    by: Actor,
    matter: Matter | None = None,
    at: dt.datetime | None = None,
) -> VersionStanding:
    """Record how a version came to be (clauses 3 and 4), when that was decided, and from which day it is in effect.

    `decided_on` and `effective_from` are London days. A record that is there is replaced, and stays readable as of
    earlier moments. Raises ActionDenied, and InvalidInput by field.
    """
    moment = at or now()
    check_can_record_standing(by)
    errors = []
    if route not in Route.values:
        errors.append(FieldError(None, "route", f"One of {', '.join(Route.values)}."))
    if not source.strip():
        errors.append(FieldError(None, "source", "Needed: the letter, the designation or the notice."))
    if decided_on > london_date(moment):
        errors.append(FieldError(None, "decided_on", "This day has not come yet."))
    if effective_from < decided_on:
        errors.append(FieldError(None, "effective_from", "It takes effect no earlier than it was decided."))
    if errors:
        raise InvalidInput(errors)
    held = VersionStanding.objects.select_for_update().current().filter(version=version)
    held.update(valid_to=moment)
    made: VersionStanding = VersionStanding.objects.create(
        version=version,
        route=route,
        decided_on=decided_on,
        effective_from=effective_from,
        source=source.strip()[:300],
        matter=matter,
        valid_from=moment,
        recorded_by=by.label,
    )
    detail = {
        "route": route,
        "decided_on": str(decided_on),
        "effective_from": str(effective_from),
        "source": source,
        "matter": matter.reference if matter else "",
    }
    _record("record_version_standing", version, by=by, at=moment, detail=detail)
    return made


@transaction.atomic
def withdraw_standing(*, version: DocumentVersion, reason: str, by: Actor, at: dt.datetime | None = None) -> None:
    """Take back, from now on, what was recorded of how a version came into force. Raises Refused where nothing is."""
    moment = at or now()
    check_can_record_standing(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    if not VersionStanding.objects.current().filter(version=version).update(valid_to=moment):
        raise Refused("SVTAD 3.4", f"Nothing is recorded of how {version} came into force.")
    _record("withdraw_version_standing", version, by=by, at=moment, detail={"reason": reason})


@transaction.atomic
def enter_criterion(
    *,
    version: DocumentVersion,
    phase_kind: str,
    gate: str,
    clause: str,
    text: str,
    by: Actor,
    at: dt.datetime | None = None,
) -> EnteredCriterion:
    """Enter a criterion that an approach document sets for a kind of Test Phase (12.3), with its clause there.

    Raises ActionDenied, and InvalidInput: for a document of which the product holds the rules itself, a kind of phase
    whose criteria it does not hold, or a clause that has one already.
    """
    moment = at or now()
    check_can_enter_criterion(by)
    errors = []
    kinds = kinds_of(version.document.code)
    if edition_held(version) is not None:
        errors.append(FieldError(None, "version", f"The criteria of {version} are held: none is entered by hand."))
    elif phase_kind not in kinds:
        known = ", ".join(kinds) or "none"
        wrong = f"The {version.document} holds criteria of {known}; not of {phase_kind!r}."
        errors.append(FieldError(None, "phase_kind", wrong))
    if gate not in CriterionGate.__members__:
        errors.append(FieldError(None, "gate", "ENTRY or EXIT."))
    for name, value, longest in (("clause", clause, 60), ("text", text, 400)):
        if not value.strip():
            errors.append(FieldError(None, name, "Needed: as the document has it."))
        elif len(value.strip()) > longest:
            errors.append(FieldError(None, name, f"At most {longest} characters."))
    same = EnteredCriterion.objects.current().filter(
        version=version, phase_kind=phase_kind, gate=gate, clause=clause.strip()
    )
    if not errors and same.exists():
        errors.append(FieldError(None, "clause", f"{clause.strip()} is entered already: withdraw it first."))
    if errors:
        raise InvalidInput(errors)
    made: EnteredCriterion = EnteredCriterion.objects.create(
        version=version,
        phase_kind=phase_kind,
        gate=gate,
        clause=clause.strip(),
        text=text.strip(),
        valid_from=moment,
        recorded_by=by.label,
    )
    detail = {"criterion": made.public_id, "phase_kind": phase_kind, "gate": gate, "clause": clause, "text": text}
    _record("enter_criterion", version, by=by, at=moment, detail=detail)
    return made


@transaction.atomic
def withdraw_criterion(*, criterion: EnteredCriterion, reason: str, by: Actor, at: dt.datetime | None = None) -> None:
    """Withdraw a criterion from now on: entered wrongly, or no longer in the document. Raises Refused where it is."""
    moment = at or now()
    check_can_enter_criterion(by)
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    if not EnteredCriterion.objects.current().filter(pk=criterion.pk).update(valid_to=moment):
        raise Refused("SVTAD 12.3", f"{criterion.clause} is withdrawn already.")
    detail = {"criterion": criterion.public_id, "clause": criterion.clause, "reason": reason}
    _record("withdraw_criterion", criterion.version, by=by, at=moment, detail=detail)


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
