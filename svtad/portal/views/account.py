"""One's own account: roles, second factors, deputies, tokens, password, sessions; how pages look and listen."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth import logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST
from knox.models import AuthToken

from svtad.lib import clock
from svtad.lib.errors import InvalidInput
from svtad.parties import actions, sessions
from svtad.parties.models import Deputyship, Membership
from svtad.parties.policies import check_own_hand
from svtad.parties.queries import factors_of, feed_of_person, second_factor_roles, tokens_that_sign
from svtad.parties.roles import ROLES
from svtad.parties.views.pages import PageRequest, carried_out, done, page, safe_back
from svtad.parties.views.proof import password_proven
from svtad.portal.forms import PasswordForm

YEAR = 365 * 24 * 60 * 60
#: What the look of the pages may be set to; "system" follows the person's own machine.
THEMES = ("light", "dark", "system")


@page("GET", weak=True)
def account(request: PageRequest) -> HttpResponseBase:
    """My roles and what they let me do, my second factors and deputies, the tokens by which tools act as me."""
    now = clock.now()
    today = clock.london_date(now)
    memberships = list(
        Membership.objects.filter(person=request.user).select_related("organisation").order_by("-starts_on")
    )
    held = {membership.pk for membership in memberships if _holds(membership, today)}
    wanted = second_factor_roles()
    signing = tokens_that_sign(request.user)
    context = {
        "title": "My account",
        "memberships": [(membership, ROLES.get(membership.role), membership.pk in held) for membership in memberships],
        "factors": factors_of(request.user),
        "wanting": sorted(ROLES[each.role].title for each in memberships if each.pk in held and each.role in wanted),
        "deputy_for": [
            (each, ROLES.get(each.membership.role))
            for each in Deputyship.objects.held_at(now).with_names().filter(deputy=request.user)
        ],
        "tokens": [
            (token, token.digest in signing)
            for token in AuthToken.objects.filter(user=request.user).order_by("-created")
        ],
        "feed": feed_of_person(request.user),
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "portal/account.html", context)


def _holds(membership: Membership, today: dt.date) -> bool:
    ended = membership.ends_on is not None and membership.ends_on < today
    return not ended and membership.ended_at is None and membership.starts_on <= today


@page("GET", "POST")
def password(request: PageRequest) -> HttpResponseBase:
    """Change one's own password: the present one is asked for; other sessions end, this one goes on."""
    check_own_hand(request.actor)
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and carried_out(form, lambda: _change_password(request, form)):
        update_session_auth_hash(request, request.user)
        sessions.mark_entered(request)
        return done(request, "Your password is changed. Your other sessions have ended.", "portal:account")
    context = {"title": "My password", "form": form}
    return render(request, "portal/password.html", context, status=400 if form.errors else 200)


def _change_password(request: PageRequest, form: PasswordForm) -> bool:
    if not password_proven(request, request.user, form.cleaned_data["current"]):
        raise InvalidInput.one("current", "That is not your password.")
    actions.set_password(person=request.user, password=form.cleaned_data["password"], by=request.actor)
    return True


@page("POST", weak=True)
def end_sessions(request: PageRequest) -> HttpResponseBase:
    """End every session of mine, this one too."""
    check_own_hand(request.actor)
    actions.end_sessions(person=request.user, by=request.actor)
    logout(request)
    return redirect("portal:sign-in")


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
