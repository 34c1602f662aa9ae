"""Setting up what testing happens in: programmes, their Capability Releases, and Test Phases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import render

from svtad.governing.models import DocumentVersion
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from testphases import actions
from testphases.forms import PhaseForm, ProgrammeForm, ReleaseForm
from testphases.models import CapabilityRelease, Programme
from testphases.policies import check_can_manage_phases

Done = tuple[str, str, tuple[str, ...]]


@page("GET")
def set_up(request: PageRequest) -> HttpResponseBase:
    """Offer the forms in the order in which they are needed: a programme, its releases, their phases."""
    return _set_up_page(request)


@page("POST")
def create(request: PageRequest, what: str) -> HttpResponseBase:
    """Create a programme, a release or a phase; show the page again where its form lacks something."""
    if what not in _ACTS:
        raise Http404
    form = _FORMS[what](request.POST, prefix=what)
    outcome = carried_out(form, lambda: _ACTS[what](form, request.actor))
    if outcome is None:
        return _set_up_page(request, tried=(what, form))
    said, to, args = outcome
    return done(request, said, to, *args)


def _programme(form: Form, by: Actor) -> Done:
    made = actions.create_programme(**form.cleaned_data, by=by)
    return f"{made.name} is set up. Its Capability Releases come next.", "testphases:set-up", ()


def _release(form: Form, by: Actor) -> Done:
    made = actions.create_release(**form.cleaned_data, by=by)
    return f"{made.code} is set up. Its Test Phases come next.", "testphases:set-up", ()


def _phase(form: Form, by: Actor) -> Done:
    made = actions.create_scope(**form.cleaned_data, by=by)
    return (
        f"{made.name} is set up. Say who takes part, then import what is planned.",
        "testphases:scope",
        (made.public_id,),
    )


_ACTS: dict[str, Callable[[Form, Actor], Done]] = {"programme": _programme, "release": _release, "phase": _phase}
_FORMS: dict[str, type[Form]] = {"programme": ProgrammeForm, "release": ReleaseForm, "phase": PhaseForm}


def _set_up_page(request: PageRequest, *, tried: tuple[str, Form] | None = None) -> HttpResponseBase:
    may, refused = allowed(check_can_manage_phases, request.actor)
    forms = {what: tried[1] if tried and tried[0] == what else form(prefix=what) for what, form in _FORMS.items()}
    releases = CapabilityRelease.objects.select_related("programme").order_by("programme__name", "position")
    context: dict[str, Any] = {
        "title": "Set up phases",
        "may": may,
        "refused": refused,
        "forms": forms,
        "tried": tried[0] if tried else "",
        "programmes": Programme.objects.order_by("name") if may else (),
        "releases": releases if may else (),
        "has_documents": DocumentVersion.objects.exists(),
    }
    return render(request, "testphases/set_up.html", context, status=400 if tried else 200)
