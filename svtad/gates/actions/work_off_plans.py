"""Work Off Plans: every open issue at exit, with its date; approved by TAB, worked off, re-run (15.1, 12.6(h))."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db import transaction

from issues.models import IssueStateChange, TestingIssue
from svtad.gates import policies
from svtad.gates.actions.recording import audit, one_at_a_time, tell
from svtad.gates.gathering import gather_with_changes
from svtad.gates.models import WorkOffPlan, WorkOffPlanItem, WorkOffPlanItemChange
from svtad.gates.rendering import PlanLine, work_off_plan_csv
from svtad.governance.actions import open_matter, store_file
from svtad.governance.models import Decision, Matter
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Organisation
from svtad.rulebook.deadlines import work_off_due
from svtad.rulebook.edition import Edition
from svtad.rulebook.facts import Facts, IssueFact
from svtad.rulebook.vocabulary import Outcome, WorkOffItemState, WorkOffPlanState
from testphases.models import TestRun, TestScope

CLAUSE = "SVTAD 15.1"
#: What may follow what. A failed re-run opens an item again.
ITEM_TRANSITIONS: dict[str, tuple[str, ...]] = {
    WorkOffItemState.OPEN: (WorkOffItemState.CLOSED,),
    WorkOffItemState.CLOSED: (WorkOffItemState.RERUN_PASSED, WorkOffItemState.OPEN),
    WorkOffItemState.RERUN_PASSED: (WorkOffItemState.OPEN,),
}


@transaction.atomic
def draw_up_work_off_plan(
    *, scope: TestScope, by: Actor, provider: Organisation | None = None, at: dt.datetime | None = None
) -> WorkOffPlan:
    """Draw up the plan for a provider's open issues, and put it before TAB.

    Every open issue that is in no plan of the phase yet: raised in it or carried over, counted or excluded. Without
    a `provider`, whoever answers for it. The file that TAB approves is made here, with the dates of 15.1 counted
    from the provider's certificate where there is one. A later issue is not added to it: it goes in a further plan.

    Raises ActionDenied, and Refused where nothing is open that is in no plan.
    """
    moment = at or clock.now()
    policies.check_can_propose(by, scope, clause=CLAUSE, what="draw up a Work Off Plan")
    one_at_a_time(scope=scope)
    gathered = gather_with_changes(scope, as_at=None, at=at)
    facts = gathered.facts
    planned = {item.issue for plan in facts.work_off_plans for item in plan.items}
    issues = [
        issue
        for issue in facts.issues
        if issue.state.is_open
        and issue.id not in planned
        and (provider is None or issue.provider == provider.public_id)
    ]
    if not issues:
        whose = f" of {provider}" if provider else ""
        raise Refused(CLAUSE, f"No open Testing Issue{whose} is without a Work Off Plan.")
    audience = policies.paper_audience(provider=provider)
    whose = provider.code if provider else "phase"
    stored = store_file(
        content=work_off_plan_csv(_lines(issues, facts=facts, edition=gathered.edition)),
        name=f"work-off-plan-{scope.release.code}-{scope.kind}-{whose}-{moment:%Y%m%dT%H%MZ}.csv".lower(),
        media_type="text/csv",
        purpose="work_off_plan",
        audience=audience,
        is_synthetic=scope.is_synthetic,
        by=by,
        at=moment,
    )
    version = scope.governed_by
    matter = open_matter(
        procedure="WORK_OFF_PLAN",
        document=version.document.code,
        version=version.version,
        title=f"Work Off Plan of {scope}" + (f" ({provider})" if provider else ""),
        attachment=stored,
        scope_id=scope.public_id,
        audience=audience,
        is_synthetic=scope.is_synthetic,
        by=by,
        at=moment,
    )
    plan = WorkOffPlan.objects.create(scope=scope, provider=provider, matter=matter, file=stored, recorded_at=moment)
    pks = dict(TestingIssue.objects.filter(public_id__in=[issue.id for issue in issues]).values_list("public_id", "pk"))
    WorkOffPlanItem.objects.bulk_create(
        WorkOffPlanItem(plan=plan, issue_id=pks[issue.id], severity=issue.severity or "", recorded_at=moment)
        for issue in issues
    )
    audit(
        scope=scope,
        action="draw_up_work_off_plan",
        subject=plan,
        audience=audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={
            "provider": provider.code if provider else "",
            "issues": [issue.reference for issue in issues],
            "sha256": stored.sha256,
        },
    )
    tell(scope=scope, at=moment, followers=True)
    return plan


def _lines(issues: Iterable[IssueFact], *, facts: Facts, edition: Edition) -> Iterable[PlanLine]:
    names = {row.id: row.name for row in facts.providers}
    started = {row.provider: row.issued_on for row in facts.certificates}
    excluded = {row.issue for row in facts.exclusions if row.state.excludes}
    settings = {row.key: row.value for row in facts.parameters}
    for issue in sorted(issues, key=lambda row: row.reference):
        days = edition.work_off_days.get(issue.severity or "")
        start = started.get(issue.provider or "")
        due = None
        if issue.severity and start:
            due = work_off_due(
                issue.severity,
                clock_start=start,
                days=edition.work_off_days,
                non_working_days=frozenset(facts.non_working_days),
                count_trigger_day=settings.get("working_days.counting") == "trigger_day_is_first",
            )
        waits = "counts from the certificate" if days else "TAB to set"
        yield PlanLine(
            reference=issue.reference,
            title=issue.title,
            provider=names.get(issue.provider or "", ""),
            severity=issue.severity or "not determined",
            raised_in=f"{issue.raised_release} {issue.raised_phase_kind}",
            state=issue.state.replace("_", " ").capitalize(),
            excluded="yes" if issue.id in excluded else "no",
            working_days=str(days or ""),
            due=due.isoformat() if due else waits,
        )


@transaction.atomic
def change_plan_item(
    *,
    item: WorkOffPlanItem,
    state: str,
    by: Actor,
    run: TestRun | None = None,
    note: str = "",
    occurred_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> WorkOffPlanItemChange:
    """Record that an item was closed, re-run with success, or opened again by a failed re-run.

    CLOSED needs the Testing Issue itself closed or rejected. RERUN_PASSED needs the `run`: a passed one that is not
    void, after the fix (12.6(h)). Raises ActionDenied, Refused for a step that is not listed or lacks what it rests
    on, and InvalidInput.
    """
    moment = at or clock.now()
    held = (
        WorkOffPlanItem.objects.select_for_update(of=("self",))
        .select_related("plan__scope__release", "plan__matter", "issue")
        .get(pk=item.pk)
    )
    scope = held.plan.scope
    policies.check_can_change_plan(by, scope)
    if occurred_at is not None and occurred_at > moment:
        raise InvalidInput.one("occurred_at", "This is later than the moment it is recorded.")
    now_in = _item_state(held)
    listed = ITEM_TRANSITIONS[now_in]
    if state not in listed:
        raise Refused(CLAUSE, f"{held.issue.reference} is {_words(now_in)}: it may go to {_words(*listed)}.")
    if state == WorkOffItemState.CLOSED and TestingIssue.objects.open().filter(pk=held.issue_id).exists():
        raise Refused(CLAUSE, f"{held.issue.reference} is still open: close the Testing Issue first.")
    if state == WorkOffItemState.RERUN_PASSED:
        _check_rerun(held, run)
    change: WorkOffPlanItemChange = WorkOffPlanItemChange.objects.create(
        item=held,
        state=state,
        run=run,
        note=note.strip()[:400],
        occurred_at=occurred_at or moment,
        recorded_at=moment,
        recorded_by=by.label,
    )
    audit(
        scope=scope,
        action="change_plan_item",
        subject=held.plan,
        audience=held.plan.matter.audience,
        by=by,
        at=moment,
        clause="SVTAD 12.6(h)",
        detail={"issue": held.issue.reference, "state": state, "run": run.run_key if run else ""},
    )
    tell(scope=scope, at=moment, followers=True)
    return change


def _item_state(item: WorkOffPlanItem) -> str:
    last = WorkOffPlanItemChange.objects.filter(item=item).order_by("-pk").values_list("state", flat=True).first()
    return last or WorkOffItemState.OPEN


def _words(*states: str) -> str:
    return " or ".join(state.replace("_", " ").lower() for state in states)


def _check_rerun(item: WorkOffPlanItem, run: TestRun | None) -> None:
    """12.6(h): the tests were re-run successfully, which means after what was wrong had been fixed."""
    if run is None:
        raise InvalidInput.one("run", "Name the run that passed.")
    if run.outcome != Outcome.PASSED or hasattr(run, "void"):
        raise Refused("SVTAD 12.6(h)", "This run did not pass, or was declared void.")
    fixed = (
        IssueStateChange.objects.filter(issue_id=item.issue_id, to_state="FIXED")
        .order_by("-occurred_at")
        .values_list("occurred_at", flat=True)
        .first()
    )
    if fixed is not None and run.occurred_at < fixed:
        raise Refused("SVTAD 12.6(h)", f"This run was before {item.issue.reference} was fixed.")


@transaction.atomic
def settle_work_off_plan(*, matter: Matter, decision: Decision, at: dt.datetime) -> None:
    """Check what a decision on a plan brings, and have the phases judged anew that it bears on.

    TAB's approval may set days, as ISO dates in the decision's data: `clock_start` where the phase has no
    certificate to count from, and `due`, a date by Testing Issue reference, for issues that 15.1 gives none. A plan
    is complete only when every item is closed and re-run. Raises Refused and InvalidInput.
    """
    plan = WorkOffPlan.objects.select_related("scope__release").filter(matter=matter).first()
    if plan is None:
        raise Refused(CLAUSE, "No plan was drawn up for this matter: draw it up from its Test Phase.")
    items = list(WorkOffPlanItem.objects.filter(plan=plan).select_related("issue"))
    if decision.outcome == "APPROVE":
        _check_days(decision, {item.issue.reference for item in items})
    if decision.to_state == WorkOffPlanState.COMPLETE:
        undone = [item.issue.reference for item in items if _item_state(item) != WorkOffItemState.RERUN_PASSED]
        if undone:
            raise Refused("SVTAD 12.6(h)", f"Not closed and re-run yet: {', '.join(undone)}.")
    tell(scope=plan.scope, at=at, followers=True)


def _check_days(decision: Decision, references: set[str]) -> None:
    errors = []
    given = {"clock_start": decision.data.get("clock_start")}
    due = decision.data.get("due") or {}
    if not isinstance(due, dict):
        raise InvalidInput.one("due", "Give a date for each Testing Issue by its reference.")
    for reference, day in due.items():
        if reference not in references:
            errors.append(FieldError(None, f"due {reference}", "This Testing Issue is not in the plan."))
        given[f"due {reference}"] = day
    for field, day in given.items():
        try:
            if day:
                dt.date.fromisoformat(day)
        except (TypeError, ValueError):
            errors.append(FieldError(None, field, f"{day!r} is not a date such as 2019-04-18."))
    if errors:
        raise InvalidInput(errors)
