"""Where do we stand: one sentence, the phases, the headroom, what waits for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse

from issues.models import TestingIssue
from svtad.gates.gathering.plans import late_plans
from svtad.gates.queries import NOT_STARTED, Standing, edition_for, standing
from svtad.gates.queries.wording import Word
from svtad.gates.views.checklist import ProviderRow, headroom_rows
from svtad.governance.models import Matter, StoredFile
from svtad.governance.queries import waiting_in
from svtad.governance.queries.redacted import redact
from svtad.lib.clock import now
from svtad.parties.actors import Actor
from svtad.parties.views.pages import PageRequest, page
from svtad.portal.frame import chosen_release, visible_releases
from svtad.portal.words import CANNOT_DECIDE
from svtad.rulebook.procedures import Transition
from svtad.rulebook.vocabulary import Body, phase_kind_words
from testphases.models import CapabilityRelease, TestScope

#: Files that have a place of their own: what was imported, what runs were recorded with, copies of the SIT reports.
_NOT_LISTED = ("import", "run_evidence", "party_copy")
#: How many of what waits is shown; the register has the rest.
SHOWN = 12

#: The key of a verdict word, as badges know it.
_KEYS = {
    Word.MET: "MET",
    Word.NOT_MET: "NOT_MET",
    Word.AWAITING: "AWAITING",
    Word.CANNOT_DECIDE: "CANNOT_DECIDE",
    Word.NOT_STARTED: "NOT_STARTED",
}


@dataclass(frozen=True)
class Tile:
    """One phase of the release: where it stands, in a few words."""

    standing: Standing
    title: str
    key: str
    style: str
    line: str
    small: str


@page("GET")
def home(request: PageRequest) -> HttpResponseBase:
    """Say where the chosen release stands; a Supplier Party is shown its own issues and documents."""
    if not (request.actor.may("see_all_phases") or request.actor.may("see_own_phases")):
        return _participant_home(request)
    release = chosen_release(request, visible_releases(request.actor))
    if release is None:
        context = {
            "title": "Where we stand",
            "may_set_up": request.actor.may("manage_phase"),
            "may_administer": request.actor.may("manage_people"),
        }
        return render(request, "portal/home_empty.html", context)
    held = standing(request.actor, release=release)
    tables: list[tuple[TestScope, tuple[str, ...], tuple[ProviderRow, ...]]] = []
    for each in held:
        severities = tuple(sorted({cell.severity for cell in each.headroom}))
        if severities and each.scope.state not in NOT_STARTED and each.scope.state != "COMPLETE":
            tables.append((each.scope, severities, headroom_rows(each.headroom)))
    leading = _leading(held)
    waiting = waiting_in(request.actor, scope_ids=[each.scope.public_id for each in held], moment=now())
    context = {
        "title": f"{release.code}: where we stand",
        "release": release,
        "answer": _answer(release, leading),
        "leading": leading,
        "tiles": list(map(_tile, _in_order(held))),
        "not_set_up": _not_set_up(held),
        "tables": tables,
        "mine": [each for each in waiting if any(_may(request.actor, step) for step in each.steps)][:SHOWN],
        "waiting": waiting[:SHOWN],
        "more_waiting": max(0, len(waiting) - SHOWN),
        "late_plans": late_plans(request.actor, moment=now(), scopes=[each.scope for each in held]),
        "stale": [each for each in held if each.stale and each.assessment],
        "synthetic": release.is_synthetic,
    }
    return render(request, "portal/home.html", context)


@page("GET")
def tests(request: PageRequest) -> HttpResponseBase:
    """Go to the tests of the release's leading phase."""
    release = chosen_release(request, visible_releases(request.actor))
    leading = _leading(standing(request.actor, release=release)) if release else None
    if leading is None:
        return redirect(reverse("testphases:phases"))
    return redirect("testphases:heatmap", leading.scope.public_id)


def _participant_home(request: PageRequest) -> HttpResponseBase:
    issues = TestingIssue.objects.visible_to(request.actor).select_related("scope").order_by("-occurred_at")
    files = StoredFile.objects.visible_to(request.actor).exclude(purpose__in=_NOT_LISTED).order_by("-pk")
    matters = list(Matter.objects.visible_to(request.actor).order_by("-pk")[:SHOWN])
    redact(request.actor, matters)
    context = {
        "title": "My Testing Issues and documents",
        "issues": issues.open()[:SHOWN],
        "open_count": issues.open().count(),
        "all_count": issues.count(),
        "matters": matters,
        "files": files[:SHOWN],
        "may_raise": request.actor.may("raise_issue"),
    }
    return render(request, "portal/home_participant.html", context)


