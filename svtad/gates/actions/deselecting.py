"""De-selection of Device Model Combinations from testing in SIT (13.5 to 13.9)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues.models import TestingIssue
from svtad.devices.models import DeviceModelCombination
from svtad.gates import policies
from svtad.gates.actions.recording import audit, one_at_a_time, tell
from svtad.gates.models import DmcDeselection
from svtad.gates.queries.deselections import standing_of
from svtad.governance.actions import audience_for_document, open_matter
from svtad.governance.models import Decision, Matter
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import DmcState
from testphases.models import PlannedTest, TestScope

CLAUSE = "SVTAD 13.5"


@transaction.atomic
def propose_deselection(
    *,
    scope: TestScope,
    dmc: DeviceModelCombination,
    by: Actor,
    issue: TestingIssue | None = None,
    rationale: str = "",
    at: dt.datetime | None = None,
) -> DmcDeselection:
    """Propose that a DMC be de-selected: for a Testing Issue (13.5(a)), or, without one, as it cannot be had (13.5(b)).

    It is selected still, until the DCC has consulted TAG and decided. Raises ActionDenied; InvalidInput for a DMC that
    no test of the phase is planned on, or an issue that is closed; and Refused in another phase than SIT, and where
    one is proposed already or the DMC is de-selected.
    """
    moment = at or clock.now()
    policies.check_can_propose(by, scope, clause=CLAUSE, what="propose to de-select a DMC")
    if scope.kind != "SIT":
        raise Refused(CLAUSE, f"DMCs are selected for SIT, and de-selected from it: {scope} is {scope.kind}.")
    one_at_a_time(scope=scope)
    if not PlannedTest.objects.filter(scope=scope, dmc=dmc).exists():
        raise InvalidInput.one("dmc", f"No test of {scope} is planned on {dmc}.")
    if issue is not None and not TestingIssue.objects.open().filter(pk=issue.pk).exists():
        raise InvalidInput.one("issue", f"{issue.reference} is closed: 13.5(a) is about one that is to be resolved.")
    held = standing_of(scope, moment=moment).get(dmc.pk)
    if held is not None and held.is_open:
        raise Refused(CLAUSE, f"{held.deselection.matter.reference} about {dmc} is open already.")
    if held is not None and held.state is DmcState.DESELECTED:
        raise Refused(CLAUSE, f"{dmc} is de-selected by {held.deselection.matter.reference}.")
    audience = policies.paper_audience()
    version = scope.governed_by
    ground = f"for {issue.reference}" if issue else "as it cannot be obtained"
    matter = open_matter(
        procedure="DMC_DESELECTION",
        document=version.document.code,
        version=version.version,
        title=f"De-selection of {dmc} in {scope}, {ground}",
        rationale=rationale,
        scope_id=scope.public_id,
        audience=audience,
        is_synthetic=scope.is_synthetic,
        by=by,
        at=moment,
    )
    made: DmcDeselection = DmcDeselection.objects.create(
        scope=scope, dmc=dmc, issue=issue, matter=matter, recorded_at=moment
    )
    audit(
        scope=scope,
        action="propose_deselection",
        subject=made,
        audience=audience_for_document(matter),
        by=by,
        at=moment,
        clause=CLAUSE,
        detail={"matter": matter.reference, "dmc": dmc.reference, "issue": issue.reference if issue else ""},
    )
    return made


@transaction.atomic
def settle_deselection(*, matter: Matter, decision: Decision, at: dt.datetime) -> None:
    """Have the phase judged anew; hold the consultation of TAG to the ground that was proposed (13.5(a), (b)).

    The planned tests of the DMC leave and re-enter the criteria by the decisions alone: no test is touched, so that
    those not executed stand in the way again once it is reinstated (13.8). Raises Refused.
    """
    made = DmcDeselection.objects.select_related("scope__release", "dmc").filter(matter=matter).first()
    if made is None:
        raise Refused(CLAUSE, "No DMC was named for this matter: propose it from the DMCs of its Test Phase.")
    if decision.outcome == "CONSULT_ON_ISSUE" and made.issue_id is None:
        raise Refused("SVTAD 13.5(a)", "It was proposed without a Testing Issue: that is the ground of 13.5(b).")
    if decision.outcome == "CONSULT_ON_SUPPLY" and made.issue_id is not None:
        raise Refused("SVTAD 13.5(b)", "It was proposed for a Testing Issue: that is the ground of 13.5(a).")
    tell(scope=made.scope, at=at, followers=True)
