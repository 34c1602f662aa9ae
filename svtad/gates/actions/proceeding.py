"""Entry: the approval to proceed (12.5(e)), and matters that entry waits for (5.7, 12.3)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.gates import policies
from svtad.gates.actions.recording import audit, one_at_a_time, tell
from svtad.gates.models import ApprovalToProceed
from svtad.governance.actions import open_matter
from svtad.governance.models import Decision, Matter
from svtad.lib import clock
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor
from testphases.models import TestScope

CLAUSE = "SVTAD 12.5(e)"


@transaction.atomic
def request_approval_to_proceed(*, scope: TestScope, by: Actor, at: dt.datetime | None = None) -> ApprovalToProceed:
    """Draft the approval to proceed certificate of a phase; the DCC then issues it by a decision.

    Refused unless 12.5(a) to (d), and where it applies the gate of 12.3, are met now. One that was drafted before
    is returned. Raises ActionDenied and Refused.
    """
    moment = at or clock.now()
    policies.check_can_propose(by, scope, clause=CLAUSE, what="draft an approval to proceed")
    one_at_a_time(scope=scope)
    policies.check_may_proceed(scope)
    held: ApprovalToProceed | None = ApprovalToProceed.objects.filter(scope=scope).first()
    if held is not None:
        return held
    audience = policies.paper_audience()
    version = scope.governed_by
    matter = open_matter(
        procedure="APPROVAL_TO_PROCEED",
        document=version.document.code,
        version=version.version,
        title=f"Approval to proceed with {scope}",
        scope_id=scope.public_id,
        audience=audience,
        is_synthetic=scope.is_synthetic,
        by=by,
        at=moment,
    )
    approval = ApprovalToProceed.objects.create(scope=scope, matter=matter, recorded_at=moment)
    audit(
        scope=scope,
        action="request_approval_to_proceed",
        subject=approval,
        audience=audience,
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={"matter": matter.reference},
    )
    tell(scope=scope, at=moment)
    return approval


@transaction.atomic
def settle_approval(*, matter: Matter, decision: Decision, at: dt.datetime) -> None:
    """Let the approval be issued only while 12.5(a) to (d) are met. Raises Refused."""
    approval = ApprovalToProceed.objects.select_related("scope__release").filter(matter=matter).first()
    if approval is None:
        raise Refused(CLAUSE, "No approval was drafted for this matter: draft it from its Test Phase.")
    if decision.outcome == "ISSUE":
        policies.check_may_proceed(approval.scope)
    tell(scope=approval.scope, at=at)


@transaction.atomic
def settle_entry_matter(*, matter: Matter, at: dt.datetime) -> None:
    """Have the phase judged anew that an overlap (5.7) or an approach document (12.3) concerns, and those after it."""
    scope = TestScope.objects.select_related("release").filter(public_id=matter.scope_id).first()
    if scope is not None:
        tell(scope=scope, at=at, followers=True)
