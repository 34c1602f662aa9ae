"""What a session remembers of its person: when it began, by which credentials, and for whom they act."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, login, logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponseBase

from svtad.lib import clock
from svtad.parties.models import Person

GetResponse = Callable[[HttpRequest], HttpResponseBase]

BEGAN, SEEN, ENTERED, FACTORS, DEPUTYSHIP = "began", "seen", "credentials_at", "factors", "deputyship"
#: How often "seen" is written: not with every request.
SEEN_EVERY = dt.timedelta(minutes=1)
BACKEND = "django.contrib.auth.backends.ModelBackend"


def remember_beginning(*, request: HttpRequest, **_: Any) -> None:
    """Note when somebody signed in: to sign in is to enter credentials."""
    moment = clock.now().timestamp()
    for key in (BEGAN, SEEN, ENTERED):
        request.session[key] = moment
    request.session.pop(FACTORS, None)
    request.session.pop(DEPUTYSHIP, None)


user_logged_in.connect(remember_beginning, dispatch_uid="svtad.parties.sessions")


def begin(request: HttpRequest, person: Person, *, factors: list[str]) -> None:
    """Sign `person` in: a session under a new key, with what they proved themselves by."""
    login(request, person, backend=BACKEND)
    request.session[FACTORS] = factors


def factors(request: HttpRequest) -> list[str]:
    """Return what this session was proven by: `password`, `sso`, and the second factors."""
    return list(request.session.get(FACTORS, []))


def add_factor(request: HttpRequest, factor: str) -> None:
    """Note a second factor that was proven in this session, under a new key."""
    request.session.cycle_key()
    request.session[FACTORS] = [*factors(request), factor]
    mark_entered(request)


def entered_at(request: HttpRequest) -> dt.datetime | None:
    """Return when credentials were last entered in this session, None for never."""
    moment = request.session.get(ENTERED)
    return None if moment is None else dt.datetime.fromtimestamp(moment, dt.UTC)


def mark_entered(request: HttpRequest) -> None:
    """Note that credentials were entered just now."""
    request.session[ENTERED] = clock.now().timestamp()


def deputyship(request: HttpRequest) -> str:
    """Return the public id of the deputyship in which the person acts, "" for as themselves."""
    return str(request.session.get(DEPUTYSHIP, ""))


def act_in(request: HttpRequest, public_id: str) -> None:
    """Act in a deputyship from now on, or ("") as oneself again."""
    if public_id:
        request.session[DEPUTYSHIP] = public_id
    else:
        request.session.pop(DEPUTYSHIP, None)


def limit_sessions(get_response: GetResponse) -> GetResponse:
    """End a session that was idle too long, or began too long ago (`SESSION_IDLE`, `SESSION_LONGEST`)."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and SESSION_KEY in request.session:
            _limit(request)
        return get_response(request)

    return middleware


def _limit(request: HttpRequest) -> None:
    now = clock.now().timestamp()
    began, seen = request.session.get(BEGAN, now), request.session.get(SEEN, 0)
    if now - began > settings.SESSION_LONGEST.total_seconds():
        logout(request)
        messages.info(request, "You were signed out: a session ends after its longest time. Please sign in again.")
    elif seen and now - seen > settings.SESSION_IDLE.total_seconds():
        logout(request)
        messages.info(request, "You were signed out: nothing was done for too long. Please sign in again.")
    elif now - seen >= SEEN_EVERY.total_seconds():
        request.session[BEGAN], request.session[SEEN] = began, now
