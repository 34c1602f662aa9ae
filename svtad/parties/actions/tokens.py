"""Tokens for REST: issued, let sign, ended."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from knox.models import AuthToken
from knox.settings import knox_settings

from svtad.lib.clock import now
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actions.recording import audit_person
from svtad.parties.actors import Actor
from svtad.parties.models import Person, SigningGrant
from svtad.parties.policies import check_can_let_sign, check_can_manage_people
from svtad.parties.queries import may_sign

#: A token does not outlive this, whatever is asked for.
LONGEST_TOKEN = dt.timedelta(days=365)


@transaction.atomic
def issue_token(
    *,
    person: Person,
    by: Actor,
    lifetime: dt.timedelta | None = None,
    signs_because: str = "",
    at: dt.datetime | None = None,
) -> tuple[AuthToken, str]:
    """Issue a token for REST and return (its row, the token): the token is shown this once, kept as a hash.

    `lifetime` is REST_KNOX's TOKEN_TTL by default and at most LONGEST_TOKEN. An administrator issues
    anybody's, a person their own. With `signs_because` (a reason) it may record decisions, see `let_token_sign`.
    Raises ActionDenied, Refused for a disabled person, InvalidInput.
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
    audit_person("issue_token", person, by=by, at=moment, key=row.token_key, days=span.days)
    if signs_because:
        let_token_sign(token=row, reason=signs_because, by=by, at=moment)
    return row, str(token)


@transaction.atomic
def let_token_sign(*, token: AuthToken, reason: str, by: Actor, at: dt.datetime | None = None) -> SigningGrant:
    """Let a token record decisions, for a reason that is kept; ending the token takes it back.

    Raises ActionDenied (only another administrator), Refused for a service account (a decision is a person's) and
    for a token that may sign already, InvalidInput without a reason.
    """
    moment = at or now()
    person = token.user
    check_can_let_sign(by, person)
    if person.is_service_account:
        raise Refused("", "A service account signs nothing: a decision is recorded by a person.")
    if may_sign(token):
        raise Refused("", "This token may sign already.")
    if not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    grant: SigningGrant = SigningGrant.objects.create(
        token_digest=token.digest,
        person=person,
        reason=reason.strip()[:300],
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit_person("let_token_sign", person, by=by, at=moment, key=token.token_key, reason=grant.reason)
    return grant


@transaction.atomic
def revoke_token(*, token: AuthToken, by: Actor, at: dt.datetime | None = None) -> None:
    """End a token at once: an administrator anybody's, a person their own."""
    moment = at or now()
    person = token.user
    if by.person_pk != person.pk:
        check_can_manage_people(by)
    audit_person("revoke_token", person, by=by, at=moment, key=token.token_key)
    token.delete()
