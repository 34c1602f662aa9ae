"""Which Device Model Combinations of a phase are selected, at any moment, and by which matter not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from svtad.gates.models import DmcDeselection
from svtad.governance.models import Matter
from svtad.governance.queries.matters import decisions_at, states_at
from svtad.governance.queries.redacted import hidden_from
from svtad.parties.actors import Actor
from svtad.rulebook.vocabulary import DmcState
from testphases.models import TestScope

#: Before the DCC has decided (13.6).
_PROPOSED = frozenset({"PROPOSED", "TAG_CONSULTED"})
#: While a Supplier Party's referral is before the Secretary of State (13.7).
_REFERRED = frozenset({"REFERRED", "TESTING_CONTINUES", "TESTING_STOPPED"})


@dataclass(frozen=True)
class Standing:
    """How a DMC stands by its last de-selection: whether it is selected, and whether that is still before somebody."""

    deselection: DmcDeselection
    matter_state: str
    state: DmcState
    referral_open: bool
    sos_says_stop: bool

    is_redacted: bool = False

    @property
    def is_open(self) -> bool:
        """Whether the DCC has yet to decide, or a referral is open."""
        return self.matter_state in _PROPOSED or self.referral_open

    @property
    def is_decided(self) -> bool:
        """Whether the DCC has decided (13.6)."""
        return self.matter_state not in _PROPOSED

    @property
    def counts(self) -> bool:
        """Whether its planned tests are in the criteria (13.6 to 13.8)."""
        if self.state is not DmcState.DESELECTED:
            return True
        return self.referral_open and not self.sos_says_stop


def standing_of(scope: TestScope, *, moment: dt.datetime) -> dict[int, Standing]:
    """Return how each DMC of `scope` stood at `moment` by its last de-selection, by the DMC's primary key.

    A fixed number of queries.
    """
    rows = DmcDeselection.objects.filter(scope=scope, recorded_at__lte=moment).select_related("dmc", "matter", "issue")
    last = {row.dmc_id: row for row in rows.order_by("pk")}
    if not last:
        return {}
    matters = [row.matter_id for row in last.values()]
    states = states_at(Matter.objects.filter(pk__in=matters), moment)
    deselected = set(
        decisions_at(moment)
        .filter(matter__in=matters, outcome="DESELECT", effective_at__lte=moment)
        .values_list("matter_id", flat=True)
    )
    return {
        dmc: _standing(row, states[row.matter_id], was_deselected=row.matter_id in deselected)
        for dmc, row in last.items()
        if row.matter_id in states
    }


def standing_for(actor: Actor, scope: TestScope, *, moment: dt.datetime) -> dict[int, Standing]:
    """Return what `standing_of` does, as far as `actor` may read it.

    Who is given the matter redacted (13.5) learns of it what 13.6 tells: that the DCC decided, and on which DMC; not
    on which ground, and nothing before.
    """
    found = standing_of(scope, moment=moment)
    condition = hidden_from(actor)
    if condition is None or not found:
        return found
    asked = [each.deselection.matter_id for each in found.values()]
    hidden = set(Matter.objects.filter(condition, pk__in=asked).values_list("pk", flat=True))
    told = {}
    for dmc, each in found.items():
        is_hidden = each.deselection.matter_id in hidden
        if not (is_hidden and each.matter_state in _PROPOSED):
            told[dmc] = replace(each, is_redacted=is_hidden)
    return told


def _standing(row: DmcDeselection, state: str, *, was_deselected: bool) -> Standing:
    referred = state in _REFERRED
    stopped = state == "TESTING_STOPPED"
    gone = state in ("DESELECTED", "SOS_DESELECTED") or stopped or (referred and was_deselected)
    selected = DmcState.REINSTATED if state == "REINSTATED" else DmcState.SELECTED
    return Standing(
        deselection=row,
        matter_state=state,
        state=DmcState.DESELECTED if gone else selected,
        referral_open=referred,
        sos_says_stop=stopped,
    )
