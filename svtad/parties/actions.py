"""What is written here: organisations, people, memberships, tokens."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from knox.models import AuthToken
from knox.settings import knox_settings

from svtad.audit.actions import record
from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Membership, Organisation, OrganisationKind, Person
from svtad.parties.policies import check_can_manage_people
from svtad.parties.roles import ROLES

#: A token does not outlive this, whatever is asked for.
LONGEST_TOKEN = dt.timedelta(days=365)
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
    _record(
        "create_organisation", "Organisation", organisation.public_id, name, by=by, at=moment, organisation_kind=kind
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
    _record("create_person", "Person", person.public_id, person.name, by=by, at=moment, service=is_service_account)
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
    _record("set_password", "Person", person.public_id, person.name, by=by, at=moment)


@transaction.atomic
def add_membership(
    *,
    person: Person,
    organisation: Organisation,
    role: str,
    by: Actor,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Membership:
    """Give a person a role in an organisation, from a London day (default: today) on.

    Raises ActionDenied, and InvalidInput where the organisation's kind does not have the role, the dates
    are the wrong way round, or the person holds the role there already.
    """
    moment = at or now()
    check_can_manage_people(by)
    first = starts_on or london_date(moment)
    errors = []
    known = ROLES.get(role)
    if known is None:
        errors.append(FieldError(None, "role", f"Known: {', '.join(ROLES)}."))
    elif organisation.kind not in known.organisations:
        errors.append(FieldError(None, "role", f"{known.title} is no role of {organisation.name}."))
    if ends_on is not None and ends_on < first:
        errors.append(FieldError(None, "ends_on", "This is before the first day."))
    held = Membership.objects.filter(person=person, organisation=organisation, role=role, ended_at__isnull=True)
    if not errors and held.held_on(first).exists():
        errors.append(FieldError(None, "role", f"{person.name} holds this role in {organisation.name} already."))
    if errors:
        raise InvalidInput(errors)
    membership = Membership.objects.create(
        person=person, organisation=organisation, role=role, starts_on=first, ends_on=ends_on, recorded_at=moment
    )
    _record("add_membership", "Membership", membership.public_id, str(membership), by=by, at=moment, role=role)
    return membership


@transaction.atomic
def end_membership(
    *, membership: Membership, by: Actor, ends_on: dt.date | None = None, at: dt.datetime | None = None
) -> Membership:
    """End a membership: with the London day `ends_on`, or (default) at once, in the middle of today.

    Raises ActionDenied, Refused where it is over already, InvalidInput for a day before its first.
    """
    moment = at or now()
    check_can_manage_people(by)
    today = london_date(moment)
    if membership.ended_at is not None or (membership.ends_on is not None and membership.ends_on < today):
        raise Refused("", "This membership is over already.")
    if ends_on is None:
        membership.ended_at = moment
    last = ends_on or max(today, membership.starts_on)
    if last < membership.starts_on:
        raise InvalidInput.one("ends_on", "This is before the first day.")
    membership.ends_on = last
    membership.save(update_fields=["ends_on", "ended_at"])
    _record("end_membership", "Membership", membership.public_id, str(membership), by=by, at=moment, ends=str(last))
    return membership


@transaction.atomic
def disable_person(*, person: Person, by: Actor, reason: str, at: dt.datetime | None = None) -> Person:
    """Shut a person out from now on: no sign-in, sessions and tokens end. Raises Refused for oneself."""
    moment = at or now()
    check_can_manage_people(by)
    if by.person_pk == person.pk:
        raise Refused("", "You cannot disable yourself.")
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    person.is_active = False
    person.save(update_fields=["is_active"])
    AuthToken.objects.filter(user=person).delete()
    _record("disable_person", "Person", person.public_id, person.name, by=by, at=moment, reason=reason.strip()[:400])
    return person


@transaction.atomic
def enable_person(*, person: Person, by: Actor, at: dt.datetime | None = None) -> Person:
    """Let a disabled person sign in again; tokens have to be issued anew."""
    moment = at or now()
    check_can_manage_people(by)
    person.is_active = True
    person.save(update_fields=["is_active"])
    _record("enable_person", "Person", person.public_id, person.name, by=by, at=moment)
    return person


@transaction.atomic
def issue_token(
    *, person: Person, by: Actor, lifetime: dt.timedelta | None = None, at: dt.datetime | None = None
) -> tuple[AuthToken, str]:
    """Issue a token for REST and return (its row, the token): the token is shown this once, kept as a hash.

    `lifetime` is REST_KNOX's TOKEN_TTL by default and at most LONGEST_TOKEN. An administrator issues
    anybody's, a person their own. Raises ActionDenied, Refused for a disabled person, InvalidInput.
    """
    moment = at or now()
    if by.person_pk != person.pk:
        check_can_manage_people(by)
    if not person.is_active:
        raise Refused("", f"{person.name} is disabled.")
    span = lifetime if lifetime is not None else knox_settings.TOKEN_TTL
    if not dt.timedelta(0) < span <= LONGEST_TOKEN:
        raise InvalidInput.one("lifetime", f"Between a moment and {LONGEST_TOKEN.days} days.")
    row, token = AuthToken.objects.create(user=person, expiry=span)
    _record("issue_token", "Person", person.public_id, person.name, by=by, at=moment, key=row.token_key, days=span.days)
    return row, str(token)


@transaction.atomic
def revoke_token(*, token: AuthToken, by: Actor, at: dt.datetime | None = None) -> None:
    """End a token at once: an administrator anybody's, a person their own."""
    moment = at or now()
    person = token.user
    if by.person_pk != person.pk:
        check_can_manage_people(by)
    _record("revoke_token", "Person", person.public_id, person.name, by=by, at=moment, key=token.token_key)
    token.delete()


def _problems(validate: Any, *args: Any) -> list[str]:
    try:
        validate(*args)
    except ValidationError as error:
        return list(error.messages)
    return []


def _record(action: str, kind: str, subject_id: str, label: str, *, by: Actor, at: dt.datetime, **detail: Any) -> None:
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
