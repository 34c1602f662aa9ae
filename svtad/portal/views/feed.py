"""A person's calendar at a secret address: fetched by calendars, made and revoked by the person."""

from __future__ import annotations

import datetime as dt
import hashlib

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from svtad.governance.policies import bodies_of
from svtad.governance.queries.events import PRODUCT, events_for
from svtad.lib import clock
from svtad.lib.ical import feed_of
from svtad.parties import actions
from svtad.parties.actors import actor_for
from svtad.parties.models import Person
from svtad.parties.policies import check_own_hand
from svtad.parties.queries import feed_of_person, person_of_feed
from svtad.parties.views.pages import PageRequest, done, page
from svtad.parties.views.reentry import require_recent_credentials

#: How often a calendar need ask.
EVERY = dt.timedelta(hours=1)


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Send the calendar at that secret address, as its person may see it at this moment.

    No session and no cookie: a calendar has neither. The person is looked up anew each time, so that whoever holds no
    role any more gets an empty calendar, and a deputyship, which is taken up in a session, adds nothing. A wrong
    address, a revoked one and that of a disabled person are answered alike.
    """
    # Django's log names the path of what fails: this one is a secret.
    request.path = request.path_info = reverse("portal:feed", args=["secret"])
    person = person_of_feed(secret)
    response: HttpResponseBase
    if person is None:
        response = HttpResponseNotFound("There is no calendar here.\n", content_type="text/plain; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-store"
    else:
        response = _calendar_of(person, request)
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _calendar_of(person: Person, request: HttpRequest) -> HttpResponseBase:
    moment = clock.now()
    actor = actor_for(person, at=moment)
    events = events_for(
        actor, bodies=bodies_of(actor), moment=moment, link=lambda route, public_id: _url(request, route, public_id)
    )
    text = feed_of(events, product=PRODUCT, name="Testing Governance", every=EVERY)
    response = HttpResponse(text, content_type="text/calendar; charset=utf-8")
    response.headers["ETag"] = f'"{hashlib.sha256(text.encode()).hexdigest()}"'
    # For this one person, and never without asking: a role may have ended since.
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Content-Disposition"] = 'inline; filename="testing-governance.ics"'
    conditional = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    return conditional if conditional is not None else response


def _url(request: HttpRequest, route: str, *args: str) -> str:
    """Return the address of a page as people reach it, from wherever the calendar is fetched."""
    path = reverse(route, args=args)
    return f"{settings.SITE_URL.rstrip('/')}{path}" if settings.SITE_URL else request.build_absolute_uri(path)


@page("POST")
def make(request: PageRequest) -> HttpResponseBase:
    """Make the address of my calendar, or renew it, and show it, this once."""
    check_own_hand(request.actor)
    if (asked := require_recent_credentials(request, what="make the address of your calendar")) is not None:
        return asked
    renewed = feed_of_person(request.user) is not None
    _, secret = actions.make_calendar_feed(person=request.user, by=request.actor)
    address = _url(request, "portal:feed", secret)
    context = {
        "title": "The address of my calendar",
        "address": address,
        "subscribe": f"webcal:{address.partition(':')[2]}",
        "renewed": renewed,
    }
    return render(request, "portal/calendar_address.html", context)


@page("POST")
def revoke(request: PageRequest) -> HttpResponseBase:
    """End the address of my calendar at once."""
    actions.revoke_calendar_feed(person=request.user, by=request.actor)
    return done(request, "The address of your calendar has ended.", f"{reverse('portal:account')}#calendar")
