"""Capability Releases: whether one is ready, and may go live (7.2, 7.3, 9.8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.forms import Form
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.gates import actions
from svtad.gates.actions.releases import OF_RELEASE
from svtad.gates.forms import ChangeForm, PromotionForm, ReasonForm, ReleaseMoveForm, RepeatDocumentForm
from svtad.gates.gathering.releases import gather_release
from svtad.gates.models import RepeatDocument
from svtad.gates.policies import check_can_link_release
from svtad.gates.queries.releases import (
    changes_of,
    documents_of,
    has_phases,
    matters_of,
    releases_for,
    state_at,
)
from svtad.gates.views.checklist import Checklist, checklist_of_release
from svtad.lib.clock import now
from svtad.lib.errors import Refused
from svtad.parties.policies import allowed, require
from svtad.parties.views.pages import PageRequest, carried_out, done, moment_of, page
from svtad.rulebook.release import TRANSITIONS, Readiness, judge_release
from svtad.rulebook.vocabulary import ReleaseState, Verdict
from testphases.actions import move_release
from testphases.models import CapabilityRelease
from testphases.policies import check_can_manage_phases

#: What a move is called on its button.
MOVES = {
    ReleaseState.IN_TEST: "It is in test",
    ReleaseState.READY: "It is ready",
    ReleaseState.LIVE: "It is live",
}


@dataclass(frozen=True)
class Line:
    """One release in the list: where it is, and what its readiness comes to; "" where nothing can be judged."""

    release: CapabilityRelease
    state: ReleaseState
    verdict: str
    unmet: tuple[str, ...]


@page("GET")
def releases(request: PageRequest) -> HttpResponseBase:
    """List the releases with their state and readiness, as they stand or stood (`?as_at=`)."""
    require(request.actor, "see_all_phases", clause="SVTAD 7.2", what="see whether a release is ready")
    moment = moment_of(request)
    rows = list(releases_for(request.actor))
    held = has_phases(rows)
    lines = []
    for row in rows:
        readiness = _readiness(row, moment)[0] if row.pk in held else None
        unmet = tuple(each.title for each in readiness.ready if not each.verdict.opens_gate) if readiness else ()
        lines.append(Line(row, state_at(changes_of(row, moment)), readiness.verdict.value if readiness else "", unmet))
    context = {
        "title": "Capability Releases",
        "lines": lines,
        "ready": sum(1 for each in lines if each.verdict == Verdict.MET),
        "as_at": moment,
        "can_look_back": True,
    }
    return render(request, "gates/releases.html", context)


@page("GET")
def release(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One release: its readiness criterion by criterion, its state, and what 7.3 and 9.8 ask of it."""
    return _page(request, _visible(request, public_id))


