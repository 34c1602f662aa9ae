"""What every page does: who asks, at which moment, and how a refusal is answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from svtad.lib import clock
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor, actor_for
from svtad.parties.models import Person

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

Result = TypeVar("Result")
View = Callable[..., HttpResponseBase]

TITLES = {
    HTTPStatus.BAD_REQUEST: "That cannot be taken as it is",
    HTTPStatus.FORBIDDEN: "You may not do this",
    HTTPStatus.CONFLICT: "Not in this state",
}


class PageRequest(HttpRequest):
    """A request by somebody who signed in."""

    actor: Actor
    htmx: HtmxDetails
    user: Person


def page(*methods: str) -> Callable[[View], View]:
    """Make a view a page: signed in, `request.actor` set, refusals answered in words.

    `methods` are the HTTP methods it takes (GET alone when none are named). `ActionDenied` becomes 403,
    `Refused` 409, `InvalidInput` that no form took 400; each page shows the reason and the clause.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["HEAD", *(methods or ("GET",))])
        @login_required
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            asked = cast(PageRequest, request)
            asked.actor = actor_for(asked.user, at=clock.now())
            response: HttpResponseBase
            try:
                response = view(asked, *args, **kwargs)
            except ActionDenied as error:
                response = turned_away(asked, HTTPStatus.FORBIDDEN, reason=error.reason, clause=error.clause)
            except Refused as error:
                response = turned_away(asked, HTTPStatus.CONFLICT, reason=error.reason, clause=error.clause)
            except InvalidInput as error:
                response = turned_away(asked, HTTPStatus.BAD_REQUEST, reasons=[str(each) for each in error.errors])
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return run

    return decorate


def turned_away(
    request: HttpRequest,
    status: HTTPStatus,
    *,
    reason: str = "",
    clause: str = "",
    reasons: list[str] | None = None,
) -> HttpResponse:
    """Return the page that says why an act was turned away, by which clause, and the way back."""
    context = {
        "title": TITLES[status],
        "status": int(status),
        "reason": reason,
        "reasons": reasons or [],
        "clause": clause,
        "back": safe_back(request, ""),
    }
    return render(request, "errors/turned_away.html", context, status=status)


def safe_back(request: HttpRequest, otherwise: str) -> str:
    """Return the address on this site that the person came from (`next`, else the referring page)."""
    for candidate in (request.POST.get("next"), request.GET.get("next"), request.headers.get("Referer")):
        if candidate and url_has_allowed_host_and_scheme(
            candidate, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        ):
            return candidate
    return otherwise


def moment_of(request: HttpRequest) -> dt.datetime | None:
    """Return the past moment that the address asks for (`as_at`, London time), or None for now.

    Raises InvalidInput for a moment that cannot be read or has not come yet.
    """
    text = request.GET.get("as_at", "").strip()
    if not text:
        return None
    try:
        moment = parse_datetime(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        moment = None
    if moment is None:
        raise InvalidInput.one("as_at", "write a date and a time, such as 2026-11-19T16:00")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=clock.LONDON)
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:  # the first hours of the year 1
        raise InvalidInput.one("as_at", "write a date and a time, such as 2026-11-19T16:00") from None
    if moment > clock.now():
        raise InvalidInput.one("as_at", "is in the future: nothing was recorded by then")
    return moment


def carried_out(form: Form, act: Callable[[], Result]) -> Result | None:
    """Run `act` when `form` is valid; put what it says is wrong beside the form's fields.

    Returns what `act` returned, or None when the form has to be shown again.
    """
    if not form.is_valid():
        return None
    try:
        return act()
    except InvalidInput as error:
        for each in error.errors:
            field = each.field if each.field in form.fields else None
            message = each.message if field or not each.field else f"{each.field}: {each.message}"
            form.add_error(field, message if each.row is None else f"row {each.row}: {message}")
        return None


def done(request: HttpRequest, message: str, to: str, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
    """Say that something went through and go to the page `to` (an address or a route's name)."""
    messages.success(request, message)
    return cast(HttpResponseRedirect, redirect(to, *args, **kwargs))
