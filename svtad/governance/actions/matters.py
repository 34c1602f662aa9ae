"""Matters are opened and decided here, by the steps that their procedures list."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.actions.references import next_reference
from svtad.governance.calendar import last_day_of_window
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.governance.policies import check_can_open_matter, check_can_record_decision
from svtad.governance.registry import handler_for
from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from svtad.rulebook.procedures import Procedure, Transition, UnlistedStep, procedure
from svtad.rulebook.vocabulary import Body


@transaction.atomic
def open_matter(
    *,
    procedure: str,
    document: str,
    version: str,
    title: str,
    audience: Audience,
    by: Actor,
    rationale: str = "",
    scope_id: str = "",
    at: dt.datetime | None = None,
    opened_at: dt.datetime | None = None,
    proposer: str = "DCC",
    raised_by: str = "",
    is_synthetic: bool = False,
) -> Matter:
    """Put something before a body under a procedure of the rulebook, and return the matter.

    `procedure` is the rulebook's key. `raised_by` is the code of the organisation that brings it, where that is not
    the DCC: its matters have numbers of their own, so that none tells it how many another has brought.

    What the procedure wants at opening is checked here as far as the matter itself holds it (the reasons); the
    subject's app checks the rest. Raises ActionDenied, and InvalidInput for an unknown procedure, another document
    than the procedure's, or missing reasons.
    """
    moment = at or now()
    rules = _procedure(procedure)
    check_can_open_matter(by, rules)
    errors = []
    if (document, version) != (rules.document, rules.version):
        errors.append(
            FieldError(None, "version", f"{rules.title} is a procedure of {rules.document} v{rules.version}.")
        )
    if not title.strip():
        errors.append(FieldError(None, "title", "A title is needed."))
    if any(need.kind == "text" for need in rules.opens_with) and not rationale.strip():
        wanted = next(need for need in rules.opens_with if need.kind == "text")
        errors.append(FieldError(None, "rationale", f"{wanted.title}: needed ({rules.clause})."))
    if opened_at and opened_at > moment:
        errors.append(FieldError(None, "opened_at", "This is later than the moment it is recorded."))
    if errors:
        raise InvalidInput(errors)
    matter = Matter.objects.create(
        reference=next_reference(f"M-{raised_by.upper()}" if raised_by else "M"),
        procedure=rules.key,
        document=document,
        version=version,
        title=title.strip()[:300],
        proposer=proposer,
        rationale=rationale,
        state=rules.initial,
        scope_id=scope_id,
        audience=audience,
        is_synthetic=is_synthetic,
        opened_at=opened_at or moment,
        recorded_at=moment,
        recorded_by=by.label,
    )
    record(
        by=by,
        at=moment,
        action="open_matter",
        clause=rules.clause,
        subject_kind="Matter",
        subject_id=matter.public_id,
        subject_label=str(matter),
        scope_id=scope_id,
        audience_id=audience.pk,
        detail={"procedure": rules.key, "document": document, "version": version},
    )
    return matter


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

    The step must be listed by the procedure, within its window where the clause states one, with every
    statement and document that the step requires (`data` holds them by key). `expected_state` is the
    state the person saw: if another decision came in between, the act is Refused.

    The three times: `decided_at` (not later than now), `notified_at`, and `effective_at`, by default
    when decided, or when notified where the clause says so (14.4). A Secretary of State's decision
    needs the document, since the Secretary of State does not act in the product (rules.md §3).

    Raises ActionDenied, Refused (unlisted step, window over, decided meanwhile, or the handler's own
    reasons) and InvalidInput by field. `matter` is brought up to date in place.
    """
    moment = at or now()
    rules = _procedure(matter.procedure)
    locked = Matter.objects.select_for_update().get(pk=matter.pk)
    step = _listed_step(rules, locked, body=body, outcome=outcome, seen=expected_state or matter.state)
    if expected_state is not None and expected_state != locked.state:
        raise Refused(step.clause, f"{locked.reference} was decided meanwhile: it is {locked.state} now.")
    check_can_record_decision(by, locked, body=body, clause=step.clause)
    last = Decision.objects.filter(matter=locked).order_by("-sequence").first()
    given = dict(data or {})
    by_notice = step.holds_from_notice
    errors = _check_given(
        step, given=given, rationale=rationale, document=document, against_computed=against_computed
    ) + _check_times(
        decided_at=decided_at,
        notified_at=notified_at,
        effective_at=effective_at,
        by_notice=by_notice,
        last=last,
        at=moment,
    )
    if errors:
        raise InvalidInput(errors)
    _check_window(step, matter=locked, last=last, decided_at=decided_at, at=moment)
    if effective_at is None:
        effective_at = notified_at if by_notice and notified_at else decided_at
    decision: Decision = Decision.objects.create(
        matter=locked,
        sequence=(last.sequence if last else 0) + 1,
        body=body,
        outcome=outcome,
        from_state=locked.state,
        to_state=step.target,
        clause=step.clause,
        rationale=rationale,
        data=given,
        document=document,
        meeting=meeting[:120],
        against_computed=against_computed,
        decided_at=decided_at,
        notified_at=notified_at,
        effective_at=effective_at,
        recorded_at=moment,
        recorded_by=by.label,
    )
    locked.state = step.target
    locked.save(update_fields=["state"])
    record(
        by=by,
        at=moment,
        action="record_decision",
        clause=step.clause,
        subject_kind="Matter",
        subject_id=locked.public_id,
        subject_label=str(locked),
        scope_id=locked.scope_id,
        audience_id=locked.audience_id,
        detail={
            "procedure": rules.key,
            "decision": decision.public_id,
            "body": body,
            "outcome": outcome,
            "from": decision.from_state,
            "to": decision.to_state,
            "decided_at": decided_at.isoformat(),
            "against_computed": against_computed,
            "document": document.sha256 if document else "",
        },
    )
    handler = handler_for(rules.key)
    if handler is not None:
        handler.apply(matter=locked, decision=decision, by=by, at=moment)
    matter.state = locked.state
    return decision


