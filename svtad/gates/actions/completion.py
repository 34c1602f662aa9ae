"""The Panel's determination that SIT is complete (13.15, 13.16): recorded, never stopped but by 14.5."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.gates import policies
from svtad.gates.actions.recording import one_at_a_time, tell
from svtad.gates.queries.rounds import criteria_named
from svtad.governance.models import Decision, Matter
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor, system_actor
from testphases.actions import move_scope
from testphases.models import TestScope
from testphases.models.scopes import ScopeState as S

#: From each state in which the Panel's confirmation can find a phase, the way to COMPLETE. A phase that the
#: product does not know to have started is not moved: the determination stands in its matter.
_WAY: dict[str, tuple[str, ...]] = {
    S.SUSPENDED: (S.IN_PROGRESS, S.EXIT_PROPOSED, S.EXIT_ASSESSED, S.COMPLETE),
    S.IN_PROGRESS: (S.EXIT_PROPOSED, S.EXIT_ASSESSED, S.COMPLETE),
    S.EXIT_PROPOSED: (S.EXIT_ASSESSED, S.COMPLETE),
    S.EXIT_ASSESSED: (S.COMPLETE,),
}


@transaction.atomic
def settle_sit_completion(*, matter: Matter, decision: Decision, by: Actor, at: dt.datetime) -> None:
    """Give the Panel's determination its effect: a confirmation completes the phase, "not met" lets it go on.

    A "not met" of a phase that a confirmation completed moves nothing, since no listed move leads out of COMPLETE and
    what was done on it cannot be undone silently: the phase is marked as contradicted (`queries.contradicted`).
    Against the computed result it is recorded if it is marked so, with reasons; a pending severity dispute that
    could change the result refuses it (14.5). Raises Refused.
    """
    scope = TestScope.objects.select_related("release").filter(public_id=matter.scope_id).first()
    if scope is None:
        raise Refused("SVTAD 13.15", "This matter names no Test Phase.")
    # What another body decides of the phase meanwhile is waited for, and seen: a revocation, a certificate.
    one_at_a_time(scope=scope)
    _check_criteria(matter, decision)
    if decision.outcome in ("CONFIRM", "NOT_MET"):
        confirms = decision.outcome == "CONFIRM"
        policies.check_panel_may_determine(scope, confirms=confirms, against_computed=decision.against_computed)
        way = _WAY.get(scope.state, ()) if confirms else ()
        if not confirms and scope.state == S.EXIT_ASSESSED:
            way = (S.IN_PROGRESS,)
        # The registrar records what the Panel did; that the phase moves is the effect of it, and the product's.
        product = system_actor(f"{by.label}, recording the Panel")
        for state in way:
            move_scope(
                scope=scope,
                to_state=state,
                by=product,
                reason=f"{matter.reference}: the Panel's determination (13.16)",
                occurred_at=decision.decided_at,
                at=at,
            )
    tell(scope=scope, at=at, followers=True)


def _check_criteria(matter: Matter, decision: Decision) -> None:
    """Raise InvalidInput where TAG's views or the Panel's "not met" name what is no Exit Criterion of the edition."""
    known = {name for name, _ in criteria_named(matter)["criteria"]}
    named = {"REVIEW_WITH_TAG": "views", "NOT_MET": "criteria"}.get(decision.outcome)
    if named is None or not known:
        return
    wrong = [name for name in decision.data.get(named) or () if name not in known]
    if wrong:
        listed = ", ".join(sorted(known))
        raise InvalidInput(
            [
                FieldError(None, f"{named} {name}", f"No Exit Criterion of that name; there are: {listed}.")
                for name in wrong
            ]
        )
