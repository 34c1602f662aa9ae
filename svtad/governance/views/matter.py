"""One matter: what it is, who was asked, what was decided and until when, what may come next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, render

from svtad.governance.actions import (
    Given,
    ask_view,
    audience_for_document,
    correct_decision,
    keep_upload,
    record_decision,
    record_view,
)
from svtad.governance.forms import AskForm, CorrectionForm, DecisionForm, ViewForm
from svtad.governance.models import BOARDS, Deadline, Decision, Matter, Meeting, StoredFile, View, ViewRequest
from svtad.governance.policies import (
    check_can_ask_view,
    check_can_give_view,
    check_can_plan_meetings,
    check_can_record_decision,
)
from svtad.governance.queries import Lack, lacks, last_decision
from svtad.governance.queries.asked import consulted_in
from svtad.governance.queries.contradictions import contradicted_decisions, contradictions
from svtad.governance.queries.deadlines import Count, count_of, counts_of
from svtad.governance.queries.meetings import boards_for, interests_in, meetings_of
from svtad.governance.queries.proofs import proofs_of
from svtad.governance.queries.redacted import redact, redact_decisions
from svtad.governance.queries.rest import windows_over
from svtad.governance.registry import handler_for, options_of
from svtad.governance.views.meeting_forms import InterestForm
from svtad.governance.views.meeting_parts import interest_form, withdrawable_by
from svtad.lib import clock
from svtad.parties.actors import Actor
from svtad.parties.policies import allowed
from svtad.parties.views.pages import PageRequest, carried_out, done, page
from svtad.parties.views.reentry import require_recent_credentials
from svtad.rulebook.codec import FactsError
from svtad.rulebook.editions import edition_of
from svtad.rulebook.procedures import Procedure, Transition, UnlistedStep, procedure

#: What is signed here: finishes "You are about to …".
RECORDING = "record this decision"


@dataclass(frozen=True)
class NextStep:
    """A step listed from the matter's state: its form, or why this person may not record it."""

    step: Transition
    form: DecisionForm
    refused: str
    count: Count | None
    open: bool
    missing: list[Lack]

    @property
    def duty(self) -> str:
        """Return "shall" or "may"."""
        return self.step.duty


@page("GET")
def matter(request: PageRequest, public_id: str) -> HttpResponseBase:
    """One matter: what it is, by which clause, what was decided, what may come next."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    return matter_page(request, found)


@page("POST")
def decide(request: PageRequest, public_id: str, body: str, outcome: str) -> HttpResponseBase:
    """Record one listed step, with its document, in one transaction; show the form again where it lacks something.

    It is signed: where credentials were not entered of late they are asked for, and the form, its file too, goes on.
    """
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    rules = procedure(found.procedure)
    step = _asked_for(rules, found, body=body, outcome=outcome)
    if step is None:
        raise Http404
    check_can_record_decision(request.actor, found, step=step)
    if (asked := require_recent_credentials(request, what=RECORDING)) is not None:
        return asked
    form = DecisionForm(
        request.POST,
        request.FILES,
        procedure=rules.key,
        step=step,
        severities=severities_of(rules),
        options=options_of(found),
        out_of_order=step in rules.determinations_elsewhere(found.state),
    )
    decision = carried_out(form, lambda: _record(found, step, form, request.actor))
    if decision is None:
        return matter_page(request, found, tried=form)
    said = f"Recorded on {found.reference}: {body}, {outcome.lower().replace('_', ' ')}."
    return done(request, said, "governance:matter", found.public_id)


def _asked_for(rules: Procedure, matter: Matter, *, body: str, outcome: str) -> Transition | None:
    """Return the step as the matter's state lists it, else as any state does: the engine says what becomes of that."""
    same = [step for step in rules.transitions if (step.body, step.outcome) == (body, outcome)]
    return next((step for step in same if step.source == matter.state), next(iter(same), None))


@transaction.atomic
def _record(matter: Matter, step: Transition, form: DecisionForm, actor: Actor) -> Decision:
    given = form.cleaned_data
    return record_decision(
        matter=matter,
        body=step.body,
        outcome=step.outcome,
        decided_at=given["decided_at"],
        notified_at=given["notified_at"],
        effective_at=given["effective_at"],
        rationale=given["rationale"],
        meeting=given["meeting"],
        document=_kept(given["document"], matter, actor, step=step),
        data=form.given,
        against_computed=given.get("against_computed", False),
        expected_state=given["expected_state"] or None,
        by=actor,
    )


