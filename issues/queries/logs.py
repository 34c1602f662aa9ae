"""How many Testing Issues there are, when they last changed, and the log that was last produced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Max, Q, QuerySet

from issues.models import (
    Attribution,
    CountingQuestion,
    ExclusionProposal,
    IssueAttachment,
    IssueComment,
    IssueLink,
    IssueLog,
    IssueRunLink,
    IssueStateChange,
    LinkKind,
    Reach,
    SeverityDetermination,
    SeverityDispute,
    TestingIssue,
)
from issues.queries.asat import wordings_at
from issues.queries.boards import BeforeBoard, before_boards_at
from issues.queries.history import History, histories
from svtad.parties.actors import Actor, system_actor
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
    IssueLink,
)
_SAID = (IssueAttachment, IssueComment)


@dataclass(frozen=True, kw_only=True)
class LogContents:
    """All that a Testing Issue log holds, as it stood at one moment: issues with their whole history.

    `issues` in order of reference, with scope, release, raiser and DMC read; the rest by the primary
    key of the issue, `providers` by that of the organisation.
    `wordings` are the words of those that were reworded since, as they were at the moment. `boards` is what was
    before boards, `links`, `attachments` and `comments` what was said and tied, each as far as it is the reader's.
    """

    issues: Sequence[TestingIssue]
    histories: dict[int, History]
    providers: dict[int, Organisation]
    boards: dict[int, list[BeforeBoard]]
    runs: dict[int, list[str]]
    wordings: dict[int, dict[str, Any]]
    links: dict[int, list[str]]
    attachments: dict[int, list[IssueAttachment]]
    comments: dict[int, list[IssueComment]]

    @cached_property
    def by_public_id(self) -> dict[str, TestingIssue]:
        """Return the issues by their public ids."""
        return {issue.public_id: issue for issue in self.issues}


def log_contents(scope: TestScope, moment: dt.datetime) -> LogContents:
    """Return what the log of the issues raised in `scope` holds at `moment`, for all those who govern."""
    return complete_log(_raised(scope, moment), moment, actor=None)


def complete_log(raised: QuerySet[TestingIssue], moment: dt.datetime | None, *, actor: Actor | None) -> LogContents:
    """Return all that is held of these issues, as it stood at `moment` (None: now), as far as `actor` may see it.

    `actor` None is whoever governs: what was said to the DCC alone is not in it. Queries do not grow with the issues.
    """
    reader = actor or system_actor("Those who govern")
    found = histories(raised, until=moment)
    here = raised.order_by().values("pk")
    named = {row.provider_pk for history in found.values() for row in history.attributions if row.provider_pk}
    issues = list(raised.select_related("scope__release", "raised_by", "dmc").order_by("reference"))
    references = {issue.pk: issue.reference for issue in issues}
    return LogContents(
        issues=issues,
        histories=found,
        providers={organisation.pk: organisation for organisation in Organisation.objects.filter(pk__in=named)},
        boards=before_boards_at(raised, moment, actor=reader),
        runs=_runs(here, moment),
        wordings=wordings_at(raised, moment) if moment is not None else {},
        links=_links(here, moment, reader, references),
        attachments=_said(IssueAttachment.objects.select_related("file", "withdrawal"), here, moment, actor),
        comments=_said(IssueComment.objects.select_related("corrects"), here, moment, actor),
    )


def _until(moment: dt.datetime | None) -> Q:
    return Q() if moment is None else Q(recorded_at__lte=moment)


def _runs(here: Any, moment: dt.datetime | None) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    linked = IssueRunLink.objects.filter(_until(moment), issue__in=here)
    columns = ("issue_id", "run__planned_test__definition__external_id", "run__occurred_at")
    for issue_pk, test, ran_at in linked.order_by("id").values_list(*columns):
        found.setdefault(issue_pk, []).append(f"{test} {ran_at.astimezone(dt.UTC):%Y-%m-%dT%H:%MZ}")
    return found


def _links(here: Any, moment: dt.datetime | None, reader: Actor, references: dict[int, str]) -> dict[int, list[str]]:
    """Return the links in words at either end."""
    found: dict[int, list[str]] = {}
    held = IssueLink.objects.visible_to(reader).held_at(moment).filter(Q(issue__in=here) | Q(other__in=here))
    columns = ("issue_id", "issue__reference", "other_id", "other__reference", "kind")
    for issue_pk, issue, other_pk, other, kind in held.order_by("id").values_list(*columns):
        duplicate = kind == LinkKind.DUPLICATE_OF
        if issue_pk in references:
            words = "duplicate of" if duplicate else "related to"
            found.setdefault(issue_pk, []).append(f"{words} {other}")
        if other_pk in references:
            words = "has the duplicate" if duplicate else "related to"
            found.setdefault(other_pk, []).append(f"{words} {issue}")
    return found


def _said(rows: Any, here: Any, moment: dt.datetime | None, actor: Actor | None) -> dict[int, list[Any]]:
    rows = rows.filter(_until(moment), issue__in=here)
    rows = rows.exclude(reach=Reach.OWN) if actor is None else rows.visible_to(actor)
    found: dict[int, list[Any]] = {}
    for row in rows.order_by("id"):
        found.setdefault(row.issue_id, []).append(row)
    return found


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
        # What was said to the DCC alone is not in the log that is kept.
        *(
            _newest(model.objects.filter(issue__in=in_scope).exclude(reach=Reach.OWN), "recorded_at", moment)
            for model in _SAID
        ),
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