@page("POST")
def move(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Move a release on; what is not met refuses it."""
    found = _visible(request, public_id)
    form = ReleaseMoveForm(request.POST)
    made = carried_out(form, lambda: move_release(release=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return _page(request, found, tried=("move", form))
    return done(request, f"{found}: recorded.", "gates:release", public_id)


@page("POST")
def open_matter(request: PageRequest, public_id: str, procedure: str) -> HttpResponseBase:
    """Open a matter about a release: a change to the DCC User Interface (7.3), or a promotion of its code (9.8)."""
    found = _visible(request, public_id)
    if procedure not in OF_RELEASE:
        raise Http404
    form: Form = ChangeForm(request.POST) if procedure == "INTERFACE_REPEAT" else PromotionForm(request.POST)

    def act() -> Any:
        given = form.cleaned_data
        data = {"change": given["change"]} if procedure == "INTERFACE_REPEAT" else None
        return actions.open_release_matter(
            release=found, procedure=procedure, title=given.get("title", ""), data=data, by=request.actor
        )

    made = carried_out(form, act)
    if made is None:
        return _page(request, found, tried=(procedure, form))
    return done(request, f"{made.matter.reference} is open.", "governance:matter", made.matter.public_id)


@page("POST")
def name_document(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Name a document version that was changed for a repetition (7.3)."""
    found = _visible(request, public_id)
    form = RepeatDocumentForm(request.POST)
    made = carried_out(form, lambda: actions.name_repeat_document(release=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return _page(request, found, tried=("document", form))
    return done(request, f"{made.version} is named.", "gates:release", public_id)


@page("POST")
def withdraw_document(request: PageRequest, public_id: str, document_id: str) -> HttpResponseBase:
    """Take a document version back that was named."""
    found = _visible(request, public_id)
    document = get_object_or_404(
        RepeatDocument.objects.select_related("version__document", "release"), release=found, public_id=document_id
    )
    form = ReasonForm(request.POST)

    def act() -> bool:
        actions.withdraw_repeat_document(document=document, **form.cleaned_data, by=request.actor)
        return True

    if carried_out(form, act) is None:
        return _page(request, found, tried=(document_id, form))
    return done(request, f"{document.version} is taken back.", "gates:release", public_id)


def _visible(request: PageRequest, public_id: str) -> CapabilityRelease:
    require(request.actor, "see_all_phases", clause="SVTAD 7.2", what="see whether a release is ready")
    found: CapabilityRelease = get_object_or_404(releases_for(request.actor), public_id=public_id)
    return found


def _readiness(release: CapabilityRelease, moment: Any) -> tuple[Readiness | None, str]:
    """Return how a release is judged, or why it cannot be."""
    try:
        return judge_release(gather_release(release, moment=moment or now())), ""
    except Refused as refused:
        return None, str(refused)


def _page(
    request: PageRequest, release: CapabilityRelease, *, tried: tuple[str, Form] | None = None
) -> HttpResponseBase:
    moment = moment_of(request) if request.method == "GET" else None
    readiness, refusal = _readiness(release, moment)
    changes = changes_of(release, moment)
    state = state_at(changes)
    following = TRANSITIONS[state]
    may, refused = allowed(check_can_manage_phases, request.actor)
    may_open, open_refused = allowed(check_can_link_release, request.actor)
    name, form = tried or ("", None)
    made: Checklist | None = None
    live: Checklist | None = None
    if readiness is not None:
        made = checklist_of_release(readiness.ready, actor=request.actor)
        live = checklist_of_release(readiness.live, actor=request.actor)
    repeat = next((row for row in made.lines if row.finding.key == "7.3"), None) if made else None
    to_state = following[0] if following else None
    move_form = form if name == "move" and form is not None else ReleaseMoveForm(initial={"to_state": to_state})
    context: dict[str, Any] = {
        "title": f"{release.code}: ready or not",
        "release_shown": release,
        "release": release,
        "sentence": _sentence(release, readiness, refusal),
        "refusal": refusal,
        "made": made,
        "live": live,
        "state": state,
        "changes": changes,
        "to_state": to_state,
        "verb": MOVES[to_state] if to_state else "",
        "move_form": move_form,
        "matters": matters_of(release, request.actor, moment),
        "documents": documents_of(release, moment),
        "repeats": repeat is not None and readiness is not None and _is_later(readiness),
        "change_form": form if name == "INTERFACE_REPEAT" else ChangeForm(),
        "promotion_form": form if name == "CODE_PROMOTION" else PromotionForm(),
        "document_form": form if name == "document" else RepeatDocumentForm(),
        "reason_form": form if isinstance(form, ReasonForm) else ReasonForm(),
        "tried": name,
        "may": may and moment is None,
        "refused": refused,
        "may_open": may_open and moment is None,
        "open_refused": open_refused,
        "as_at": moment,
        "can_look_back": True,
        "synthetic": release.is_synthetic,
    }
    return render(request, "gates/release.html", context, status=400 if tried else 200)


def _is_later(readiness: Readiness) -> bool:
    """Return whether 7.3 is asked of the release: its finding then rests on the readings of a repetition."""
    return any(row.key == "7.3" and row.readings for row in readiness.ready)


def _sentence(release: CapabilityRelease, readiness: Readiness | None, refusal: str) -> str:
    if readiness is None:
        return f"{release.code} cannot be judged"
    if readiness.verdict is Verdict.MET:
        return f"{release.code} is ready: all that 7.2 and 7.3 ask for is complete."
    unmet = [row.title for row in readiness.ready if not row.verdict.opens_gate]
    return f"{release.code} is not ready. {len(unmet)} of {len(readiness.ready)} are not met: {', '.join(unmet)}."
