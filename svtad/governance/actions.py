"""What is written here: matters and their decisions, jobs, the calendar's corrections."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction

from svtad.audit.actions import record
from svtad.governance import jobs
from svtad.governance.calendar import LISTS, last_day_of_window
from svtad.governance.files import store_file
from svtad.governance.models import (
    Decision,
    Job,
    JobState,
    Matter,
    NonWorkingDayOverride,
    ReferenceCounter,
    StoredFile,
)
from svtad.governance.policies import check_can_manage_calendar, check_can_open_matter, check_can_record_decision
from svtad.governance.registry import handler_for
from svtad.lib.clock import london_date, now
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from svtad.rulebook.procedures import Procedure, Transition, UnlistedStep, procedure
from svtad.rulebook.vocabulary import Body

__all__ = [
    "add_override",
    "cancel_job",
    "enqueue_job",
    "next_reference",
    "open_matter",
    "record_decision",
    "remove_override",
    "run_job_now",
    "store_file",
]

#: Steps that hold from when they were notified, not from when they were decided (14.4).
_EFFECTIVE_WHEN_NOTIFIED = frozenset({("SEVERITY_DISPUTE", "DECIDE")})


@transaction.atomic
def next_reference(prefix: str) -> str:
    """Return the next human reference under `prefix`: "M" gives "M-0001", then "M-0002".

    A prefix must not span Suppliers: a count would tell one how much another has.
    """
    stem = prefix.rstrip("-")
    ReferenceCounter.objects.get_or_create(prefix=stem)
    counter = ReferenceCounter.objects.select_for_update().get(prefix=stem)
    counter.last += 1
    counter.save(update_fields=["last"])
    return f"{stem}-{counter.last:04d}"


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
    is_synthetic: bool = False,
) -> Matter:
    """Put something before a body under a procedure of the rulebook, and return the matter.

    `procedure` is the rulebook's key. What the procedure wants at opening is checked here as far as the
    matter itself holds it (the reasons); the subject's app checks the rest. Raises ActionDenied, and
    InvalidInput for an unknown procedure, another document than the procedure's, or missing reasons.
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
        reference=next_reference("M"),
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
    by_notice = (rules.key, outcome) in _EFFECTIVE_WHEN_NOTIFIED
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


@transaction.atomic
def enqueue_job(
    *,
    kind: str,
    title: str,
    audience: Audience,
    by: Actor,
    params: dict[str, Any] | None = None,
    at: dt.datetime | None = None,
    unique_key: str = "",
    not_before: dt.datetime | None = None,
) -> Job:
    """Store a job and, once the transaction commits, wake a worker; return the job.

    With a `unique_key`, the open job (waiting or running) of that kind and key is returned where there
    is one. Who may ask for the work is the calling action's question. Raises LookupError for a kind that
    nobody does.
    """
    if kind not in jobs.runner_kinds():
        raise LookupError(f"no runner is registered for jobs of the kind {kind!r}")
    moment = at or now()
    job = _create_job(
        kind=kind,
        unique_key=unique_key,
        title=title[:200],
        params=params or {},
        audience=audience,
        requested_by_id=by.person_pk,
        recorded_by=by.label,
        recorded_at=moment,
        not_before=not_before,
    )
    if job is None:
        return Job.objects.get(kind=kind, unique_key=unique_key, state__in=(JobState.QUEUED, JobState.RUNNING))
    if by.kind != "SYSTEM":  # what the product queues by itself is recorded by the act it leads to
        record(
            by=by,
            at=moment,
            action="enqueue_job",
            subject_kind="Job",
            subject_id=job.public_id,
            subject_label=job.title,
            audience_id=audience.pk,
            detail={"kind": kind},
        )
    public_id = job.public_id
    if not_before is None or not_before <= moment:
        transaction.on_commit(lambda: jobs.wake(public_id), robust=True)
    return job


def _create_job(*, kind: str, unique_key: str, **values: Any) -> Job | None:
    """Create the job, or return None where an open one has its key."""
    try:
        with transaction.atomic():
            return Job.objects.create(kind=kind, unique_key=unique_key, **values)
    except IntegrityError:
        if not unique_key:
            raise
        return None


