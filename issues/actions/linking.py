"""Linking a Testing Issue to the runs it showed in, and to other issues."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues import policies
from issues.actions.recording import audit, issue_audience, locked
from issues.actions.wording import checked_reasons
from issues.models import IssueLink, IssueLinkEnd, IssueRunLink, LinkKind, TestingIssue
from issues.queries.links import chain_of_duplicates
from issues.queries.reach import may_count_in
from issues.queries.runs import latest_runs
from svtad.lib import clock
from svtad.lib.errors import ActionDenied, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Audience
from testphases.models import Programme, TestRun


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


@transaction.atomic
def link_issues(
    *,
    issue: TestingIssue,
    other: TestingIssue,
    kind: str,
    by: Actor,
    reasons: str = "",
    at: dt.datetime | None = None,
) -> IssueLink:
    """Tie `issue` to `other`: related, or a duplicate of it. Both ends show it. Linked so already, nothing is stored.

    A duplicate counts as it did: no clause takes an issue out of the count for being one, only a determination
    with reasons does (13.19). An issue is a duplicate of one other at most, and chains do not close to a circle.

    Raises ActionDenied where either is not for the actor to see or the first not to link, Refused for a circle or a
    second original, InvalidInput for a link to itself.
    """
    at = at or clock.now()
    if kind not in LinkKind.values:
        raise InvalidInput.one("kind", f"“{kind[:20]}” is none of {', '.join(LinkKind.values)}.")
    policies.check_can_link(by, issue)
    policies.check_sees(by, other)
    if issue.pk == other.pk:
        raise InvalidInput.one("other", "An issue is not linked to itself.")
    _lock_programmes(issue, other)
    held = IssueLink.objects.held_at(None)
    known: IssueLink | None = held.filter(issue=issue, other=other, kind=kind).first()
    if known is None and kind == LinkKind.RELATED:
        known = held.filter(issue=other, other=issue, kind=kind).first()
    if known is not None:
        return known
    if kind == LinkKind.DUPLICATE_OF:
        _check_duplicate(issue, other, held.filter(issue=issue, kind=kind).select_related("other").first())
    link: IssueLink = IssueLink.objects.create(
        issue=issue,
        other=other,
        kind=kind,
        reasons=checked_reasons(reasons=reasons),
        recorded_at=at,
        recorded_by=by.label,
    )
    _audit(link, "link_issues", reasons=link.reasons, by=by, at=at)
    return link


@transaction.atomic
def unlink_issues(*, link: IssueLink, reasons: str, by: Actor, at: dt.datetime | None = None) -> IssueLinkEnd:
    """Take a link between issues back, with reasons; that it stood remains readable.

    Whoever may link either of its ends may. Raises ActionDenied, Refused where it was taken back already, and
    InvalidInput without reasons.
    """
    at = at or clock.now()
    if not IssueLink.objects.visible_to(by).filter(pk=link.pk).exists():
        raise ActionDenied("", "There is no such link among those you may see.")
    try:
        policies.check_can_link(by, link.issue)
    except ActionDenied:
        policies.check_can_link(by, link.other)
    _lock_programmes(link.issue, link.other)
    kept = checked_reasons(reasons=reasons)
    if not kept:
        raise InvalidInput.one("reasons", "Say why the link is taken back.")
    if IssueLinkEnd.objects.filter(link=link).exists():
        raise Refused("", "This link was taken back already.")
    end: IssueLinkEnd = IssueLinkEnd.objects.create(link=link, reasons=kept, recorded_at=at, recorded_by=by.label)
    _audit(link, "unlink_issues", reasons=kept, by=by, at=at)
    return end


def _lock_programmes(*issues: TestingIssue) -> None:
    """Let one link between issues of a programme be made at a time: two at once could close a circle together."""
    pks = {issue.scope.release.programme_id for issue in issues}
    list(Programme.objects.select_for_update(no_key=True).filter(pk__in=pks).order_by("pk"))


def _check_duplicate(issue: TestingIssue, other: TestingIssue, held: IssueLink | None) -> None:
    if held is not None:
        text = f"{issue.reference} is a duplicate of {held.other.reference} already: take that link back first."
        raise Refused("", text)
    if issue.pk in chain_of_duplicates(other):
        text = f"{other.reference} is a duplicate of {issue.reference}, directly or through others: that is a circle."
        raise Refused("", text)


def _audit(link: IssueLink, action: str, *, reasons: str, by: Actor, at: dt.datetime) -> None:
    detail = {"kind": link.kind, "other": link.other.reference, "reasons": reasons}
    audit(issue=link.issue, action=action, by=by, at=at, detail=detail, audience=_audience(link))


def _audience(link: IssueLink) -> Audience:
    """Return who may see both ends: an event that names both tells nobody of one they may not see."""
    keys = [
        set(issue_audience(raised_by=end.raised_by, provider=end.provider).text.split(","))
        for end in (link.issue, link.other)
    ]
    return audience_of(*(keys[0] & keys[1]))
