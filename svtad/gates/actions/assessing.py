"""Judging a phase and keeping the judgement: immutable, once for the same facts, one at a time for a scope."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.db.models import Max, Min, Q

from svtad.gates import policies
from svtad.gates.actions.recording import audit
from svtad.gates.actions.resolving import keep_resolution_dates
from svtad.gates.gathering import Gathered, gather_with_changes, judging
from svtad.gates.models import Assessment, AssessmentFinding, FiledReport
from svtad.gates.queries import phase_kind_for, steps_for, summary_of
from svtad.gates.queries.overtaken import scopes_overtaken
from svtad.governance.actions import enqueue_job
from svtad.governance.models import Job, StoredFile
from svtad.lib import clock
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Audience, Organisation
from svtad.rulebook import codec
from svtad.rulebook.facts import Facts
from svtad.rulebook.judge import brief, judge_brief
from svtad.rulebook.vocabulary import Step
from testphases.models import FactsChanged, TestScope

#: The kind of job that judges a scope at all its steps.
JOB_KIND = "assess_scope"
#: Changes are judged once none has come for so long, or once the first of them has waited for so long.
QUIET = dt.timedelta(seconds=3)
LONGEST_WAIT = dt.timedelta(seconds=30)


def assess(
    *,
    scope: TestScope,
    step: str,
    by: Actor,
    as_at: dt.datetime | None = None,
    provider: Organisation | None = None,
    trigger: str = "request",
    at: dt.datetime | None = None,
) -> tuple[Assessment, bool]:
    """Judge `scope` at a step and keep the judgement; return it and whether it is new.

    Where step, edition and facts are those of the last judgement, that one is returned. `as_at` (aware, not in
    the future) judges the facts as they were recorded by then; the result is kept apart from those of the present.
    `provider` narrows the step CERTIFICATES to one DCC Service Provider's certificate. `trigger` says what had it
    judged: request, command, facts, nightly.

    Raises ActionDenied; InvalidInput for a step that the phase has not, a future `as_at`, or a provider that takes
    no part; Refused where no edition is held.
    """
    moment = at or clock.now()
    policies.check_can_assess(by, scope)
    wanted = _checked_step(scope, step, as_at=as_at, provider=provider, at=moment)
    with judging(scope.pk):
        gathered = gather_with_changes(scope, as_at=as_at, at=at)
        return _keep(
            gathered,
            scope=scope,
            step=wanted,
            provider=provider.public_id if provider else None,
            until_now=as_at is None,
            by=by,
            trigger=trigger,
            at=at,
        )


def assess_scope(
    *, scope: TestScope, by: Actor, trigger: str = "facts", at: dt.datetime | None = None
) -> list[tuple[Assessment, bool]]:
    """Judge `scope` at every step that it has now, from one snapshot, and strike off the changes that this covers.

    The step CERTIFICATES is judged for the whole phase and for each DCC Service Provider that takes part. A change
    that commits while this runs stays pending. Doing it twice changes nothing. Raises ActionDenied and Refused.
    """
    policies.check_can_assess(by, scope)
    with judging(scope.pk):
        gathered = gather_with_changes(scope, as_at=None, at=at)
        kept = [
            _keep(gathered, scope=scope, step=step, provider=provider, until_now=True, by=by, trigger=trigger, at=at)
            for step, provider in _judgements(scope, gathered.facts)
        ]
        FactsChanged.objects.filter(pk__in=gathered.covered).delete()
        keep_resolution_dates(scope=scope, by=by, at=at or clock.now())
    return kept


def _judgements(scope: TestScope, facts: Facts) -> Iterator[tuple[Step, str | None]]:
    for step in steps_for(scope):
        yield step, None
        if step is Step.CERTIFICATES:
            yield from ((step, row.id) for row in facts.providers if row.owes_evidence)


def _checked_step(
    scope: TestScope, step: str, *, as_at: dt.datetime | None, provider: Organisation | None, at: dt.datetime
) -> Step:
    kind = phase_kind_for(scope)
    steps = kind.steps if kind else tuple(Step)
    if step not in steps:
        raise InvalidInput.one("step", f"{scope} is judged at {', '.join(steps)}, not at {step[:20]!r}.")
    if as_at is not None and as_at.tzinfo is None:
        raise InvalidInput.one("as_at", "A moment needs its time zone.")
    if as_at is not None and as_at > at:
        raise InvalidInput.one("as_at", "This moment has not come yet.")
    if provider is not None and step != Step.CERTIFICATES:
        raise InvalidInput.one("provider", "Only the step CERTIFICATES is judged for one DCC Service Provider.")
    return Step(step)


@transaction.atomic
def _keep(
    gathered: Gathered,
    *,
    scope: TestScope,
    step: Step,
    provider: str | None,
    until_now: bool,
    by: Actor,
    trigger: str,
    at: dt.datetime | None,
) -> tuple[Assessment, bool]:
    """Judge and store, unless the last judgement of the kind rests on the same facts."""
    if provider is not None and provider not in {row.id for row in gathered.facts.providers if row.owes_evidence}:
        raise InvalidInput.one("provider", f"This organisation takes no part in {scope} as a DCC Service Provider.")
    rests_on = brief(gathered.facts, step=step, provider=provider, edition=gathered.edition)
    facts = rests_on.facts
    held = _held(scope, step, provider, facts=facts, sha256=rests_on.facts_sha256, until_now=until_now)
    if held is not None:
        return held, False
    judgement = judge_brief(rests_on)
    assessment: Assessment = Assessment.objects.create(
        scope=scope,
        step=step,
        provider_id_text=provider or "",
        document=judgement.document,
        version=judgement.version,
        as_at=facts.as_at,
        until_now=until_now,
        facts=rests_on.text,
        facts_sha256=judgement.facts_sha256,
        verdict=judgement.verdict,
        summary={**summary_of(judgement.findings), "covered": list(gathered.covered) if until_now else []},
        recorded_at=at or clock.now(),
        recorded_by=by.label,
        trigger=trigger,
        is_synthetic=scope.is_synthetic,
    )
    AssessmentFinding.objects.bulk_create(
        AssessmentFinding(
            assessment=assessment,
            position=position,
            criterion=finding.key,
            clause=finding.citation.clause,
            verdict=finding.verdict,
            data=codec.encode(finding),
        )
        for position, finding in enumerate(judgement.findings)
    )
    audit(
        scope=scope,
        action="assess",
        subject=assessment,
        audience=audience_of(*GOVERNANCE),
        by=by,
        at=assessment.recorded_at,
        clause="SVTAD 12.5" if step is Step.ENTRY else "SVTAD 12.6",
        detail={
            "step": step.value,
            "provider": provider or "",
            "verdict": assessment.verdict,
            "as_at": facts.as_at.isoformat(),
            "facts_sha256": assessment.facts_sha256,
            "trigger": trigger,
        },
    )
    return assessment, True


def _held(
    scope: TestScope, step: Step, provider: str | None, *, facts: Facts, sha256: str, until_now: bool
) -> Assessment | None:
    """Return the judgement that already rests on these facts, if the last one does.

    For a past moment that is the one asked for the same moment before, or the one that stood then.
    """
    alike = Assessment.objects.filter(
        scope=scope, step=step, provider_id_text=provider or "", document=facts.document, version=facts.version
    ).defer("facts")
    present = alike.filter(until_now=True)
    if until_now:
        candidates = [present.order_by("-pk").first()]
    else:
        candidates = [
            alike.filter(until_now=False, as_at=facts.as_at).order_by("-pk").first(),
            present.filter(as_at__lte=facts.as_at).order_by("-pk").first(),
        ]
    return next((row for row in candidates if row is not None and row.facts_sha256 == sha256), None)


# --- by itself, when facts change -------------------------------------------------------------------


@transaction.atomic
def sweep_changes(*, by: Actor, at: dt.datetime | None = None) -> list[Job]:
    """Queue a judgement of each scope whose facts changed and then kept quiet, or have waited long enough.

    So does a parameter, a holiday list, a stored file or a decision's coming into effect that has changed since the
    scope was last judged by itself. A scope whose judgement is queued or running already is not queued twice: its
    changes stay pending until one judgement has covered them.
    """
    moment = at or clock.now()
    due = (
        FactsChanged.objects.order_by()
        .values("scope_id")
        .annotate(first=Min("recorded_at"), last=Max("recorded_at"))
        .filter(Q(last__lte=moment - QUIET) | Q(first__lte=moment - LONGEST_WAIT))
        .values_list("scope_id", flat=True)
    )
    scopes = TestScope.objects.filter(pk__in={*due, *scopes_overtaken(moment, job_kind=JOB_KIND)}).order_by("pk")
    return [_queue(scope, trigger="facts", by=by, at=moment) for scope in scopes]


def _queue(scope: TestScope, *, trigger: str, by: Actor, at: dt.datetime) -> Job:
    return enqueue_job(
        kind=JOB_KIND,
        title=f"Judge {scope}",
        params={"scope": scope.public_id, "trigger": trigger},
        unique_key=scope.public_id,
        audience=_audience(),
        by=by,
        at=at,
    )


@transaction.atomic
def queue_assessments(*, by: Actor, trigger: str = "nightly", at: dt.datetime | None = None) -> list[Job]:
    """Queue a judgement of every scope that is not complete: time alone may have changed what holds."""
    moment = at or clock.now()
    scopes = TestScope.objects.exclude(state="COMPLETE").order_by("pk")
    return [_queue(scope, trigger=trigger, by=by, at=moment) for scope in scopes]


def _audience() -> Audience:
    return audience_of(*GOVERNANCE)


# --- reports made from a judgement -------------------------------------------------------------------


@transaction.atomic
def file_report(
    *,
    assessment: Assessment,
    kind: str,
    file: StoredFile,
    pages: int,
    job_id: str,
    by: Actor,
    at: dt.datetime | None = None,
) -> FiledReport:
    """Record that a report exists: made from one judgement by one job, kept as one file.

    A job that runs again after a crash files its report once: the first is returned. Raises ActionDenied.
    """
    moment = at or clock.now()
    policies.check_can_file_report(by, assessment.scope)
    held: FiledReport | None = FiledReport.objects.filter(job_id_text=job_id).first()
    if held is not None:
        return held
    report: FiledReport = FiledReport.objects.create(
        scope=assessment.scope,
        assessment=assessment,
        kind=kind,
        file=file,
        job_id_text=job_id,
        pages=pages,
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=assessment.scope,
        action="file_report",
        subject=report,
        audience=file.audience,
        by=by,
        at=moment,
        clause="SVTAD 9.7",
        detail={
            "kind": kind,
            "assessment": assessment.public_id,
            "facts_sha256": assessment.facts_sha256,
            "sha256": file.sha256,
            "pages": pages,
        },
    )
    return report
