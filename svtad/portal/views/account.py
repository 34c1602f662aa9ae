"""Signing in and out, one's own account, and how pages look and listen."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST
from knox.models import AuthToken

from svtad.lib import clock
from svtad.parties.models import Membership
from svtad.parties.roles import ROLES
from svtad.parties.views.pages import PageRequest, page, safe_back
from svtad.portal.forms import SignInForm

YEAR = 365 * 24 * 60 * 60
#: What the look of the pages may be set to; "system" follows the person's own machine.
THEMES = ("light", "dark", "system")


class SignIn(LoginView):
    """Sign in by e-mail address and password."""

    template_name = "portal/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True
    extra_context = {"title": "Sign in"}


class SignOut(LogoutView):
    """Sign out (POST only)."""


@page("GET")
def account(request: PageRequest) -> HttpResponseBase:
    """My roles and what they let me do, and the tokens by which tools act as me."""
    today = clock.london_date(clock.now())
    memberships = list(
        Membership.objects.filter(person=request.user).select_related("organisation").order_by("-starts_on")
    )
    held = {membership.pk for membership in memberships if _holds(membership, today)}
    context = {
        "title": "My account",
        "memberships": [(membership, ROLES.get(membership.role), membership.pk in held) for membership in memberships],
        "tokens": AuthToken.objects.filter(user=request.user).order_by("-created"),
    }
    return render(request, "portal/account.html", context)


def _holds(membership: Membership, today: dt.date) -> bool:
    ended = membership.ends_on is not None and membership.ends_on < today
    return not ended and membership.starts_on <= today


@require_POST
def preferences(request: HttpRequest) -> HttpResponseBase:
    """Keep the look (light, dark, as the system) and whether keys are on, in a cookie of this browser."""
    response = HttpResponseRedirect(safe_back(request, "/"))
    theme, keys = request.POST.get("theme"), request.POST.get("keys")
    if theme in THEMES:
        _remember(request, response, "theme", "" if theme == "system" else theme)
    if keys in ("on", "off"):
        _remember(request, response, "keys", "off" if keys == "off" else "")
    return response


def _remember(request: HttpRequest, response: HttpResponseRedirect, name: str, value: str) -> None:
    if not value:
        response.delete_cookie(name, samesite="Lax")
        return
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure(), httponly=True)


@page("GET")
def keys(request: PageRequest) -> HttpResponseBase:
    """List the keys, for those who read without the dialog."""
    return render(request, "portal/keys.html", {"title": "Keys"})