def _procedure(key: str) -> Procedure:
    try:
        return procedure(key)
    except KeyError as unknown:
        raise InvalidInput.one("procedure", str(unknown.args[0])) from None


def _listed_step(rules: Procedure, matter: Matter, *, body: str, outcome: str, seen: str) -> Transition:
    try:
        return rules.transition(matter.state, body=body, outcome=outcome)
    except UnlistedStep as unlisted:
        if seen != matter.state:
            raise Refused(
                rules.clause, f"{matter.reference} was decided meanwhile: it is {matter.state} now."
            ) from unlisted
        raise Refused(rules.clause, str(unlisted)) from unlisted


def _check_given(
    step: Transition,
    *,
    given: dict[str, Any],
    rationale: str,
    document: StoredFile | None,
    against_computed: bool,
) -> list[FieldError]:
    """Return what the step requires and was not given."""
    errors = []
    for need in step.requires:
        if need.kind == "file":
            missing = document is None
        elif need.key == "rationale":
            missing = not rationale.strip()
        else:
            missing = not str(given.get(need.key) or "").strip()
        if missing:
            errors.append(FieldError(None, "document" if need.kind == "file" else need.key, f"{need.title}: needed."))
    if step.body == Body.SOS and document is None:
        errors.append(FieldError(None, "document", "The Secretary of State's decision is recorded with its document."))
    if against_computed and not rationale.strip():
        errors.append(FieldError(None, "rationale", "A determination against the computed result needs its reasons."))
    return errors


def _check_times(
    *,
    decided_at: dt.datetime,
    notified_at: dt.datetime | None,
    effective_at: dt.datetime | None,
    by_notice: bool,
    last: Decision | None,
    at: dt.datetime,
) -> list[FieldError]:
    """Return what is wrong with the three times of a decision recorded `at`."""
    errors = []
    for name, moment in (("decided_at", decided_at), ("notified_at", notified_at)):
        if moment is not None and moment > at:
            errors.append(FieldError(None, name, "This is later than the moment it is recorded."))
    if last is not None and decided_at < last.decided_at:
        errors.append(FieldError(None, "decided_at", "This is earlier than the decision before it."))
    if notified_at is not None and notified_at < decided_at:
        errors.append(FieldError(None, "notified_at", "Nobody is notified before the decision."))
    if by_notice and notified_at is None and effective_at is None:
        errors.append(FieldError(None, "notified_at", "The decision holds from when it was notified (14.4): say when."))
    if effective_at is not None and effective_at < decided_at:
        errors.append(FieldError(None, "effective_at", "A decision does not hold before it is taken."))
    return errors


def _check_window(
    step: Transition, *, matter: Matter, last: Decision | None, decided_at: dt.datetime, at: dt.datetime
) -> None:
    """Refuse a step after its window (13.21: 5 Working Days of TAG's decision)."""
    if step.within is None or last is None:
        return
    last_day = last_day_of_window(
        step.within,
        trigger=london_date(last.decided_at),
        document=matter.document,
        version=matter.version,
        moment=at,
    )
    if london_date(decided_at) > last_day:
        raise Refused(step.clause, f"The window {step.within.text} ended on {last_day:%-d %B %Y}.")
