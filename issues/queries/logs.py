"""How many Testing Issues there are, when they last changed, and the log that was last produced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Max, QuerySet

from issues.models import (
    Attribution,
    CountingQuestion,
    ExclusionProposal,
    IssueLog,
    IssueRunLink,
    IssueStateChange,
    SeverityDetermination,
    SeverityDispute,
    TestingIssue,
)
from issues.queries.boards import DisputeAt, ExclusionAt, disputes_at, exclusions_at
from issues.queries.history import History, histories
from svtad.parties.models import Organisation
from testphases.models import TestScope

#: What is recorded about an issue after it was raised.
_ABOUT_ISSUES: tuple[type[models.Model], ...] = (
    SeverityDetermination,
    Attribution,
    IssueStateChange,
    IssueRunLink,
    ExclusionProposal,
    SeverityDispute,
    CountingQuestion,
)


@dataclass(frozen=True, kw_only=True)
class LogContents:
    """All that a Testing Issue log holds, as it stood at one moment: issues with their whole history.

    `issues` in order of reference, with scope, release, raiser and DMC read; the rest by the primary
    key of the issue, `providers` by that of the organisation.
    """

    issues: Sequence[TestingIssue]
    histories: dict[int, History]
    providers: dict[int, Organisation]
    exclusions: dict[int, ExclusionAt]
    disputes: dict[int, DisputeAt]
    runs: dict[int, list[str]]


def log_contents(scope: TestScope, moment: dt.datetime) -> LogContents:
    """Return what the log of the issues raised in `scope` holds at `moment`. Queries do not grow with the issues."""
    raised = _raised(scope, moment)
    found = histories(raised, until=moment)
    named = {row.provider_pk for history in found.values() for row in history.attributions if row.provider_pk}
    runs: dict[int, list[str]] = {}
    linked = IssueRunLink.objects.filter(issue__in=raised.order_by(), recorded_at__lte=moment)
    columns = ("issue_id", "run__planned_test__definition__external_id", "run__occurred_at")
    for issue_pk, test, ran_at in linked.order_by("id").values_list(*columns):
        runs.setdefault(issue_pk, []).append(f"{test} {ran_at.astimezone(dt.UTC):%Y-%m-%dT%H:%MZ}")
    return LogContents(
        issues=list(raised.select_related("scope__release", "raised_by", "dmc").order_by("reference")),
        histories=found,
        providers={organisation.pk: organisation for organisation in Organisation.objects.filter(pk__in=named)},
        exclusions={row.issue_pk: row for row in exclusions_at(scope, moment)},
        disputes={row.issue_pk: row for row in disputes_at([scope.pk], moment)},
        runs=runs,
    )


def issues_raised_at(scope: TestScope, moment: dt.datetime | None) -> int:
    """Return how many issues had been raised in `scope` by `moment` (None: now), closed ones included."""
    return _raised(scope, moment).count()


def last_issue_raised_at(scope: TestScope, moment: dt.datetime | None) -> dt.datetime | None:
    """Return when the newest issue of `scope` was recorded, or None where there is none."""
    newest: dt.datetime | None = _raised(scope, moment).aggregate(newest=Max("recorded_at"))["newest"]
    return newest


def last_issue_change_at(scope: TestScope, moment: dt.datetime | None) -> dt.datetime | None:
    """Return when anything was last recorded about an issue of `scope`, by `moment`.

    A log produced before that no longer shows all there is: it is what makes one stale (12.6(e)).
    """
    in_scope = TestingIssue.objects.filter(scope=scope).order_by().values("pk")
    newest = [
        last_issue_raised_at(scope, moment),
        _newest(TestingIssue.history.filter(id__in=in_scope), "history_date", moment),
        *(_newest(model._default_manager.filter(issue__in=in_scope), "recorded_at", moment) for model in _ABOUT_ISSUES),
    ]
    return max((instant for instant in newest if instant is not None), default=None)


def issue_log_at(scope: TestScope, moment: dt.datetime | None) -> IssueLog | None:
    """Return the log of `scope` last produced by `moment`, its file with it, or None."""
    logs = IssueLog.objects.filter(scope=scope).select_related("file")
    if moment is not None:
        logs = logs.filter(recorded_at__lte=moment)
    log: IssueLog | None = logs.order_by("-id").first()
    return log


def _raised(scope: TestScope, moment: dt.datetime | None) -> QuerySet[TestingIssue]:
    issues: QuerySet[TestingIssue] = TestingIssue.objects.filter(scope=scope)
    return issues if moment is None else issues.filter(recorded_at__lte=moment)


def _newest(rows: QuerySet[Any], column: str, moment: dt.datetime | None) -> dt.datetime | None:
    if moment is not None:
        rows = rows.filter(**{f"{column}__lte": moment})
    newest: dt.datetime | None = rows.order_by().aggregate(newest=Max(column))["newest"]
    return newest