def _leading(held: Sequence[Standing]) -> Standing | None:
    """Return the phase that the sentence is about: SIT while it runs, else the first that runs, else the last."""
    running = [each for each in held if each.scope.state not in (*NOT_STARTED, "COMPLETE")]
    sit = [each for each in running if each.scope.kind == "SIT"]
    return next(iter([*sit, *running]), held[-1] if held else None)


def _answer(release: CapabilityRelease, leading: Standing | None) -> tuple[str, str]:
    """Return the sentence and what follows it."""
    if leading is None:
        return f"{release.code}: no Test Phase is set up", "The DCC test manager sets phases up."
    kind, word = phase_kind_words(leading.scope.kind), leading.shown.word
    missed = leading.criteria - leading.met
    rest = f"{leading.met} of its {leading.criteria} criteria are met."
    if word is Word.NOT_STARTED:
        return f"{release.code}: {kind} has not started", "It may start when its Entry Criteria are met."
    if leading.assessment is None:
        return f"{release.code}: {kind} is not judged yet", "It is judged by itself soon after its facts change."
    if word is Word.MET:
        return f"{release.code}: {kind} meets its exit criteria", rest
    if word is Word.AWAITING:
        return f"{release.code}: {kind} waits for a decision", rest
    if word is Word.CANNOT_DECIDE:
        return f"{release.code}: {kind} cannot be decided: {leading.shown.why}", rest
    summary = leading.summary
    parts = (
        ("not met", summary.get("not_met", 0) - summary.get("awaiting", 0)),
        ("awaiting a decision", summary.get("awaiting", 0)),
        ("blocked by a dispute (14.5)", summary.get("blocked", 0)),
        ("not evaluable", summary.get("cannot_evaluate", 0)),
    )
    detail = ", ".join(f"{number} {what}" for what, number in parts if number)
    return (
        f"{release.code}: {kind} cannot exit",
        f"{missed} of its {leading.criteria} criteria stand in the way: {detail}.",
    )


def _tile(each: Standing) -> Tile:
    key = _KEYS[each.shown.word] if each.assessment or each.step is None else "NOT_JUDGED"
    if each.scope.state in NOT_STARTED:
        key = "NOT_STARTED"
    summary = each.summary
    small = [
        f"{summary[name] - (summary.get('awaiting', 0) if name == 'not_met' else 0)} {word}"
        for name, word in (("not_met", "not met"), ("blocked", "blocked"), ("cannot_evaluate", "not evaluable"))
        if summary.get(name, 0) - (summary.get("awaiting", 0) if name == "not_met" else 0) > 0
    ]
    if summary.get("awaiting"):
        small.append(f"{summary['awaiting']} awaiting")
    if each.scope.state in NOT_STARTED:
        line = f"Entry: {each.met} of {each.criteria} met" if each.criteria else "Entry not judged yet"
    else:
        line = f"{each.met} of {each.criteria} criteria met" if each.criteria else "Not judged yet"
    styles = {"MET": "met", "NOT_MET": "not-met", "AWAITING": "awaiting", "CANNOT_DECIDE": CANNOT_DECIDE.style}
    state = each.scope.get_state_display() + (", contradicted by the Panel" if each.contradicted else "")
    return Tile(
        each, phase_kind_words(each.scope.kind), key, styles.get(key, "not-started"), line, " · ".join([state, *small])
    )


def _in_order(held: Sequence[Standing]) -> list[Standing]:
    """Return the phases in the order in which their document lists the kinds of phase."""
    places: dict[str, int] = {}
    for each in held:
        edition = edition_for(each.scope)
        places |= {kind.key: place for place, kind in enumerate(edition.phase_kinds)} if edition else {}
    return sorted(held, key=lambda each: (places.get(each.scope.kind, len(places)), each.scope.pk))


def _not_set_up(held: Sequence[Standing]) -> list[str]:
    """Return the kinds of phase that the documents know and the release has none of, by title."""
    present = {each.scope.kind for each in held}
    editions = {edition.title: edition for each in held if (edition := edition_for(each.scope))}
    kinds = [kind for edition in editions.values() for kind in edition.phase_kinds if kind.key not in present]
    return list(dict.fromkeys(kind.title for kind in kinds))


def _may(actor: Actor, step: Transition) -> bool:
    """Return whether `actor` is one who records such a step: asked of a whole list, so without a query a matter.

    The matter's own page asks the policy, which also looks at the matter.
    """
    if actor.may("record_decision"):
        return True
    return step.body == Body.DCC and actor.may("propose")
