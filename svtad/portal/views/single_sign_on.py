"""Single sign-on: an identity of the issuer signs in a person who is known here, and makes nobody known."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.openid_connect import views as openid_connect
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET
from requests import RequestException

from svtad.parties.models import Person
from svtad.portal.views.signing_in import came_in

log = logging.getLogger(__name__)


#: What an issuer that is away, or says nonsense, makes the library raise.
_TROUBLE = (RequestException, KeyError, TypeError, ValueError)


@require_GET
def go_there(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the browser to the issuer; only where to come back to is taken from the address."""
    wanted = QueryDict(mutable=True)
    if "next" in request.GET:
        wanted["next"] = request.GET["next"]
    request.GET = wanted  # type: ignore[assignment]
    return _guarded(request, lambda: openid_connect.login(request, provider_id))


@require_GET
def come_back(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take what the issuer says; `KnownPeople` decides what comes of it."""
    return _guarded(request, lambda: openid_connect.callback(request, provider_id))


def _guarded(request: HttpRequest, go: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        return go()
    except _TROUBLE as error:
        log.warning("single sign-on failed: %s", error)
        return _failed(request)


def _failed(request: HttpRequest) -> HttpResponseBase:
    messages.error(request, "The single sign-on did not work out. Try again, or sign in with your password.")
    return redirect("portal:sign-in")


class KnownPeople(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """What happens when the issuer has said who somebody is: never a new account, never a connection."""

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Sign in the active person whose address the issuer vouches for, or turn the identity away.

        Always raises ImmediateHttpResponse: none of allauth's own ways on is taken.
        """
        told = sociallogin.account.extra_data
        person = _person(told)
        if person is None:
            log.warning("single sign-on: no active person has the address that the issuer vouches for")
            messages.error(
                request,
                "You are known there, and not here: no active account has an address that the sign-on vouches for. "
                "An administrator of the DCC makes accounts.",
            )
            raise ImmediateHttpResponse(redirect("portal:sign-in"))
        proofs = ["sso"]
        if set(settings.OIDC_SECOND_FACTORS).intersection(_amr(told)):
            proofs.append("sso_mfa")
        wanted = str(sociallogin.state.get("next") or "")
        safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
        then = wanted if safe else settings.LOGIN_REDIRECT_URL
        raise ImmediateHttpResponse(came_in(request, person, proofs=proofs, then=then))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Return False: nobody makes an account of their own."""
        return False

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """Go back to signing in and say so. Always raises ImmediateHttpResponse."""
        log.warning("single sign-on failed: %s %s", error, exception)
        raise ImmediateHttpResponse(_failed(request))


def _person(told: dict[str, Any]) -> Person | None:
    """Return the active person with the verified address, None where there is none.

    The ID token must be there, and what the userinfo endpoint says must be about the same subject.
    """
    token, more = told.get("id_token"), told.get("userinfo") or {}
    if not token or (more and more.get("sub") != token.get("sub")):
        return None
    for claims in (token, more):
        if claims.get("email") and claims.get("email_verified") in (True, "true"):
            address = str(claims["email"]).strip().lower()
            return Person.objects.filter(email=address, is_active=True, is_service_account=False).first()
    return None


def _amr(told: dict[str, Any]) -> list[str]:
    given = (told.get("id_token") or {}).get("amr") or []
    return [str(each) for each in given] if isinstance(given, list) else [str(given)]
