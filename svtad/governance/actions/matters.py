"""Matters are decided here, by the steps that their procedures list."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from svtad.audit.actions import record
from svtad.governance.actions.consulting import ask_views_due
from svtad.governance.actions.deadlines import MOVED, renew_deadlines
from svtad.governance.actions.documents import document_of_step
from svtad.governance.actions.given import Given, check_given
from svtad.governance.actions.opening import known_procedure
from svtad.governance.actions.telling import queue_due_notices
from svtad.governance.calendar import last_day_of_window
from svtad.governance.models import Deadline, DeadlineKind, Decision, Matter, StoredFile
from svtad.governance.policies import check_can_record_decision
from svtad.governance.queries.matters import lacks, last_decision
from svtad.governance.registry import handler_for
from svtad.lib.clock import london_date, now
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.rulebook.deadlines import Basis
from svtad.rulebook.procedures import Procedure, Transition, UnlistedStep


@transaction.atomic
def record_decision(
    *,
    matter: Matter,
    body: str,
    outcome: str,
    decided_at: dt.datetime,
    by: Actor,
    document: StoredFile | None = None,
    notified_at: dt.datetime | None = None,
    effective_at: dt.datetime | None = None,
    rationale: str = "",
    meeting: str = "",
    data: dict[str, Any] | None = None,
    against_computed: bool = False,
    expected_state: str | None = None,
    at: dt.datetime | None = None,
) -> Decision:
    """Record what `body` decided on `matter`, and give it its effect in the same transaction.

    The step must be listed by the procedure, within its window where the clause states one, with every statement and
    document that the step requires (see `Given`). What the Panel or the Secretary of State determines is recorded out
    of its order too, marked and with its reasons (rule 16); what was missing before the step is kept with it. A
    Secretary of State's decision needs the document, since the Secretary of State does not act in the product.
    `expected_state` is the state the person saw: if another decision came in between, the act is Refused.

    Who put the matter forward does not record what another body decides on it (`Procedure.answers`).

    Raises ActionDenied, Refused (unlisted step, window over, a view that the clause wants first, decided meanwhile, or
    the handler's own reasons) and InvalidInput by field. `matter` is brought up to date in place.
    """
    moment = at or now()
    rules = known_procedure(matter.procedure)
    locked = Matter.objects.select_for_update().get(pk=matter.pk)
    if expected_state is not None and expected_state != locked.state:
        raise Refused(rules.clause, f"{locked.reference} was decided meanwhile: it is {locked.state} now.")
    step = _step(rules, locked, body=body, outcome=outcome, seen=matter.state)
    check_can_record_decision(by, locked, step=step)
    given = Given(
        decided_at=decided_at,
        notified_at=notified_at,
        effective_at=effective_at,
        rationale=rationale,
        meeting=meeting,
        document=document,
        data=data,
        against_computed=against_computed,
    )
    last = last_decision(locked)
    missing = _missing(locked, rules, step=step)
    out_of_order = step.source != locked.state
    check_given(step, given, last=last, out_of_order=out_of_order, at=moment)
    kept = document_of_step(given.document, matter=locked, rules=rules, step=step, by=by, at=moment)
    given = replace(given, document=kept)
    held = Deadline.objects.filter(matter=locked, ended_at=None, kind=DeadlineKind.STEP)
    _check_window(step, matter=locked, last=last, held=held, decided_at=decided_at, at=moment)
    decision = write_decision(
        locked, step, given, out_of_order=out_of_order, missing=missing, by=by, at=moment, action="record_decision"
    )
    handler = handler_for(rules.key)
    if handler is not None:
        handler.apply(matter=locked, decision=decision, by=by, at=moment)
    _follow_up(locked, rules, decision, by=by, at=moment)
    matter.state = locked.state
    return decision


def _follow_up(matter: Matter, rules: Procedure, decision: Decision, *, by: Actor, at: dt.datetime) -> None:
    """Set what the new state brings: deadlines, views to be asked, and who must be told."""
    renew_deadlines(matter=matter, rules=rules, decision=decision, by=by, at=at)
    ask_views_due(matter=matter, rules=rules, by=by, at=at)
    queue_due_notices(matter=matter, on=decision.outcome, decision=decision, by=by, at=at)


@transaction.atomic
def correct_decision(
    *, decision: Decision, outcome: str, given: Given, reason: str, by: Actor, at: dt.datetime | None = None
) -> Decision:
    """Record rightly what was recorded wrongly: a new decision that supersedes `decision`, which stays as it was.

    Only the last decision of a matter can be corrected: what was decided after it rests on it. The outcome may change
    unless the one recorded wrongly had a lasting effect (`Handler.lasting`); the right one then takes its effect. The
    correction is a record of what the body decided, so it is checked as the first record was, in the state that the
    matter had then.

    Raises ActionDenied, Refused and InvalidInput by field.
    """
    moment = at or now()
    matter = Matter.objects.select_for_update().get(pk=decision.matter_id)
    rules = known_procedure(matter.procedure)
    last = last_decision(matter)
    if last is None or last.pk != decision.pk:
        raise Refused(decision.clause, f"{matter.reference} has a later decision, or this one was corrected already.")
    step = _step(rules, matter, body=decision.body, outcome=outcome, seen=matter.state, state=decision.from_state)
    check_can_record_decision(by, matter, step=step)
    if not reason.strip():
        raise InvalidInput.one("reason", "Say what was wrong with the record.")
    first = _first_record(decision)
    before = last_decision(matter, before=first)
    out_of_order = step.source != decision.from_state
    check_given(step, given, last=before, out_of_order=out_of_order, at=moment)
    kept = document_of_step(given.document, matter=matter, rules=rules, step=step, by=by, at=moment)
    given = replace(given, document=kept)
    ended = Deadline.objects.filter(matter=matter, ended_at=first.recorded_at).exclude(end=MOVED)
    _check_window(step, matter=matter, last=before, held=ended, decided_at=given.decided_at, at=moment)
    handler = handler_for(rules.key)
    changes_effect = (outcome, given.data or {}) != (decision.outcome, decision.data)
    if handler is not None and changes_effect and decision.outcome in handler.lasting:
        raise Refused(
            step.clause,
            f"What {decision.outcome} did cannot be taken back here; only its dates, reasons and document can be "
            "corrected.",
        )
    new = write_decision(
        matter,
        step,
        given,
        out_of_order=out_of_order,
        missing=decision.missing,
        by=by,
        at=moment,
        action="correct_decision",
        supersedes=decision,
        reason=reason.strip(),
    )
    changes_dates = new.effective_at != decision.effective_at
    if handler is not None and (changes_effect or (changes_dates and handler.keeps_dates)):
        handler.apply(matter=matter, decision=new, by=by, at=moment)
    _follow_up(matter, rules, new, by=by, at=moment)
    return new


def write_decision(
    matter: Matter,
    step: Transition,
    given: Given,
    *,
    out_of_order: bool,
    missing: list[str],
    by: Actor,
    at: dt.datetime,
    action: str,
    supersedes: Decision | None = None,
    reason: str = "",
) -> Decision:
    """Write the row, the matter's new state, who put it forward, and the audit event.

    The caller has checked all and holds the matter.
    """
    by_notice = step.holds_from_notice and given.notified_at is not None
    count = Decision.objects.filter(matter=matter).count()
    decision: Decision = Decision.objects.create(
        matter=matter,
        sequence=count + 1,
        body=step.body,
        outcome=step.outcome,
        from_state=supersedes.from_state if supersedes else matter.state,
        to_state=step.target,
        clause=step.clause,
        rationale=given.rationale,
        data=dict(given.data or {}),
        document=given.document,
        meeting=given.meeting[:120],
        against_computed=given.against_computed,
        out_of_order=out_of_order,
        missing=missing,
        supersedes=supersedes,
        decided_at=given.decided_at,
        notified_at=given.notified_at,
        effective_at=given.effective_at or (given.notified_at if by_notice else None) or given.decided_at,
        recorded_at=at,
        recorded_by=by.label,
    )
    matter.state = step.target
    if known_procedure(matter.procedure).puts_forward(step):
        matter.put_forward_by = sorted({*matter.put_forward_by, *by.stands_for})
    matter.save(update_fields=["state", "put_forward_by"])
    record(
        by=by,
        at=at,
        action=action,
        clause=step.clause,
        subject_kind="Matter",
        subject_id=matter.public_id,
        subject_label=str(matter),
        scope_id=matter.scope_id,
        audience_id=matter.audience_id,
        detail={
            "procedure": matter.procedure,
            "decision": decision.public_id,
            "body": decision.body,
            "outcome": decision.outcome,
            "from": decision.from_state,
            "to": decision.to_state,
            "decided_at": given.decided_at.isoformat(),
            "against_computed": given.against_computed,
            "out_of_order": out_of_order,
            "document": given.document.sha256 if given.document else "",
            **({"supersedes": supersedes.public_id, "reason": reason} if supersedes else {}),
        },
    )
    return decision


def _step(
    rules: Procedure, matter: Matter, *, body: str, outcome: str, seen: str, state: str | None = None
) -> Transition:
    """Return the step from the matter's state (or `state`): a listed one, or a determination out of its order.

    Raises Refused with the clause for any other; where the person saw another state, it says what happened.
    """
    source = matter.state if state is None else state
    try:
        return rules.transition(source, body=body, outcome=outcome)
    except UnlistedStep as unlisted:
        try:
            return rules.determination(body=body, outcome=outcome)
        except UnlistedStep:
            pass
        if state is None and seen != matter.state:
            raise Refused(
                rules.clause, f"{matter.reference} was decided meanwhile: it is {matter.state} now."
            ) from unlisted
        raise Refused(rules.clause, str(unlisted)) from unlisted


def _missing(matter: Matter, rules: Procedure, *, step: Transition) -> list[str]:
    """Return what the procedure wanted before the step and has not, in words; refuse a step that may not do without.

    A determining body's step is never refused for it (rule 16).
    """
    missing = lacks(matter, rules)(step)
    needed = next((each.text for each in missing if each.refuses), None)
    if needed is not None:
        raise Refused(step.clause, f"{needed} must be given, or recorded as not given, before {step.outcome}.")
    return [each.text for each in missing]


def _first_record(decision: Decision) -> Decision:
    """Return what was recorded first of the step that `decision` corrects, or `decision` itself."""
    first = decision
    while first.supersedes is not None:
        first = first.supersedes
    return first


def _check_window(
    step: Transition,
    *,
    matter: Matter,
    last: Decision | None,
    held: QuerySet[Deadline],
    decided_at: dt.datetime,
    at: dt.datetime,
) -> None:
    """Refuse a step after its window (13.21: 5 Working Days of TAG's decision).

    The last day is the one that was set, shown and perhaps moved by somebody (`held`): a calendar corrected since
    neither shortens nor prolongs it. It is reckoned here only where none was set.
    """
    if step.within is None or last is None or step.within.basis is Basis.RECEIPT:
        return
    last_day = held.filter(body=step.body, outcome=step.outcome).values_list("last_day", flat=True).first()
    if last_day is None:
        told = last.notified_at if step.within.basis is Basis.NOTIFICATION else last.decided_at
        if told is None:
            return  # not notified yet: the window has not begun
        last_day = last_day_of_window(
            step.within,
            trigger=london_date(told),
            document=matter.document,
            version=matter.version,
            moment=at,
        )
    if london_date(decided_at) > last_day:
        raise Refused(step.clause, f"The window ended on {last_day:%-d %B %Y}: {step.within.text}.")
