"""Judgements that are stored: the latest ones, and their findings in the order in which people read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet

from svtad.gates.models import Assessment, AssessmentFinding, FiledReport
from svtad.gates.queries.phases import phase_kind_for
from svtad.gates.queries.wording import Shown, shown
from svtad.parties.models import Organisation
from svtad.rulebook import codec
from svtad.rulebook.findings import Finding, ThresholdCell
from svtad.rulebook.vocabulary import Step
from testphases.models import TestScope
from testphases.models.scopes import ScopeState

#: The criterion that holds the issues against the thresholds, by whichever key the phase kind has it.
THRESHOLD_CRITERIA = ("12.6(c)", "13.18")
#: The states of a phase that has not started: what is asked then is whether it may.
NOT_STARTED = (ScopeState.PLANNED.value, ScopeState.ENTRY_ASSESSED.value)


def latest_assessment(scope: TestScope, step: str, *, provider: Organisation | None = None) -> Assessment | None:
    """Return the last judgement of the present at that step (for that provider's certificate), or None."""
    return of_present(scope, step, provider=provider).order_by("-pk").first()


def of_present(scope: TestScope, step: str, *, provider: Organisation | None = None) -> QuerySet[Assessment]:
    """Return the judgements of the present at that step: not those asked for a past moment."""
    found: QuerySet[Assessment] = Assessment.objects.filter(
        scope=scope, step=step, provider_id_text=provider.public_id if provider else "", until_now=True
    )
    return found


def assessment_at(
    scope: TestScope, step: str, *, moment: dt.datetime, provider: Organisation | None = None
) -> Assessment | None:
    """Return the judgement of the present that stood at `moment`, or None where there was none yet."""
    return of_present(scope, step, provider=provider).filter(as_at__lte=moment).order_by("-pk").first()


def latest_assessments(scopes: Iterable[TestScope], *, steps: Collection[str]) -> dict[tuple[int, str], Assessment]:
    """Return {(scope's primary key, step): the last judgement of the whole scope}, without the facts' text.

    Two queries, however many scopes and judgements there are.
    """
    whole = Assessment.objects.filter(
        scope__in=[scope.pk for scope in scopes], step__in=steps, provider_id_text="", until_now=True
    )
    newest = whole.order_by().values("scope_id", "step").annotate(newest=Max("pk")).values_list("newest", flat=True)
    rows = Assessment.objects.filter(pk__in=list(newest)).defer("facts")
    return {(row.scope_id, row.step): row for row in rows}


def provider_names(public_ids: Iterable[str]) -> dict[str, str]:
    """Return {public id: name} of the DCC Service Providers that judgements for a certificate name by id."""
    wanted = set(public_ids) - {""}
    if not wanted:
        return {}
    return dict(Organisation.objects.filter(public_id__in=wanted).values_list("public_id", "name"))


def steps_for(scope: TestScope) -> tuple[Step, ...]:
    """Return the steps in which `scope` is judged now: the exit ones, and entry while it has not started.

    Empty where no edition is held for it.
    """
    kind = phase_kind_for(scope)
    if kind is None:
        return ()
    return tuple(step for step in kind.steps if step is not Step.ENTRY or scope.state in NOT_STARTED)


def step_shown(scope: TestScope) -> Step | None:
    """Return the step by which a page says where the phase stands: entry before it starts, then the last one."""
    kind = phase_kind_for(scope)
    if kind is None:
        return None
    return Step.ENTRY if scope.state in NOT_STARTED else kind.steps[-1]


@dataclass(frozen=True)
class Criterion:
    """A criterion as a page shows it: its finding, the word for it, and the rows that only detail it."""

    finding: Finding
    shown: Shown
    details: tuple[Finding, ...] = ()


def findings_of(assessment: Assessment) -> tuple[Finding, ...]:
    """Return all findings of a judgement, as the rulebook made them, in its order. One query."""
    rows = AssessmentFinding.objects.filter(assessment=assessment).order_by("position").values_list("data", flat=True)
    return tuple(codec.decode(Finding, data, path="finding") for data in rows)


def short_findings_of(assessment: Assessment, *, most: int) -> tuple[tuple[Finding, ...], dict[str, int]]:
    """Return the findings for a page: without their ledger, of what stands in the way and of dates the first `most`.

    With them, how much stands in the way in all, by the findings' keys. Reading a thousand rows that no page shows
    would take longer than the page.
    """
    rows = AssessmentFinding.objects.filter(assessment=assessment).order_by("position").values_list("data", flat=True)
    findings, totals = [], {}
    for data in rows:
        totals[data["key"]] = len(data["blockers"])
        short = {**data, "ledger": [], "blockers": data["blockers"][:most], "dates": data["dates"][:most]}
        findings.append(codec.decode(Finding, short, path="finding"))
    return tuple(findings), totals


def criteria(findings: Iterable[Finding]) -> tuple[Criterion, ...]:
    """Put findings in reading order: 12.6(a) to (i) and rows 6 and 7 lead, each other row beneath what it details.

    A row of Table 13.1 that details two criteria stands beneath the first, so that it is shown once.
    """
    given = tuple(findings)
    return tuple(
        Criterion(
            finding=finding,
            shown=shown(finding),
            details=tuple(row for row in given if row.parents and row.parents[0] == finding.key),
        )
        for finding in given
        if not finding.is_detail
    )


def headroom(assessments: Iterable[Assessment]) -> dict[int, tuple[ThresholdCell, ...]]:
    """Return {assessment's primary key: its provider × severity cells}, for as many as are given. One query."""
    rows = AssessmentFinding.objects.filter(
        Q(assessment_id__in=[row.pk for row in assessments]), criterion__in=THRESHOLD_CRITERIA
    ).values_list("assessment_id", "data__thresholds")
    return {pk: tuple(codec.decode(ThresholdCell, cell, path="threshold") for cell in cells) for pk, cells in rows}


def filed_reports(scope: TestScope) -> QuerySet[FiledReport]:
    """Return the reports made for `scope`, the newest first."""
    found: QuerySet[FiledReport] = FiledReport.objects.filter(scope=scope).select_related("file", "assessment")
    return found
