"""Organisations and people: entered, shut out, let in, their passwords and sessions."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F
from knox.models import AuthToken

from svtad.lib.clock import now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actions.feeds import end_calendar_feeds
from svtad.parties.actions.recording import audit, audit_person
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation, OrganisationKind, Person
from svtad.parties.policies import check_can_manage_people

_CODE = re.compile(r"[A-Za-z0-9_-]{1,24}")


@transaction.atomic
def create_organisation(
    *,
    kind: str,
    code: str,
    name: str,
    by: Actor,
    is_synthetic: bool = False,
    at: dt.datetime | None = None,
) -> Organisation:
    """Enter an organisation. Raises ActionDenied, and InvalidInput for an unknown kind, or a code or name in use."""
    moment = at or now()
    check_can_manage_people(by)
    name = plain_line(name)
    errors = []
    if kind not in OrganisationKind.values:
        errors.append(FieldError(None, "kind", f"Known: {', '.join(OrganisationKind.values)}."))
    if not _CODE.fullmatch(code):
        errors.append(FieldError(None, "code", "Up to 24 letters, digits, hyphens and underscores."))
    elif Organisation.objects.filter(code=code).exists():
        errors.append(FieldError(None, "code", "Another organisation has this code."))
    if not name:
        errors.append(FieldError(None, "name", "A name is needed."))
    elif Organisation.objects.filter(name=name).exists():
        errors.append(FieldError(None, "name", "Another organisation has this name."))
    if errors:
        raise InvalidInput(errors)
    organisation = Organisation.objects.create(
        kind=kind, code=code, name=name, is_synthetic=is_synthetic, recorded_at=moment
    )
    audit(
        "create_organisation",
        "Organisation",
        organisation.public_id,
        label=name,
        by=by,
        at=moment,
        organisation_kind=kind,
    )
    return organisation


@transaction.atomic
def create_person(
    *,
    email: str,
    name: str,
    by: Actor,
    password: str | None = None,
    is_service_account: bool = False,
    is_synthetic: bool = False,
    at: dt.datetime | None = None,
) -> Person:
    """Enter a person, or a service account of test tooling (which has no password, only tokens).

    The address is kept in lower case, the password only as a hash. Without a password the person
    cannot sign in until one is set. Raises ActionDenied, and InvalidInput by field.
    """
    moment = at or now()
    check_can_manage_people(by)
    email = email.strip().lower()
    person = Person(
        email=email,
        name=plain_line(name),
        is_service_account=is_service_account,
        is_synthetic=is_synthetic,
        recorded_at=moment,
    )
    errors = [FieldError(None, "email", text) for text in _problems(validate_email, email)]
    if not errors and Person.objects.filter(email=email).exists():
        errors.append(FieldError(None, "email", "Somebody has this address already."))
    if not person.name:
        errors.append(FieldError(None, "name", "A name is needed."))
    if password is not None and is_service_account:
        errors.append(FieldError(None, "password", "A service account signs in by token only."))
    elif password is not None:
        errors += [FieldError(None, "password", text) for text in _problems(validate_password, password, person)]
    if errors:
        raise InvalidInput(errors)
    person.set_password(password)
    person.save()
    audit_person("create_person", person, by=by, at=moment, service=is_service_account)
    return person


@transaction.atomic
def set_password(*, person: Person, password: str, by: Actor, at: dt.datetime | None = None) -> None:
    """Set a person's password: an administrator anybody's, a person their own. Their sessions end."""
    moment = at or now()
    if by.person_pk != person.pk:
        check_can_manage_people(by)
    problems = _problems(validate_password, password, person)
    if person.is_service_account:
        problems = ["A service account signs in by token only."]
    if problems:
        raise InvalidInput([FieldError(None, "password", text) for text in problems])
    person.set_password(password)
    person.save(update_fields=["password"])
    audit_person("set_password", person, by=by, at=moment)


@transaction.atomic
def disable_person(*, person: Person, by: Actor, reason: str, at: dt.datetime | None = None) -> Person:
    """Shut a person out from now on: no sign-in; sessions, tokens and the calendar's address end.

    Raises Refused for oneself.
    """
    moment = at or now()
    check_can_manage_people(by)
    if by.person_pk == person.pk:
        raise Refused("", "You cannot disable yourself.")
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    person.is_active = False
    person.save(update_fields=["is_active"])
    cut_sessions(person)
    AuthToken.objects.filter(user=person).delete()
    end_calendar_feeds(person, at=moment)
    audit_person("disable_person", person, by=by, at=moment, reason=reason.strip()[:400])
    return person


@transaction.atomic
def enable_person(*, person: Person, by: Actor, at: dt.datetime | None = None) -> Person:
    """Let a disabled person sign in again; the sessions, tokens and calendar address of before stay ended."""
    moment = at or now()
    check_can_manage_people(by)
    person.is_active = True
    person.save(update_fields=["is_active"])
    audit_person("enable_person", person, by=by, at=moment)
    return person


@transaction.atomic
def end_sessions(*, person: Person, by: Actor, at: dt.datetime | None = None) -> None:
    """End every session of a person, everywhere: an administrator anybody's, a person their own."""
    moment = at or now()
    if by.person_pk != person.pk:
        check_can_manage_people(by)
    cut_sessions(person)
    audit_person("end_sessions", person, by=by, at=moment)


def cut_sessions(person: Person) -> None:
    """Make every session of the person fail its check from the next request on."""
    Person.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
    person.refresh_from_db(fields=["session_epoch"])


@transaction.atomic
def record_sign_in(*, person: Person, factors: list[str], by: Actor, at: dt.datetime | None = None) -> None:
    """Write down that somebody signed in, and by what: `password`, `totp`, `recovery_code`, `passkey`, `sso`."""
    audit_person("sign_in", person, by=by, at=at or now(), factors=factors)


def _problems(validate: Any, *args: Any) -> list[str]:
    try:
        validate(*args)
    except ValidationError as error:
        return list(error.messages)
    return []
