"""How many Testing Issues there are, when they last changed, and the log that was last produced."""

from __future__ import annotations

import datetime as dt
from typing import Any

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
from testphases.models import TestScope


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
    newest = [last_issue_raised_at(scope, moment)]
    for model in (SeverityDetermination, Attribution, IssueStateChange, IssueRunLink):
        newest.append(_newest(model.objects.filter(issue__scope=scope), "recorded_at", moment))
    for asked in (ExclusionProposal, SeverityDispute, CountingQuestion):
        newest.append(_newest(asked.objects.filter(issue__scope=scope), "recorded_at", moment))
    in_scope = TestingIssue.objects.filter(scope=scope).values("pk")
    newest.append(_newest(TestingIssue.history.filter(id__in=in_scope), "history_date", moment))
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
