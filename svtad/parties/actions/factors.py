"""Second factors: set up, used, taken away."""

from __future__ import annotations

import datetime as dt
from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.db import transaction

from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties import factors
from svtad.parties.actions.people import cut_sessions
from svtad.parties.actions.recording import audit_person
from svtad.parties.actors import Actor
from svtad.parties.models import Person
from svtad.parties.policies import check_can_manage_people
from svtad.parties.queries import factors_of, second_factor_roles
from svtad.parties.roles import ROLES

_APP, _PASSKEY, _CODES = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES


@transaction.atomic
def set_up_app(*, person: Person, secret: str, code: str, by: Actor, at: dt.datetime | None = None) -> list[str]:
    """Set up an authenticator app by its secret and a code that it shows; return new recovery codes, if any were made.

    Raises ActionDenied for somebody else's, Refused where the person has an app already, InvalidInput for a wrong code.
    """
    moment = at or now()
    _check_own(person, by)
    Person.objects.select_for_update().get(pk=person.pk)
    if Authenticator.objects.filter(user=person, type=_APP).exists():
        raise Refused("", "You have an authenticator app already: take it away first.")
    step = factors.step_of_code(secret, code)
    if step is None:
        raise InvalidInput.one("code", "That is not the code the app shows now. Check the clock of its device.")
    Authenticator.objects.create(user=person, type=_APP, data=factors.app_data(secret, used=step), created_at=moment)
    audit_person("set_up_app", person, by=by, at=moment)
    return _first_codes(person, at=moment)


@transaction.atomic
def add_passkey(
    *, person: Person, name: str, credential: dict[str, Any], by: Actor, at: dt.datetime | None = None
) -> list[str]:
    """Keep a passkey that was made for the challenge in this session; return new recovery codes, if any were made.

    Raises ActionDenied for somebody else's, and InvalidInput for what is no such passkey.
    """
    moment = at or now()
    _check_own(person, by)
    try:
        factors.check_new_passkey(credential)
    except ValidationError:
        raise InvalidInput.one("", "The passkey was not made: start again.") from None
    name = plain_line(name)[:60] or "Passkey"
    Authenticator.objects.create(
        user=person, type=_PASSKEY, data={"name": name, "credential": credential}, created_at=moment
    )
    audit_person("add_passkey", person, by=by, at=moment, name=name)
    return _first_codes(person, at=moment)


@transaction.atomic
def remove_factor(*, factor: Authenticator, by: Actor, at: dt.datetime | None = None) -> None:
    """Take away an app or a passkey of one's own; the recovery codes go with the last.

    Raises ActionDenied for somebody else's, and Refused where it is the last and a role needs one.
    """
    moment = at or now()
    person = Person.objects.select_for_update().get(pk=factor.user_id)
    _check_own(person, by)
    left = [each for each in factors_of(person) if each.pk != factor.pk]
    wanting = sorted(ROLES[role].title for role in by.roles & second_factor_roles())
    if not left and wanting:
        raise Refused("", f"A second factor is needed: {', '.join(wanting)}. Set up another one first.")
    audit_person("remove_factor", person, by=by, at=moment, factor=factor.type)
    factor.delete()
    if not left:
        Authenticator.objects.filter(user=person).delete()


@transaction.atomic
def make_recovery_codes(*, person: Person, by: Actor, at: dt.datetime | None = None) -> list[str]:
    """Make new recovery codes and return them; the old ones are void. Raises ActionDenied, Refused without a factor."""
    moment = at or now()
    _check_own(person, by)
    Person.objects.select_for_update().get(pk=person.pk)
    if not factors_of(person):
        raise Refused("", "Set up an authenticator app or a passkey first.")
    Authenticator.objects.filter(user=person, type=_CODES).delete()
    audit_person("make_recovery_codes", person, by=by, at=moment)
    return _first_codes(person, at=moment)


@transaction.atomic
def reset_factors(*, person: Person, reason: str, by: Actor, at: dt.datetime | None = None) -> None:
    """Take every second factor of a person away, who lost them; sessions end. For another administrator.

    Raises ActionDenied, Refused for oneself or where there is none, InvalidInput without a reason.
    """
    moment = at or now()
    check_can_manage_people(by)
    if by.person_pk == person.pk:
        raise Refused("", "Use a recovery code, or ask another administrator.")
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    removed, _ = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise Refused("", f"{person.name} has no second factor.")
    audit_person("reset_factors", person, by=by, at=moment, reason=reason.strip()[:300])
    cut_sessions(person)


@transaction.atomic
def use_code(*, person: Person, code: str, recovery: bool = True, at: dt.datetime | None = None) -> str:
    """Take a code as proof and return what it was: `totp` or `recovery_code`, "" for a wrong one. Each counts once.

    Locked: of two requests with one code at the same time, one succeeds.
    """
    rows = {row.type: row for row in Authenticator.objects.select_for_update().filter(user=person)}
    app, codes = rows.get(_APP), rows.get(_CODES)
    if app is not None:
        secret = factors.secret_of(app)
        step = factors.step_of_code(secret, code, after=int(app.data.get("used", -1)))
        if step is not None:
            app.data = factors.app_data(secret, used=step)  # written anew: under the present key
            return _used(app, "totp", at=at)
    digits = "".join(code.split())
    if codes is not None and recovery:
        for place, known in factors.codes_of(codes):
            if factors.same(known, digits):
                codes.data["used_mask"] |= 1 << place
                return _used(codes, "recovery_code", at=at)
    return ""


@transaction.atomic
def use_passkey(*, person: Person, credential: Any, at: dt.datetime | None = None) -> str:
    """Take a passkey that was shown as proof; return `passkey`, or "" where it is none of the person's."""
    try:
        factor = factors.check_passkey(person, credential)
    except ValidationError:
        return ""
    return _used(factor, "passkey", at=at)


def _used(factor: Authenticator, kind: str, *, at: dt.datetime | None) -> str:
    factor.last_used_at = at or now()
    factor.save(update_fields=["data", "last_used_at"])
    return kind


def _first_codes(person: Person, *, at: dt.datetime) -> list[str]:
    """Make recovery codes where the person has none, and return them."""
    if Authenticator.objects.filter(user=person, type=_CODES).exists():
        return []
    row = Authenticator.objects.create(user=person, type=_CODES, data=factors.new_codes_data(), created_at=at)
    return [code for _, code in factors.codes_of(row)]


def _check_own(person: Person, by: Actor) -> None:
    if by.kind != "SYSTEM" and (by.person_pk != person.pk or by.acting_for):
        raise ActionDenied("", "A second factor is set up by its own person.")
    if person.is_service_account:
        raise Refused("", "A service account signs in by token only.")
