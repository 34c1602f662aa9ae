"""My second factors: an authenticator app, passkeys, recovery codes."""

from __future__ import annotations

import json

from allauth.mfa.models import Authenticator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.lib.errors import InvalidInput
from svtad.parties import actions, factors, sessions
from svtad.parties.policies import check_own_hand
from svtad.parties.queries import factors_of
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.parties.views.proof import credential_of
from svtad.parties.views.reentry import require_recent_credentials
from svtad.portal.forms import AppForm, PasskeyForm

#: The secret of an app that is being set up, until a code shows that the app has it.
SECRET = "new_app_secret"  # noqa: S105 - a key of the session


@page("GET", "POST", weak=True)
def add_app(request: PageRequest) -> HttpResponseBase:
    """Set up an authenticator app: show its secret as a QR code, take a code that it shows."""
    if (asked := _asked(request, "set up an authenticator app")) is not None:
        return asked
    form = AppForm(request.POST or None)
    secret = str(request.session.get(SECRET, ""))
    if request.method == "POST" and secret:
        codes = carried_out(
            form,
            lambda: actions.set_up_app(
                person=request.user, secret=secret, code=form.cleaned_data["code"], by=request.actor
            ),
        )
        if codes is not None:
            del request.session[SECRET]
            sessions.add_factor(request, "totp")
            return _set_up(request, "The authenticator app is set up.", codes)
    if not secret:
        secret = request.session[SECRET] = factors.new_secret()
    size, path = factors.qr_path(factors.app_address(request.user, secret))
    context = {
        "title": "An authenticator app",
        "form": form,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "size": size,
        "path": path,
    }
    return render(request, "portal/add_app.html", context, status=400 if form.errors else 200)


@page("GET", "POST", weak=True)
def add_passkey(request: PageRequest) -> HttpResponseBase:
    """Add a passkey: the browser makes it, and it is kept under a name."""
    if (asked := _asked(request, "add a passkey")) is not None:
        return asked
    form = PasskeyForm(request.POST or None)
    if request.method == "POST":
        codes = carried_out(form, lambda: _keep(request, form))
        if codes is not None:
            sessions.add_factor(request, "passkey")
            return _set_up(request, "The passkey is kept.", codes)
    context = {
        "title": "A passkey",
        "form": form,
        "options": json.dumps(factors.passkey_creation(request.user)),
    }
    return render(request, "portal/add_passkey.html", context, status=400 if form.errors else 200)


def _keep(request: PageRequest, form: PasskeyForm) -> list[str]:
    credential = credential_of(form.cleaned_data["credential"])
    if credential is None:
        raise InvalidInput.one("", "The passkey was not made: start again.")
    return actions.add_passkey(
        person=request.user, name=form.cleaned_data["name"], credential=credential, by=request.actor
    )


@page("POST", weak=True)
def remove(request: PageRequest, pk: int) -> HttpResponseBase:
    """Take away an app or a passkey."""
    own = [factor.pk for factor in factors_of(request.user)]
    factor = get_object_or_404(Authenticator.objects.filter(pk__in=own), pk=pk)
    if (asked := _asked(request, "take away a second factor")) is not None:
        return asked
    actions.remove_factor(factor=factor, by=request.actor)
    return done(request, "It is taken away.", "portal:account")


@page("POST", weak=True)
def recovery_codes(request: PageRequest) -> HttpResponseBase:
    """Make new recovery codes and show them, this once."""
    if (asked := _asked(request, "make new recovery codes")) is not None:
        return asked
    return _codes_page(request, actions.make_recovery_codes(person=request.user, by=request.actor))


def _asked(request: PageRequest, what: str) -> HttpResponse | None:
    check_own_hand(request.actor)
    return require_recent_credentials(request, what=what)


def _set_up(request: PageRequest, message: str, codes: list[str]) -> HttpResponseBase:
    return _codes_page(request, codes, message) if codes else done(request, message, "portal:account")


def _codes_page(request: PageRequest, codes: list[str], message: str = "") -> HttpResponse:
    return render(request, "portal/recovery_codes.html", {"title": "Recovery codes", "codes": codes, "said": message})
