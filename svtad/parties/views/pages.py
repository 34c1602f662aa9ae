"""What every page does: who asks, at which moment, and how a refusal is answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from svtad.lib import clock
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties import sessions
from svtad.parties.actors import Actor, actor_for
from svtad.parties.models import Person
from svtad.parties.policies import allowed, check_has_second_factor

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


def page(*methods: str, weak: bool = False) -> Callable[[View], View]:
    """Make a view a page: signed in, `request.actor` set, refusals answered in words.

    `methods` are the HTTP methods it takes (GET alone when none are named). `ActionDenied` becomes 403,
    `Refused` 409, `InvalidInput` that no form took 400; each page shows the reason and the clause. Where a role of
    theirs needs a second factor that this session lacks, the person is led to give it first; a `weak` page is open
    all the same: those by which one sets it up.
    """

    def decorate(view: View) -> View:
        @require_http_methods(["HEAD", *(methods or ("GET",))])
        @login_required
        @wraps(view)
        def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            asked = cast(PageRequest, request)
            asked.actor, over = _actor_in(asked)
            response: HttpResponseBase
            if over is not None and request.method == "POST":
                return turned_away(asked, HTTPStatus.FORBIDDEN, reason=over.reason)
            if not weak and not allowed(check_has_second_factor, asked.actor, sessions.factors(request))[0]:
                return redirect(f"{reverse('portal:second-factor')}?{urlencode({'next': _way_back(asked)})}")
            try:
                response = view(asked, *args, **kwargs)
            except ActionDenied as error:
                response = turned_away(
                    asked,
                    HTTPStatus.FORBIDDEN,
                    reason=error.reason,
                    clause=error.clause,
                    permission=error.permission,
                )
            except Refused as error:
                response = turned_away(asked, HTTPStatus.CONFLICT, reason=error.reason, clause=error.clause)
            except InvalidInput as error:
                response = turned_away(asked, HTTPStatus.BAD_REQUEST, reasons=[str(each) for each in error.errors])
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response

        return run

    return decorate


def _actor_in(request: PageRequest) -> tuple[Actor, ActionDenied | None]:
    """Return who acts in this session: the person, or as the deputy they chose to act as.

    Where that deputyship is over, they act as themselves again, and are told; what they were about to send was meant
    to be recorded for somebody else, so that is turned away.
    """
    chosen = sessions.deputyship(request)
    over = None
    if chosen:
        try:
            return actor_for(request.user, at=clock.now(), deputyship=chosen), None
        except ActionDenied as denied:
            over = denied
            sessions.act_in(request, "")
            messages.warning(request, denied.reason)
    return actor_for(request.user, at=clock.now()), over


def _way_back(request: HttpRequest) -> str:
    """Return the page to go on to later: this one, or where a form was sent from."""
    return request.get_full_path() if request.method == "GET" else safe_back(request, "/")


def turned_away(
    request: HttpRequest,
    status: HTTPStatus,
    *,
    reason: str = "",
    clause: str = "",
    permission: str = "",
    reasons: list[str] | None = None,
) -> HttpResponse:
    """Return the page that says why an act was turned away, by which clause, and the way back."""
    context = {
        "title": TITLES[status],
        "status": int(status),
        "reason": reason,
        "reasons": reasons or [],
        "clause": clause,
        "permission": permission,
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
