"""What every action on Testing Issues shares: the lock, the current columns, the audit, word of change."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from issues.models import TestingIssue
from issues.queries.history import History, Standing, histories
from issues.queries.reach import scopes_reached_from
from svtad.audit import actions as audit_actions
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation
from testphases.actions import facts_changed
from testphases.models import TestScope

#: Issues read or written at once: their keys fit one statement on SQLite too.
CHUNK = 500
_CURRENT = ("state", "severity", "priority", "cause", "provider_id")
_COLUMNS = ("state", "severity", "priority", "cause", "provider")


def locked(*, issue: TestingIssue) -> TestingIssue:
    """Lock the issue's row for the rest of the transaction and return it fresh: one change of it at a time."""
    rows = TestingIssue.objects.select_for_update(of=("self",))
    fresh: TestingIssue = rows.select_related("scope__release", "scope__governed_by__document", "raised_by").get(
        pk=issue.pk
    )
    return fresh


def keep_in_step(*, issue_pks: Collection[int]) -> None:
    """Set the current columns of these issues to what their append-only rows amount to.

    They are set past the model's history: they are derived, and who determined what is in the rows.
    """
    pks = sorted(issue_pks)
    for start in range(0, len(pks), CHUNK):
        issues = TestingIssue.objects.filter(pk__in=pks[start : start + CHUNK])
        found = histories(issues, last_moves_only=True)
        # Issues that come to stand alike are set at once: there are few ways to stand.
        alike: defaultdict[Standing, list[int]] = defaultdict(list)
        for pk, *columns in issues.values_list("pk", *_CURRENT):
            standing = Standing.of(found.get(pk) or History())
            if tuple(columns) != standing.columns:
                alike[standing].append(pk)
        for standing, changed in alike.items():
            TestingIssue.objects.filter(pk__in=changed).update(**dict(zip(_CURRENT, standing.columns, strict=True)))


def bring_up_to_date(*, fresh: TestingIssue, given: TestingIssue) -> None:
    """Recompute a locked issue's current columns, and show them on the caller's own object too."""
    keep_in_step(issue_pks=[fresh.pk])
    for issue in {id(fresh): fresh, id(given): given}.values():
        issue.refresh_from_db(fields=_COLUMNS)


def tell_scopes(*, raised_in: Iterable[TestScope], at: dt.datetime) -> None:
    """Leave word for every scope whose judgement an issue raised in one of these may bear on."""
    reached: dict[int, TestScope] = {}
    for scope in raised_in:
        for other in scopes_reached_from(scope):
            reached[other.pk] = other
    for scope in reached.values():
        facts_changed(scope=scope, at=at)


def issue_audience(*, raised_by: Organisation, provider: Organisation | None) -> Audience:
    """Return who may see what is done to an issue: those who govern, its raiser and who answers for it."""
    own = [org_key(organisation) for organisation in (raised_by, provider) if organisation is not None]
    return audience_of(*GOVERNANCE, *own)


def audit(
    *,
    issue: TestingIssue,
    action: str,
    by: Actor,
    at: dt.datetime,
    clause: str = "",
    detail: dict[str, Any] | None = None,
    audience: Audience | None = None,
) -> None:
    """Write the one audit event of an action on `issue`; its audience is the issue's unless another is given."""
    seen_by = audience or issue_audience(raised_by=issue.raised_by, provider=issue.provider)
    audit_actions.record(
        by=by,
        at=at,
        action=action,
        subject_kind="testing_issue",
        subject_id=issue.public_id,
        subject_label=f"{issue.reference} {issue.title}",
        audience_id=seen_by.pk,
        clause=clause,
        scope_id=issue.scope.public_id,
        detail=detail,
    )


def happened(*, name: str, moment: dt.datetime | None, at: dt.datetime) -> dt.datetime:
    """Return when something happened (default: now). Raises `InvalidInput` where that is after its recording.

    Nothing here takes effect later than it is recorded: so the current columns are right as they
    stand, and no clock has to come round to set them.
    """
    if moment is None:
        return at
    if moment.tzinfo is None:
        raise InvalidInput.one(name, "An instant needs its time zone.")
    if moment > at:
        raise InvalidInput.one(name, "This is later than the moment it is recorded.")
    return moment
