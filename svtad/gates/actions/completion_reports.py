"""SIT's Completion Report on its way to TAB, TAG and the Panel: what has to be there before it (9.7, 19.5)."""

from __future__ import annotations

import datetime as dt

from svtad.gates.actions.recording import one_at_a_time
from svtad.gates.queries.evidence import standing_evidence, states_of
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import Refused
from svtad.parties.models import OrganisationKind
from svtad.rulebook.vocabulary import EvidenceKind, EvidenceState
from testphases.models import TestScope
from testphases.queries import participants

_APPROVED = (EvidenceState.APPROVED, EvidenceState.SHARED_WITH_TAG)


def settle_completion_report(*, matter: Matter, decision: Decision, at: dt.datetime) -> None:
    """Hold the steps of the report to what the text has go before them. Raises Refused.

    To TAB and to TAG it goes with the SIT Auditor's final report (19.5, 9.7); to TAG only once TAB has approved the
    assurance report (9.7), and with the report of 9.4 of each DCC Service Provider in it.
    """
    if decision.outcome not in ("PRESENT_TO_TAB", "PROVIDE_TO_TAG"):
        return
    scope = TestScope.objects.select_related("release").filter(public_id=matter.scope_id).first()
    if scope is None:
        raise Refused("SVTAD 9.7", "This matter names no Test Phase.")
    one_at_a_time(scope=scope)
    items = standing_evidence(scope, at)
    states = states_of(items)
    held = {(item.kind, item.provider_id): states[item.pk] for item in items}
    clause = "SVTAD 19.5" if decision.outcome == "PRESENT_TO_TAB" else "SVTAD 9.7"
    if held.get((EvidenceKind.SIT_AUDIT_REPORT, None)) != EvidenceState.FINAL:
        raise Refused(clause, f"The SIT Auditor's final report on {scope.name} goes with it: attach it first.")
    if decision.outcome == "PRESENT_TO_TAB":
        return
    if held.get((EvidenceKind.ASSURANCE_REPORT, None)) not in _APPROVED:
        raise Refused(clause, f"TAB has not approved the assurance report on {scope.name} (9.6).")
    owing = participants(scope, None).exclude(kind=OrganisationKind.DCC).order_by("name")
    lacking = [
        str(each) for each in owing if held.get((EvidenceKind.PROVIDER_REPORT, each.pk)) != EvidenceState.ACCEPTED
    ]
    if lacking:
        raise Refused(clause, f"No report under 9.4 is accepted from {', '.join(lacking)}.")