def _kept(upload: Any, matter: Matter, actor: Actor, step: Transition | None = None) -> StoredFile | None:
    """Keep what was uploaded, if anything was: of a step for those who may read it, else with a view of the matter."""
    if upload is None:
        return None
    audience = matter.audience if step is None else audience_for_document(matter, step=step)
    purpose = "view" if step is None else "decision"
    return keep_upload(upload, purpose=purpose, audience=audience, by=actor, is_synthetic=matter.is_synthetic)


def matter_page(
    request: PageRequest,
    matter: Matter,
    *,
    tried: DecisionForm | None = None,
    asking: AskForm | None = None,
    answering: tuple[str, ViewForm] | None = None,
    declaring: InterestForm | None = None,
) -> HttpResponseBase:
    """Return the page of `matter`; with the form that cannot be taken as it is, where one was sent."""
    rules = procedure(matter.procedure)
    redact(request.actor, [matter])
    decided = _decided(matter, request.actor)
    redact_decisions(request.actor, decided)
    proofs = proofs_of(request.actor, decided)
    for each in decided:
        setattr(each, "proof", proofs.get(each.pk))  # noqa: B010 (no column)
        setattr(each, "is_doubted", each.pk in proofs and proofs[each.pk].disagrees(each.notified_at))  # noqa: B010
    interests = interests_in(request.actor, matters=[matter.pk])
    held = Deadline.objects.filter(matter=matter, ended_at=None)
    counted = sorted(counts_of(held, clock.now()).values(), key=lambda count: count.deadline.last_day)
    handler = handler_for(matter.procedure)
    over = bool(windows_over([matter], moment=clock.now()))
    context: dict[str, Any] = {
        "title": f"{matter.reference} {matter.title}",
        "matter": matter,
        "rules": rules,
        "at_rest": rules.is_final(matter.state) or over,
        "window_over": over,
        "is_pending": rules.is_pending(matter.state),
        "decisions": decided,
        "about": handler.describe(matter) if handler else "",
        "subject_url": handler.url(matter) if handler else "",
        "counted": counted,
        "stated": _stated(matter, rules),
        "attachment": StoredFile.objects.visible_to(request.actor).filter(pk=matter.attachment_id).first(),
        **_in_time(matter),
        "contradicted": contradictions(request.actor, [matter.scope_id]).get(matter.scope_id),
        "steps": _next_steps(matter, rules, counted, request.actor, tried),
        "elsewhere": (elsewhere := _out_of_order(matter, rules, request.actor, tried)),
        "elsewhere_open": any(each.open for each in elsewhere),
        "asked": _asked(matter, request.actor, answering),
        "ask": asking or _ask_form(matter, rules),
        "may_ask": allowed(check_can_ask_view, request.actor, matter)[0],
        "correctable": _correctable(matter, request.actor),
        "agenda_items": meetings_of(matter, request.actor),
        "may_put": _may_put(matter, request.actor),
        "interests": interests,
        "withdrawable": withdrawable_by(request.actor, interests),
        "interest": declaring or interest_form(request.actor),
        "synthetic": matter.is_synthetic,
    }
    wrong = tried or asking or answering or declaring
    return render(request, "governance/matter.html", context, status=400 if wrong else 200)


def _stated(matter: Matter, rules: Procedure) -> list[tuple[str, str]]:
    """Return what was stated to open the matter, each with what the procedure calls it; not the reasons twice."""
    said = [(need.title, str(matter.data.get(need.key) or "")) for need in rules.opens_with]
    return [(title, text) for title, text in said if text and text != matter.rationale]


def _in_time(matter: Matter) -> dict[str, Any]:
    """Return the window in which the matter was opened, and its count on that day; nothing where it has none."""
    opened = Deadline.objects.filter(matter=matter, outcome="OPEN").first() if matter.received_on else None
    return {"in_time": opened, "in_time_count": count_of(opened, matter.opened_at).text} if opened else {}


def _decided(matter: Matter, actor: Actor) -> list[Decision]:
    """Return the decisions, each with whether it was superseded, and its document and meeting where they are seen."""
    rows = matter.decisions.select_related("matter", "document", "supersedes", "taken_at__item__meeting")
    decided: list[Any] = list(rows.order_by("sequence"))
    superseded = {each.supersedes_id for each in decided}
    files = StoredFile.objects.visible_to(actor).filter(pk__in=[each.document_id for each in decided])
    seen_files = set(files.values_list("pk", flat=True))
    marks = {each.pk: each.taken_at for each in decided if hasattr(each, "taken_at")}
    meetings = Meeting.objects.visible_to(actor).filter(pk__in=[mark.item.meeting_id for mark in marks.values()])
    against = contradicted_decisions(actor, decided)
    seen_meetings = set(meetings.values_list("pk", flat=True))
    for each in decided:
        each.is_superseded = each.pk in superseded
        each.shown_document = each.document if each.document_id in seen_files else None
        mark = marks.get(each.pk)
        each.without_quorum = bool(mark and mark.without_quorum)
        each.contradicted = against.get(each.pk)
        each.shown_mark = mark if mark and mark.item.meeting_id in seen_meetings else None
    return decided