def run_job_now(job: Job) -> Job:
    """Do a waiting job here and now, for commands and tests; return it as it ended.

    Raises Refused where it is taken or over, or failed (with the job's own error).
    """
    state = jobs.execute(job.public_id)
    job.refresh_from_db()
    if state == JobState.FAILED:
        raise Refused("", job.error)
    if state != JobState.DONE:
        raise Refused("", f"The job is {job.get_state_display().lower()} elsewhere.")
    return job


@transaction.atomic
def cancel_job(*, job: Job, by: Actor, at: dt.datetime | None = None) -> Job:
    """Take back a job that still waits: whoever asked for it may. Raises Refused once it runs or is over."""
    moment = at or now()
    if by.kind != "SYSTEM" and (by.person_pk is None or by.person_pk != job.requested_by_id):
        raise ActionDenied("", "Only whoever asked for a job can take it back.")
    taken_back = Job.objects.filter(pk=job.pk, state=JobState.QUEUED).update(
        state=JobState.CANCELLED, finished_at=moment
    )
    job.refresh_from_db()
    if not taken_back:
        raise Refused("", f"The job is {job.get_state_display().lower()} and can no longer be taken back.")
    record(
        by=by,
        at=moment,
        action="cancel_job",
        subject_kind="Job",
        subject_id=job.public_id,
        subject_label=job.title,
        audience_id=job.audience_id,
    )
    return job


@transaction.atomic
def add_override(
    *,
    day: dt.date,
    is_working_day: bool,
    reason: str,
    source: str,
    audience: Audience,
    by: Actor,
    jurisdiction: str = "ENG",
    at: dt.datetime | None = None,
) -> NonWorkingDayOverride:
    """Correct one published holiday list (see LISTS) for one day, from now on; a correction that holds is replaced.

    Raises ActionDenied, and InvalidInput for a Saturday or Sunday (never Working Days), an unknown
    jurisdiction, or a missing reason or source.
    """
    moment = at or now()
    check_can_manage_calendar(by)
    errors = []
    if day.weekday() >= 5:
        errors.append(FieldError(None, "day", "A Saturday or Sunday is never a Working Day."))
    if jurisdiction not in LISTS:
        errors.append(FieldError(None, "jurisdiction", f"Known: {', '.join(LISTS)}."))
    errors += [
        FieldError(None, name, "Needed.") for name, text in (("reason", reason), ("source", source)) if not text.strip()
    ]
    if errors:
        raise InvalidInput(errors)
    _end_override(day=day, jurisdiction=jurisdiction, at=moment)
    override: NonWorkingDayOverride = NonWorkingDayOverride.objects.create(
        jurisdiction=jurisdiction,
        day=day,
        is_working_day=is_working_day,
        reason=reason.strip()[:200],
        source=source.strip()[:200],
        valid_from=moment,
        recorded_by=by.label,
    )
    _record_override(override, action="add_override", audience=audience, by=by, at=moment)
    return override


@transaction.atomic
def remove_override(
    *, override: NonWorkingDayOverride, audience: Audience, by: Actor, at: dt.datetime | None = None
) -> None:
    """Let the published list hold again for that day, from now on. Raises Refused where it does already."""
    moment = at or now()
    check_can_manage_calendar(by)
    if not _end_override(day=override.day, jurisdiction=override.jurisdiction, at=moment):
        raise Refused("", "This correction no longer holds.")
    _record_override(override, action="remove_override", audience=audience, by=by, at=moment)


def _end_override(*, day: dt.date, jurisdiction: str, at: dt.datetime) -> bool:
    held = NonWorkingDayOverride.objects.current().filter(day=day, jurisdiction=jurisdiction)
    return bool(held.update(valid_to=at))


def _record_override(
    override: NonWorkingDayOverride, *, action: str, audience: Audience, by: Actor, at: dt.datetime
) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="NonWorkingDayOverride",
        subject_id=f"{override.jurisdiction} {override.day}",
        subject_label=str(override),
        audience_id=audience.pk,
        detail={"reason": override.reason, "source": override.source},
    )
