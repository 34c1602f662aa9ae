"""Correction plans: presented when a Work Off Plan will be late, considered by TAB, which may revoke (15.2)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from svtad.gates import policies
from svtad.gates.actions.recording import audit, one_at_a_time, tell
from svtad.gates.models import CorrectionPlan, TestCompletionCertificate, WorkOffPlan, WorkOffPlanItem
from svtad.gates.queries.corrections import ON_ITS_WAY, certificates_in_force
from svtad.governance.actions import open_matter, record_decision
from svtad.governance.models import Decision, Matter, StoredFile
from svtad.lib import clock
from svtad.lib.clock import london_date
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor, system_actor
from svtad.rulebook.vocabulary import Body, WorkOffItemState, WorkOffPlanState

CLAUSE = "SVTAD 15.2"
_IN_FORCE = (WorkOffPlanState.TAB_APPROVED, WorkOffPlanState.IN_PROGRESS)


@transaction.atomic
def open_correction_plan(
    *, plan: WorkOffPlan, aware_on: dt.date, by: Actor, rationale: str = "", at: dt.datetime | None = None
) -> CorrectionPlan:
    """Draft a correction plan for a Work Off Plan that will be late; `aware_on` is when whoever answers became aware.

    It is drafted whether a day is over yet or not: 15.2 wants it as soon as somebody is aware that one will not be
    met. While one is before TAB there is no second. Raises ActionDenied, Refused and InvalidInput.
    """
    moment = at or clock.now()
    scope = plan.scope
    policies.check_can_propose(by, scope, clause=CLAUSE, what="present a correction plan")
    one_at_a_time(scope=scope)
    matter = plan.matter
    matter.refresh_from_db(fields=["state"])
    if matter.state not in _IN_FORCE:
        held = matter.state.replace("_", " ").lower()
        raise Refused(CLAUSE, f"{matter.reference} is {held}: a correction plan is for one that is to be worked off.")
    if not open_items(plan):
        raise Refused(CLAUSE, f"Every item of {matter.reference} is closed and re-run.")
    waiting = plan.corrections.filter(matter__state__in=(*ON_ITS_WAY, "REJECTED")).select_related("matter").first()
    if waiting is not None:
        raise Refused(CLAUSE, f"{waiting.matter.reference} is not decided, or is to be revised: its steps are there.")
    if aware_on > london_date(moment):
        raise InvalidInput.one("aware_on", "This is later than the day on which it is recorded.")
    version = scope.governed_by
    opened = open_matter(
        procedure="CORRECTION_PLAN",
        document=version.document.code,
        version=version.version,
        title=f"Correction plan of {matter.reference}, {scope}" + (f" ({plan.provider})" if plan.provider else ""),
        rationale=rationale,
        data={"aware_on": aware_on.isoformat()},
        scope_id=scope.public_id,
        audience=matter.audience,
        is_synthetic=scope.is_synthetic,
        by=by,
        at=moment,
    )
    made = CorrectionPlan.objects.create(plan=plan, matter=opened, recorded_at=moment)
    audit(
        scope=scope,
        action="open_correction_plan",
        subject=made,
        audience=matter.audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={"plan": matter.reference, "matter": opened.reference, "aware_on": aware_on.isoformat()},
    )
    return made


@transaction.atomic
def present_correction_plan(
    *,
    plan: WorkOffPlan,
    aware_on: dt.date,
    due: dict[str, str],
    document: StoredFile,
    by: Actor,
    rationale: str = "",
    at: dt.datetime | None = None,
) -> CorrectionPlan:
    """Draft a correction plan and present it to TAB in one act: the document, and new days (ISO) by issue.

    Raises what `open_correction_plan` and `record_decision` do.
    """
    moment = at or clock.now()
    made = open_correction_plan(plan=plan, aware_on=aware_on, rationale=rationale, by=by, at=moment)
    record_decision(
        matter=made.matter,
        body=Body.DCC,
        outcome="PRESENT",
        decided_at=moment,
        document=document,
        data={"due": due},
        by=by,
        at=moment,
    )
    return made


def open_items(plan: WorkOffPlan) -> list[WorkOffPlanItem]:
    """Return the items of `plan` that are not closed and re-run."""
    items = plan.items.select_related("issue").prefetch_related("changes")
    return [item for item in items if _state(item) != WorkOffItemState.RERUN_PASSED]


def _state(item: WorkOffPlanItem) -> str:
    changes = sorted(item.changes.all(), key=lambda each: each.pk)
    return changes[-1].state if changes else WorkOffItemState.OPEN.value


@transaction.atomic
def settle_correction_plan(*, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
    """Check the days that a correction plan proposes, and give what TAB elected its effect in the same transaction.

    The days of an approved one take the place of those before, by issue, wherever dates are shown or counted; the
    clock of 15.1 does not start again. Each certificate that TAB revokes is revoked by its own matter's step, in a
    decision that names the correction plan; dependants are judged anew and flagged. Raises Refused and InvalidInput.
    """
    correction = CorrectionPlan.objects.select_related("plan__scope__release").filter(matter=matter).first()
    if correction is None:
        raise Refused(CLAUSE, "No Work Off Plan stands behind this matter: present it from the plan's page.")
    scope = correction.plan.scope
    if decision.outcome == "PRESENT":
        _check_due(decision.data.get("due") or {}, correction.plan, presented=decision.decided_at)
    if decision.outcome.endswith("_AND_REVOKE"):
        _revoke(decision.data.get("revoked") or [], matter=matter, decision=decision, by=by, at=at)
    one_at_a_time(scope=scope)
    tell(scope=scope, at=at, followers=True)


def _check_due(due: dict[str, Any], plan: WorkOffPlan, *, presented: dt.datetime) -> None:
    known = {item.issue.reference for item in open_items(plan)}
    day = london_date(presented).isoformat()
    errors = [
        FieldError(None, f"due {reference}", "This Testing Issue is no open item of the plan.")
        for reference in due
        if reference not in known
    ]
    errors += [
        FieldError(None, f"due {reference}", "The new day is before the one on which the plan is presented.")
        for reference, new in due.items()
        if reference in known and new < day
    ]
    if errors:
        raise InvalidInput(errors)


def _revoke(numbers: list[str], *, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
    """Revoke the certificates of those numbers, each by its own step; a number that is none in force refuses all."""
    # Their matters first, as every step on a certificate takes them before its phase: none waits for another crosswise.
    named = TestCompletionCertificate.objects.filter(number__in=numbers).values("matter")
    list(Matter.objects.select_for_update().filter(pk__in=named).order_by("pk").values_list("pk"))
    held = {each.number: each for each in certificates_in_force()}
    unknown = [number for number in numbers if number not in held]
    if unknown:
        raise InvalidInput.one("revoked", f"No Test Completion Certificate in force is called {', '.join(unknown)}.")
    # Who records what TAB elected here is checked on this matter; that the certificate goes is the effect of it.
    product = system_actor(f"{by.label}, recording the TAB")
    for number in sorted(numbers):
        record_decision(
            matter=held[number].matter,
            body=Body.TAB,
            outcome="REVOKE",
            decided_at=decision.decided_at,
            notified_at=decision.notified_at,
            effective_at=decision.effective_at,
            rationale=f"Pending resolution of the open Testing Issues in the correction plan {matter.reference} (15.2)."
            + (f" {decision.rationale}" if decision.rationale else ""),
            meeting=decision.meeting,
            data={"correction_plan": matter.reference},
            by=product,
            at=at,
        )
