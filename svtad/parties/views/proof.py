"""Taking a proof of who somebody is: a password, a code, a passkey; with the lock-out that each has."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_ip_address
from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_login_failed
from django.db.models import Sum
from django.http import HttpRequest

from svtad.lib import clock
from svtad.parties import factors
from svtad.parties.actions import use_code, use_passkey
from svtad.parties.models import Person
from svtad.parties.queries import factors_of

#: Wrong codes of one person from anywhere, within the cool-off, that close codes for them. Only who knows the password
#: comes this far, so that nobody else can lock a person out by it.
MOST_WRONG_CODES = 30
#: The longest answer of a browser about a passkey.
LONGEST_CREDENTIAL = 20_000


@dataclass(frozen=True)
class Ways:
    """By what a person can prove who they are, for the form that asks."""

    password: bool = False
    code: bool = False
    passkey: bool = False
    #: What the browser is asked by, where a passkey will do.
    options: str = ""

    def __bool__(self) -> bool:
        return self.password or self.code or self.passkey


def ways_of(person: Person, *, password: bool) -> Ways:
    """Return the ways of `person`; draws a new challenge where a passkey is one of them."""
    kinds = {factor.type for factor in factors_of(person)}
    passkey = Authenticator.Type.WEBAUTHN in kinds
    return Ways(
        password=password and person.has_usable_password(),
        code=Authenticator.Type.TOTP in kinds,
        passkey=passkey,
        options=json.dumps(factors.passkey_request(person)) if passkey else "",
    )


def proven(request: HttpRequest, person: Person, *, password: bool, recovery: bool) -> tuple[str, str]:
    """Return (what the posted proof is, what is wrong): one of them is empty.

    The kinds are `password`, `totp`, `recovery_code` and `passkey`. `password` and `recovery` say whether a password or
    a recovery code will do. Each failure counts towards the lock-out.
    """
    if given := request.POST.get("credential"):
        return use_passkey(person=person, credential=credential_of(given)), "That passkey is not one of yours."
    if given := request.POST.get("code"):
        return _code(request, person, given[:40], recovery=recovery), "That code is wrong, or was used already."
    if password and (given := request.POST.get("password")):
        return password_proven(request, person, given), "That is not your password."
    return "", "Give one of these."


def credential_of(text: str) -> Any:
    """Return what the browser said of a passkey, None where that cannot be read."""
    try:
        return json.loads(text) if len(text) <= LONGEST_CREDENTIAL else None
    except ValueError:
        return None


def password_proven(request: HttpRequest, person: Person, given: str) -> str:
    """Return `password` where that is the person's, else ""; a wrong one counts towards the lock-out."""
    if authenticate(request, username=person.email, password=given) != person:
        return ""
    reset(username=person.email, ip=get_client_ip_address(request))
    return "password"


def _code(request: HttpRequest, person: Person, given: str, *, recovery: bool) -> str:
    credentials = {"username": f"codes of {person.public_id}"}
    if not AxesProxyHandler.is_allowed(request, credentials) or _too_many(credentials["username"]):
        request.axes_locked_out = True  # type: ignore[attr-defined]
        request.axes_credentials = credentials  # type: ignore[attr-defined]
        return ""
    kind = use_code(person=person, code=given, recovery=recovery)
    if kind:
        reset(username=credentials["username"])
    else:
        user_login_failed.send(sender=__name__, credentials=credentials, request=request)
    return kind


def _too_many(username: str) -> bool:
    since = clock.now() - (settings.AXES_COOLOFF_TIME or dt.timedelta())
    recent = AccessAttempt.objects.filter(username=username, attempt_time__gte=since)
    return int(recent.aggregate(all=Sum("failures_since_start"))["all"] or 0) >= MOST_WRONG_CODES
