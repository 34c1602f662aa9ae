"""What the Panel determined of a phase, and whatever else was determined of it against the computed result."""

from __future__ import annotations

import datetime as dt

from django.db.models import Q

from svtad.governance.models import Decision, Matter
from svtad.governance.queries.matters import decisions_at
from svtad.parties.actors import Actor
from testphases.models import TestScope

#: What the Panel says of the completion of SIT (13.16).
_OF_COMPLETION = Q(matter__procedure="SIT_COMPLETION", outcome__in=("CONFIRM", "NOT_MET"))


def determinations_of(scope: TestScope, actor: Actor, *, moment: dt.datetime) -> list[Decision]:
    """Return what stood at `moment` of the phase's matters, as far as `actor` sees them: one of each matter, the last.

    Those are the Panel's determination whether SIT is complete, since a phase may be complete by it whatever its
    criteria say, and any determination against the computed result (rule 16). Two queries.
    """
    matters = Matter.objects.visible_to(actor).filter(scope_id=scope.public_id)
    rows = decisions_at(moment).filter(_OF_COMPLETION | Q(against_computed=True), matter__in=matters)
    last: dict[int, Decision] = {}
    for each in rows.select_related("matter").order_by("matter_id", "sequence"):
        last[each.matter_id] = each
    return list(last.values())