def _may_put(matter: Matter, actor: Actor) -> bool:
    """Return whether `actor` keeps the meetings of a board that the matter is for now."""
    kept = {body.value for body in BOARDS if allowed(check_can_plan_meetings, actor, body)[0]}
    return bool(kept) and bool(kept.intersection(boards_for(matter, moment=clock.now())))


@dataclass(frozen=True)
class Asked:
    """A body that was asked for its view: what it said, and the form by which this person may say it.

    `consulted` is the step that was itself the consulting, and holds what was said.
    """

    request: ViewRequest
    consulted: Decision | None
    views: tuple[View, ...]
    form: ViewForm | None
    only_remarks: bool


def _asked(matter: Matter, actor: Actor, answering: tuple[str, ViewForm] | None) -> list[Asked]:
    rows = []
    consulted = consulted_in(matter)
    for each in ViewRequest.objects.filter(matter=matter).prefetch_related("views__document"):
        may, _ = allowed(check_can_give_view, actor, matter, body=each.body)
        may_remark, _ = allowed(check_can_give_view, actor, matter, body=each.body, is_remark=True)
        tried = answering[1] if answering and answering[0] == each.public_id else None
        form = (tried or ViewForm(prefix=each.public_id, only_remarks=not may)) if may or may_remark else None
        rows.append(Asked(each, consulted.get(each.pk), tuple(each.views.all()), form, only_remarks=not may))
    return rows


def _ask_form(matter: Matter, rules: Procedure) -> AskForm | None:
    bodies = [each.body for each in rules.consultations_in(matter.state)]
    return AskForm(bodies=bodies) if bodies else None


def _correctable(matter: Matter, actor: Actor) -> Decision | None:
    """Return the decision whose record this person may correct: the last, for those who may record such a step."""
    last = last_decision(matter)
    if last is None:
        return None
    return last if allowed(check_can_record_decision, actor, matter, step=_step_of(matter, last))[0] else None


def _step_of(matter: Matter, decision: Decision, outcome: str = "") -> Transition:
    """Return the step that `decision` was, or the one of another outcome that it should have been."""
    rules = procedure(matter.procedure)
    for each in (outcome, decision.outcome):
        with suppress(UnlistedStep):
            return rules.transition(decision.from_state, body=decision.body, outcome=each)
    return rules.determination(body=decision.body, outcome=decision.outcome)


