"""Linking a Testing Issue to the runs it showed in."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues import policies
from issues.actions.recording import audit, locked
from issues.models import IssueRunLink, TestingIssue
from issues.queries.reach import may_count_in
from issues.queries.runs import latest_runs
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from testphases.models import TestRun


@transaction.atomic
def link_run(
    *,
    issue: TestingIssue,
    by: Actor,
    run: TestRun | None = None,
    external_test_id: str = "",
    at: dt.datetime | None = None,
) -> IssueRunLink:
    """Record that the issue showed in a run; return the link. Linked before, nothing is stored.

    Give the run, or the test tool's id of the test (`TC-1`, or `TC-1@DMC-7` where it ran on several
    DMCs): then its latest run in the issue's phase is meant. Raises ActionDenied, Refused for a run of
    a phase that the issue does not bear on, and InvalidInput where the test has no such run.
    """
    at = at or clock.now()
    fresh = locked(issue=issue)
    policies.check_can_link(by, fresh)
    if run is None:
        dmc = fresh.dmc.reference if fresh.dmc else ""
        runs = latest_runs(fresh.scope, actor=by, tests=[external_test_id])
        found, problem = runs.find(test=external_test_id, dmc=dmc)
        if found is None:
            raise InvalidInput.one("external_test_id", problem)
        run = TestRun.objects.get(pk=found)
    elif not TestRun.objects.visible_to(by).filter(pk=run.pk).exists():
        raise ActionDenied("", "There is no such run among those you may see.")
    elif run.scope_id != fresh.scope_id and not may_count_in(raised_in=fresh.scope, scope=run.scope):
        raise Refused("", f"This run is of {run.scope}, where {fresh.reference} does not count.")
    link, made = IssueRunLink.objects.get_or_create(issue=fresh, run=run, defaults={"recorded_at": at})
    if made:
        audit(issue=fresh, action="link_run", by=by, at=at, detail={"run": run.run_key})
    return link
