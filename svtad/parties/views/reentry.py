"""Entering credentials again before an act that is signed: what was sent is kept and goes on by itself.

A view looks at what it can refuse without a signature, then asks, and only then reads the form::

    if (asked := require_recent_credentials(request, what="record this decision")) is not None:
        return asked
    form = DecisionForm(request.POST, request.FILES, …)  # as it was first sent
"""

from __future__ import annotations

import datetime as dt
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from svtad.lib import clock
from svtad.parties import sessions
from svtad.parties.policies import SECOND_FACTORS, entered_recently
from svtad.parties.views import held
from svtad.parties.views.pages import PageRequest, safe_back
from svtad.parties.views.proof import proven, ways_of

#: The field that marks a form as the re-entry's own: the id of the held form, or NOTHING where a page was asked for.
MARK, NOTHING = "reentry", "-"


def require_recent_credentials(
    request: PageRequest, within: dt.timedelta | None = None, *, what: str = "do this"
) -> HttpResponse | None:
    """Return None where the person entered credentials no longer than `within` ago, else the page that asks for them.

    `within` is SIGNING_WINDOW by default; signing in counts. `what` finishes "You are about to …". The page holds what
    was posted, files too; once the person has entered their password, a code or a passkey, `request.POST` and
    `request.FILES` are as they were first sent, and None is returned. A page that was asked for is opened again.
    Raises Refused where the form is held no longer.
    """
    window = within if within is not None else settings.SIGNING_WINDOW
    mark = request.POST.get(MARK, "")
    if mark:
        kind, wrong = proven(request, request.user, password=True, recovery=False)
        if not kind:
            return _ask(request, mark, what=what, wrong=wrong)
        if kind in SECOND_FACTORS and kind not in sessions.factors(request):
            sessions.add_factor(request, kind)
        sessions.mark_entered(request)
        if mark == NOTHING:
            return HttpResponseRedirect(request.get_full_path())
        held.give_back(request, mark, request.user.pk)
        return None
    if entered_recently(sessions.entered_at(request), within=window, now=clock.now()):
        return None
    if request.method == "POST":
        return _ask(request, held.hold(request, request.user.pk), what=what)
    return _ask(request, NOTHING, what=what)


def _ask(request: PageRequest, mark: str, *, what: str, wrong: str = "") -> HttpResponse:
    context = {
        "title": "Confirm that it is you",
        "what": what,
        "mark": mark,
        "wrong": wrong,
        "ways": ways_of(request.user, password=True),
        "back": safe_back(request, "/"),
    }
    return render(request, "parties/reentry.html", context, status=HTTPStatus.FORBIDDEN)
