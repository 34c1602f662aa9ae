"""Signing in: by password, passkey or single sign-on; the second factor; signing out."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView, LogoutView
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from svtad.lib import clock
from svtad.parties import factors, sessions
from svtad.parties.actions import record_sign_in, use_passkey
from svtad.parties.actors import actor_for
from svtad.parties.models import Deputyship, Person
from svtad.parties.policies import SECOND_FACTORS
from svtad.parties.queries import factors_of
from svtad.parties.roles import ROLES
from svtad.parties.views.proof import credential_of, proven, ways_of
from svtad.portal.forms import SignInForm

#: Where a sign-in waits for its second factor, and how long.
PENDING = "pending_sign_in"
PATIENCE = dt.timedelta(minutes=10)


class SignIn(LoginView):
    """Sign in by e-mail address and password."""

    template_name = "portal/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the other ways of signing in."""
        return {**super().get_context_data(**kwargs), "title": "Sign in", "sso": _single_sign_on()}

    def form_valid(self, form: Form) -> HttpResponse:
        """Go on to the second factor, or in."""
        person = cast(SignInForm, form).get_user()
        return came_in(self.request, person, proofs=["password"], then=self.get_success_url())


class SignOut(LogoutView):
    """Sign out (POST only)."""


def came_in(request: HttpRequest, person: Person, *, proofs: list[str], then: str) -> HttpResponse:
    """Go on with a sign-in whose first proof held: to the second factor where the person has one, else in.

    Nobody is signed in until both hold; `proofs` is what held so far. `then` is an address of this site.
    """
    if SECOND_FACTORS.intersection(proofs) or not factors_of(person):
        return _let_in(request, person, proofs=proofs, then=then)
    request.session.cycle_key()
    request.session[PENDING] = {
        "person": person.pk,
        "hash": person.get_session_auth_hash(),
        "at": clock.now().timestamp(),
        "proofs": proofs,
        "then": then,
    }
    return redirect("portal:second-factor")


def _let_in(request: HttpRequest, person: Person, *, proofs: list[str], then: str) -> HttpResponse:
    request.session.pop(PENDING, None)
    sessions.begin(request, person, factors=proofs)
    moment = clock.now()
    record_sign_in(person=person, factors=proofs, by=actor_for(person, at=moment), at=moment)
    for each in Deputyship.objects.held_at(moment).with_names().filter(deputy=person):
        role = ROLES[each.membership.role].title if each.membership.role in ROLES else each.membership.role
        messages.info(
            request,
            f"You are the deputy of {each.membership.person} ({role}) until {each.ends_on:%-d %B %Y}. "
            "To act for them, go to My account.",
        )
    return redirect(then)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponseBase:
    """Take the second factor of a sign-in that waits for it, or of a session whose role needs one."""
    waiting = _waiting(request)
    person = waiting or (request.user if isinstance(request.user, Person) else None)
    if person is None:
        messages.info(request, "Please sign in again: the sign-in was not finished in time.")
        return redirect("portal:sign-in")
    wrong = ""
    if request.method == "POST" and factors_of(person):
        kind, wrong = proven(request, person, password=False, recovery=True)
        if kind and waiting:
            told = request.session[PENDING]
            return _let_in(request, person, proofs=[*told["proofs"], kind], then=told["then"])
        if kind:
            sessions.add_factor(request, kind)
            return redirect(_next(request))
    context = {
        "title": "Second factor",
        "ways": ways_of(person, password=False),
        "wrong": wrong,
        "signed_in": waiting is None,
        "next": _next(request),
    }
    return render(request, "portal/second_factor.html", context, status=400 if wrong else 200)


def _waiting(request: HttpRequest) -> Person | None:
    """Return whose sign-in waits: not for long, and only while they may sign in by what they proved."""
    told = request.session.get(PENDING)
    if told is None or request.user.is_authenticated:
        return None
    person = Person.objects.filter(pk=told["person"], is_active=True).first()
    late = clock.now().timestamp() - told["at"] > PATIENCE.total_seconds()
    if person is None or late or not constant_time_compare(person.get_session_auth_hash(), told["hash"]):
        del request.session[PENDING]
        return None
    return person


@never_cache
@require_http_methods(["GET", "POST"])
def by_passkey(request: HttpRequest) -> HttpResponseBase:
    """Sign in with a passkey alone: GET says by what the browser asks for one, POST takes its answer."""
    if request.method == "GET":
        return JsonResponse(factors.passkey_request(None))
    credential = credential_of(request.POST.get("credential", ""))
    try:
        person = factors.person_of_passkey(credential)
    except factors.NotAccepted:
        person = None
    if person is None or not use_passkey(person=person, credential=credential):
        messages.error(request, "That passkey does not open anything here. Sign in with your password.")
        return redirect("portal:sign-in")
    return came_in(request, person, proofs=["passkey"], then=_next(request))


def _next(request: HttpRequest) -> str:
    """Return the address on this site that the person was going to."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return settings.LOGIN_REDIRECT_URL


def _single_sign_on() -> dict[str, str] | None:
    """Return the name and the address of the configured single sign-on, None where there is none."""
    apps = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
    if not apps:
        return None
    return {"name": apps[0]["name"], "href": reverse("openid_connect_login", args=[apps[0]["provider_id"]])}