@page("POST")
def ask(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Ask a body for its view, by a day or without one."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    bodies = [each.body for each in procedure(found.procedure).consultations_in(found.state)]
    form = AskForm(request.POST, bodies=bodies)
    made = carried_out(form, lambda: ask_view(matter=found, **form.cleaned_data, by=request.actor))
    if made is None:
        return matter_page(request, found, asking=form)
    return done(request, f"{made.body} was asked for its view.", "governance:matter", found.public_id)


@page("POST")
def answer(request: PageRequest, public_id: str, request_id: str) -> HttpResponseBase:
    """Record what a body said, or that it said nothing by the date."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    asked = get_object_or_404(ViewRequest.objects.filter(matter=found), public_id=request_id)
    may, _ = allowed(check_can_give_view, request.actor, found, body=asked.body)
    form = ViewForm(request.POST, request.FILES, prefix=asked.public_id, only_remarks=not may)
    made = carried_out(form, lambda: _give(asked, form, request.actor))
    if made is None:
        return matter_page(request, found, answering=(asked.public_id, form))
    said = "The remark is recorded." if made.is_remark else f"The view of {asked.body} is recorded."
    return done(request, said, "governance:matter", found.public_id)


@transaction.atomic
def _give(asked: ViewRequest, form: ViewForm, actor: Actor) -> View:
    given = form.cleaned_data
    return record_view(
        request=asked,
        text=given["text"],
        is_none=given.get("is_none", False),
        is_remark=given.get("whose", "remark") == "remark",
        given_by=given.get("given_by", ""),
        given_at=given["given_at"],
        document=_kept(given["document"], asked.matter, actor),
        by=actor,
    )


@page("GET", "POST")
def correct(request: PageRequest, public_id: str) -> HttpResponseBase:
    """Record the last decision rightly, beside what was recorded wrongly; `?outcome=` picks the right one. Signed."""
    found = get_object_or_404(Matter.objects.visible_to(request.actor), public_id=public_id)
    decision = _correctable(found, request.actor)
    if decision is None:
        raise Http404
    rules = procedure(found.procedure)
    steps = [step for step in rules.transitions_from(decision.from_state) if step.body == decision.body]
    step = _step_of(found, decision, request.GET.get("outcome", ""))
    severities, options = severities_of(rules), options_of(found)
    proof = proofs_of(request.actor, found.decisions.all()).get(decision.pk)
    if request.method == "POST":
        if (asked := require_recent_credentials(request, what="correct the record of a decision")) is not None:
            return asked
        form = CorrectionForm(
            request.POST, request.FILES, procedure=rules.key, step=step, severities=severities, options=options
        )
        made = carried_out(form, lambda: _correct(decision, step, form, request.actor))
        if made is not None:
            return done(request, f"{found.reference}: the record is corrected.", "governance:matter", found.public_id)
    else:
        held = {name: getattr(decision, name) for name in ("decided_at", "notified_at", "rationale", "meeting")}
        if proof is not None and (wanted := request.GET.get("notified")) in ("first", "last"):
            held["notified_at"] = proof.first if wanted == "first" else proof.last
        given = {**decision.data, **held}
        form = CorrectionForm(procedure=rules.key, step=step, severities=severities, options=options, initial=given)
    context = {
        "title": f"Correct {found.reference}",
        "matter": found,
        "decision": decision,
        "step": step,
        "steps": steps,
        "form": form,
        "proof": proof,
        "is_doubted": proof is not None and proof.disagrees(decision.notified_at),
        "synthetic": found.is_synthetic,
    }
    return render(request, "governance/correct.html", context, status=400 if form.errors else 200)


@transaction.atomic
def _correct(decision: Decision, step: Transition, form: CorrectionForm, actor: Actor) -> Decision:
    given = form.cleaned_data
    return correct_decision(
        decision=decision,
        outcome=step.outcome,
        given=Given(
            decided_at=given["decided_at"],
            notified_at=given["notified_at"],
            effective_at=given["effective_at"],
            rationale=given["rationale"],
            meeting=given["meeting"],
            document=_kept(given["document"], decision.matter, actor, step=step) or decision.document,
            data=form.given,
            against_computed=given.get("against_computed", False),
        ),
        reason=given["reason"],
        by=actor,
    )


def _next_steps(
    matter: Matter, rules: Procedure, counted: Sequence[Count], actor: Actor, tried: DecisionForm | None
) -> list[NextStep]:
    """Return the steps that are listed from the matter's state."""
    lack = lacks(matter, rules)
    last_days = {(each.deadline.body, each.deadline.outcome): each for each in counted}
    return [
        _step(matter, rules, step, actor, tried, lack=lack, count=last_days.get((step.body, step.outcome)))
        for step in rules.transitions_from(matter.state)
    ]


def _out_of_order(matter: Matter, rules: Procedure, actor: Actor, tried: DecisionForm | None) -> list[NextStep]:
    """Return what this person may record of the Panel and the Secretary of State out of its order (rule 16)."""
    elsewhere, lack = rules.determinations_elsewhere(matter.state), lacks(matter, rules)
    found = (_step(matter, rules, step, actor, tried, lack=lack, out_of_order=True) for step in elsewhere)
    return [each for each in found if not each.refused]


def _step(
    matter: Matter,
    rules: Procedure,
    step: Transition,
    actor: Actor,
    tried: DecisionForm | None,
    *,
    lack: Callable[[Transition], list[Lack]],
    count: Count | None = None,
    out_of_order: bool = False,
) -> NextStep:
    """Return a step with its form: the one that was sent, where it was this step's."""
    _, refused = allowed(check_can_record_decision, actor, matter, step=step)
    if tried is not None and (tried.step.body, tried.step.outcome) == (step.body, step.outcome):
        return NextStep(step, tried, refused, count, open=True, missing=lack(step))
    form = DecisionForm(
        procedure=rules.key,
        step=step,
        severities=severities_of(rules),
        options=options_of(matter),
        out_of_order=out_of_order,
        initial={"expected_state": matter.state, "decided_at": clock.now()},
    )
    return NextStep(step, form, refused, count, open=False, missing=lack(step))


def severities_of(rules: Procedure) -> tuple[str, ...]:
    """Return the severities that the procedure's document knows; none where no edition of it is held."""
    try:
        return edition_of(rules.document, rules.version).severities
    except FactsError:
        return ()
