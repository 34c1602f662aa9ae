"""Correction plans for Work Off Plans that will be late (15.2), and what is asked of whom for want of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from svtad.gates.models import CorrectionPlan, TestCompletionCertificate, WorkOffPlan
from svtad.governance.models import Decision, Matter
from svtad.governance.queries.matters import decisions_at
from svtad.lib.clock import london_date
from svtad.rulebook.vocabulary import CertificateState

#: How TAB approves one.
APPROVALS = ("APPROVE", "APPROVE_AND_REVOKE")
#: States in which one is on its way: what is late has its correction plan, though TAB has not decided.
ON_ITS_WAY = ("DRAFT", "PRESENTED")


def corrections_of(
    plans: Iterable[WorkOffPlan], *, moment: dt.datetime | None = None
) -> dict[int, list[CorrectionPlan]]:
    """Return the correction plans of each plan, by its primary key, those recorded by `moment`. One query."""
    found: dict[int, list[CorrectionPlan]] = {}
    rows = CorrectionPlan.objects.filter(plan__in=[plan.pk for plan in plans]).select_related("matter").order_by("pk")
    for each in rows if moment is None else rows.filter(recorded_at__lte=moment):
        found.setdefault(each.plan_id, []).append(each)
    return found


def approved_on(plan: WorkOffPlan, moment: dt.datetime) -> dict[str, dt.date]:
    """Return on which London day TAB approved a new day for an issue of `plan`, by the issue's public id.

    Of the correction plans that are approved the last one counts for the issues that it names.
    """
    rows = decisions_at(moment).filter(matter__in=plan.corrections.values("matter"), effective_at__lte=moment)
    by_matter: dict[int, list[Decision]] = {}
    for row in rows.order_by("matter_id", "sequence"):
        by_matter.setdefault(row.matter_id, []).append(row)
    approvals = [held for held in by_matter.values() if held[-1].to_state == "APPROVED"]
    issues = {item.issue.reference: item.issue.public_id for item in plan.items.select_related("issue")}
    found: dict[str, dt.date] = {}
    for held in sorted(approvals, key=lambda each: (each[-1].decided_at, each[-1].pk)):
        presented = next((row for row in reversed(held) if row.outcome == "PRESENT"), None)
        for reference in (presented.data.get("due") if presented else None) or {}:
            if reference in issues:
                found[issues[reference]] = london_date(held[-1].decided_at)
    return found


def certificates_in_force() -> list[TestCompletionCertificate]:
    """Return the certificates that TAB may revoke with a correction plan: any in force, of whatever phase (15.2)."""
    rows = TestCompletionCertificate.objects.select_related("scope__release", "provider", "matter").order_by("number")
    return [each for each in rows if CertificateState(each.matter.state).is_in_force]


def revocable(matter: Matter) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return which certificates the statements of a correction plan's matter may name, those of its phase first."""
    held = sorted(certificates_in_force(), key=lambda each: (each.scope.public_id != matter.scope_id, each.number))
    return {"revoked": tuple((each.number, f"{each.number}: {each.provider}, {each.scope}") for each in held)}
