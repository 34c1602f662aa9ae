"""Test Phases: the list, and what one is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.parties.models import Organisation
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from testphases import actions
from testphases.actions.scopes import TRANSITIONS
from testphases.forms import FreezeForm, MoveForm, ParticipantForm, ReasonForm
from testphases.models import ScopeStateChange, StageExitVersions, TestScope
from testphases.models.scopes import ScopeState
from testphases.policies import check_can_manage_phases
from testphases.queries import participants, scopes_for
from testphases.queries.stages import stages_at


@page("GET")
def phases(request: PageRequest) -> HttpResponseBase:
    """List the phases that the person may see, by release."""
    rows = scopes_for(request.actor)
    release = request.GET.get("release")
    chosen = [scope for scope in rows if not release or scope.release.public_id == release]
    may, _ = allowed(check_can_manage_phases, request.actor)
    context = {
        "title": "Phases",
        "scopes": chosen,
        "may_set_up": may,
        "governs": request.actor.may("see_all_phases"),
    }
    return render(request, "testphases/phases.html", context)


@page("GET")
def scope(request: PageRequest, public_id: str) -> HttpResponseBase:
    """What a phase is made of: its document, state, participants, stages and stage-exit versions."""
    return _scope_page(request, visible_scope(request, public_id))


@page("POST")
def move(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Move a phase to another state; a gate that is not open refuses it."""
    found = visible_scope(request, public_id)
    form = MoveForm(request.POST)
    return _act(
        request, found, "move", form, lambda: actions.move_scope(scope=found, **form.cleaned_data, by=request.actor)
    )


@page("POST")
def freeze(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Freeze the stage-exit versions."""
    found = visible_scope(request, public_id)
    form = FreezeForm(request.POST, scope=found)
    return _act(
        request,
        found,
        "freeze",
        form,
        lambda: actions.freeze_stage_exit_versions(scope=found, **form.cleaned_data, by=request.actor),
    )


@page("POST")
def add_participant(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record that an organisation takes part from now on."""
    found = visible_scope(request, public_id)
    form = ParticipantForm(request.POST)
    return _act(
        request,
        found,
        "participant",
        form,
        lambda: actions.add_participant(scope=found, **form.cleaned_data, by=request.actor),
    )


@page("POST")
def end_participation(request: PageRequest, public_id: str, organisation_id: str) -> HttpResponseBase:
    """Record that an organisation takes part no longer."""
    found = visible_scope(request, public_id)
    organisation = get_object_or_404(Organisation, public_id=organisation_id)
    form = ReasonForm(request.POST)

    def act() -> bool:
        actions.end_participation(scope=found, organisation=organisation, **form.cleaned_data, by=request.actor)
        return True

    return _act(request, found, "ending", form, act)


def visible_scope(request: PageRequest, public_id: str) -> TestScope:
    """Return the phase of that id, or 404 where the person may not see one."""
    found: TestScope = get_object_or_404(scopes_for(request.actor), public_id=public_id)
    return found


def _act(request: PageRequest, scope: TestScope, name: str, form: Form, act: Callable[[], object]) -> HttpResponseBase:
    if carried_out(form, act) is None:
        return _scope_page(request, scope, tried={name: form})
    return done(request, "Recorded.", "testphases:scope", scope.public_id)


def _scope_page(request: PageRequest, scope: TestScope, *, tried: dict[str, Form] | None = None) -> HttpResponseBase:
    may, refused = allowed(check_can_manage_phases, request.actor)
    given = tried or {}
    following = TRANSITIONS.get(scope.state, ())
    move_form = given.get("move") or MoveForm()
    move_form.fields["to_state"].choices = [  # type: ignore[attr-defined]
        (state, ScopeState(state).label) for state in following
    ]
    context: dict[str, Any] = {
        "title": f"{scope.name}: about",
        "scope": scope,
        "release": scope.release,
        "participants": participants(scope).order_by("name"),
        "stages": stages_at(scope, None),
        "exit_versions": StageExitVersions.objects.filter(scope=scope)
        .select_related("version_set")
        .order_by("-valid_from"),
        "changes": ScopeStateChange.objects.filter(scope=scope).order_by("-pk"),
        "following": following,
        "may": may,
        "refused": refused,
        "move_form": move_form,
        "freeze_form": given.get("freeze") or FreezeForm(scope=scope),
        "participant_form": given.get("participant") or ParticipantForm(),
        "ending_form": given.get("ending") or ReasonForm(),
        "tried": next(iter(given), ""),
        "synthetic": scope.is_synthetic,
    }
    return render(request, "testphases/scope.html", context, status=400 if tried else 200)
