"""Producing and keeping the Testing Issue log of a phase (9.2, 12.6(e))."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues import policies
from issues.models import IssueLog
from issues.queries.logs import log_contents
from issues.rendering import log_csv
from svtad.audit import actions as audit_actions
from svtad.governance.actions import store_file
from svtad.lib import clock
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from testphases.actions import facts_changed
from testphases.models import TestScope

PURPOSE = "issue_log"


@transaction.atomic
def produce_issue_log(*, scope: TestScope, by: Actor, at: dt.datetime | None = None) -> IssueLog:
    """Write the complete log of the issues raised in `scope` as a CSV file, keep it, and return its row.

    Every issue is in it, closed ones too, with the whole history of its state, severity and
    attribution. Those who govern may see it: it shows all Suppliers' and providers' issues.

    Raises ActionDenied.
    """
    at = at or clock.now()
    policies.check_can_produce_log(by)
    contents = log_contents(scope, at)
    audience = audience_of(*GOVERNANCE)
    name = f"testing-issues-{scope.release.code}-{scope.kind}-{at:%Y%m%dT%H%MZ}.csv".lower()
    stored = store_file(
        content=log_csv(contents),
        name=name,
        media_type="text/csv",
        purpose=PURPOSE,
        audience=audience,
        by=by,
        at=at,
        is_synthetic=scope.is_synthetic,
    )
    log: IssueLog = IssueLog.objects.create(
        scope=scope,
        file=stored,
        issue_count=len(contents.issues),
        covers_to=at,
        recorded_at=at,
        recorded_by=by.label,
    )
    audit_actions.record(
        by=by,
        at=at,
        action="produce_issue_log",
        subject_kind="issue_log",
        subject_id=log.public_id,
        subject_label=str(log),
        audience_id=audience.pk,
        clause="SVTAD 9.2",
        scope_id=scope.public_id,
        detail={"issues": log.issue_count, "sha256": stored.sha256},
    )
    facts_changed(scope=scope, at=at)
    return log
