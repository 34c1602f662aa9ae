"""Taking in many issues at once, from a file or a tracker.

A row says where an issue is in the tracker; what that amounts to goes into the same append-only rows
as a person's determinations, through the same checks.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import transaction

from issues import policies
from issues.actions.comparing import Comparison
from issues.actions.mirror_rows import IssueChange, IssuePlan, IssueRow, IssuesResult
from issues.actions.recording import CHUNK, keep_in_step, tell_scopes
from issues.actions.wording import create_with_history, next_issue_references, reword_with_history
from issues.models import (
    Attribution,
    IssueRunLink,
    IssueState,
    IssueStateChange,
    SeverityDetermination,
    TestingIssue,
    TrackerDisagreement,
)
from svtad.audit import actions as audit_actions
from svtad.intake.models import ImportBatch
from svtad.lib import clock
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation
from testphases.models import TestScope

_BATCH = 1000


def compare_issues(
    *, scope: TestScope, rows: Iterable[IssueRow], source: str, by: Actor, at: dt.datetime | None = None
) -> IssuePlan:
    """Return what `rows` would change among the issues of `scope`, and what is wrong with them.

    Nothing is stored. Raises ActionDenied.
    """
    policies.check_can_import(by, scope)
    return Comparison(scope=scope, source=source, by=by, at=at or clock.now()).compare(rows)


@transaction.atomic
def mirror_issues(
    *,
    scope: TestScope,
    rows: Iterable[IssueRow],
    source: str,
    by: Actor,
    at: dt.datetime | None = None,
    batch: ImportBatch | None = None,
) -> IssuesResult:
    """Bring the issues of `scope` in line with `rows` of the tracker `source`, all or nothing.

    A row is known by its source and external id: new ones are raised; a known one is reworded,
    determined anew, moved along the listed moves, linked to runs, as far as the row says otherwise;
    the same again changes nothing. An issue that the rows leave out stays as it is. Where tooling sends them, what a
    person of the DCC or a body determined stays, and each row says what of it was kept (`IssueChange.kept`).

    Raises ActionDenied, and InvalidInput naming every bad row; then nothing is stored.
    """
    at = at or clock.now()
    policies.check_can_import(by, scope)
    # One mirror of a scope at a time: two of the same file must not both find an issue new.
    scope = (
        TestScope.objects.select_for_update(of=("self",))
        .select_related("release", "governed_by__document")
        .get(pk=scope.pk)
    )
    plan = Comparison(scope=scope, source=source, by=by, at=at, lock=True).compare(rows)
    if plan.errors:
        raise InvalidInput(plan.errors)
    result = plan.result()
    told = _store_disagreements(plan, by=by, at=at)
    if not plan.changes and not told:
        return result
    if plan.changes:
        store_changes(changes=plan.changes, batch=batch, by=by, at=at)
        tell_scopes(raised_in=[scope], at=at)
    audit_actions.record(
        by=by,
        at=at,
        action="mirror_issues",
        subject_kind="test_scope",
        subject_id=scope.public_id,
        subject_label=f"{scope}: {result.created} issues raised, {result.changed} changed",
        audience_id=audience_of(*GOVERNANCE).pk,
        clause="SVTAD 9.2",
        scope_id=scope.public_id,
        detail={
            "source": source,
            "created": result.created,
            "changed": result.changed,
            "kept": told,
            "batch": batch.public_id if batch else "",
        },
    )
    return result


def store_changes(*, changes: Sequence[IssueChange], batch: ImportBatch | None, by: Actor, at: dt.datetime) -> None:
    """Store what was worked out and checked, in a handful of statements, within the caller's transaction."""
    new = [change.issue for change in changes if change.is_new]
    for issue in new:
        issue.batch = batch
    _number(new)
    if new:
        create_with_history(issues=new, by=by, at=at)
    reworded = [change for change in changes if change.wording and not change.is_new]
    if reworded:
        fields = sorted({name for change in reworded for name in change.wording})
        reword_with_history(issues=[change.issue for change in reworded], fields=fields, by=by, at=at)
    _insert_moves(changes, by=by, at=at)
    severities = [change.severity for change in changes if change.severity]
    SeverityDetermination.objects.bulk_create(severities, batch_size=_BATCH)
    attributions = [change.attribution for change in changes if change.attribution]
    Attribution.objects.bulk_create(attributions, batch_size=_BATCH)
    links = [IssueRunLink(issue=change.issue, run_id=run, recorded_at=at) for change in changes for run in change.runs]
    IssueRunLink.objects.bulk_create(links, batch_size=_BATCH)
    keep_in_step(issue_pks=[change.issue.pk for change in changes])


def _store_disagreements(plan: IssuePlan, *, by: Actor, at: dt.datetime) -> int:
    """Write down where the tracker says otherwise than what was determined; what it said last time is known."""
    kept = [(row.issue, each) for row in plan.rows for each in row.kept]
    known: dict[tuple[int, str], tuple[str, str]] = {}
    pks = sorted({issue.pk for issue, _ in kept})
    for start in range(0, len(pks), CHUNK):
        held = TrackerDisagreement.objects.filter(issue_id__in=pks[start : start + CHUNK]).order_by("id")
        known |= {(row.issue_id, row.field): (row.theirs, row.held) for row in held}
    new = [
        TrackerDisagreement(
            issue=issue,
            field=each.field,
            theirs=each.theirs[:120],
            held=each.held[:120],
            why=each.why[:300],
            recorded_at=at,
            recorded_by=by.label,
        )
        for issue, each in kept
        if known.get((issue.pk, each.field)) != (each.theirs[:120], each.held[:120])
    ]
    TrackerDisagreement.objects.bulk_create(new, batch_size=_BATCH)
    return len(new)


def _number(new: Sequence[TestingIssue]) -> None:
    """Give every new issue a reference that the DCC gave none."""
    given = {issue.reference for issue in new}
    by_raiser: defaultdict[Organisation, list[TestingIssue]] = defaultdict(list)
    for issue in new:
        if not issue.reference:
            by_raiser[issue.raised_by].append(issue)
    for raised_by, issues in by_raiser.items():
        references = next_issue_references(scope=issues[0].scope, raised_by=raised_by, count=len(issues), besides=given)
        for issue, reference in zip(issues, references, strict=True):
            issue.reference = reference


def _insert_moves(changes: Sequence[IssueChange], *, by: Actor, at: dt.datetime) -> None:
    """Insert the moves issue by issue, in order: their chain is the order of their rows."""
    moves = []
    for change in changes:
        if change.is_new:
            moves.append(
                IssueStateChange(
                    issue=change.issue,
                    from_state="",
                    to_state=IssueState.RAISED,
                    occurred_at=change.issue.occurred_at,
                    recorded_at=at,
                    recorded_by=by.label,
                )
            )
        moves += change.moves
    IssueStateChange.objects.bulk_create(moves, batch_size=_BATCH)
