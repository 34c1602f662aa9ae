"""The life of a Capability Release: planned, in test, ready, live (7.2, 9.8)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.audit.actions import record
from svtad.lib import clock
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.rulebook.release import TRANSITIONS
from svtad.rulebook.vocabulary import ReleaseState
from testphases import policies
from testphases.models import CapabilityRelease, ReleaseStateChange, TestScope
from testphases.models.scopes import ScopeState

_CLAUSES = {ReleaseState.LIVE: "SVTAD 9.8"}


@transaction.atomic
def move_release(
    *,
    release: CapabilityRelease,
    to_state: str,
    by: Actor,
    reason: str = "",
    occurred_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> ReleaseStateChange:
    """Move a release on. What it is judged by (7.2, 7.3, 9.8) is kept with the move.

    Raises ActionDenied; Refused for a step that is not listed, for IN_TEST while no phase of it has started, and where
    what READY or LIVE asks for is not met.
    """
    at = at or clock.now()
    policies.check_can_manage_phases(by)
    fresh = CapabilityRelease.objects.select_for_update(of=("self",)).select_related("programme").get(pk=release.pk)
    following = TRANSITIONS[ReleaseState(fresh.state)]
    if to_state not in following:
        allowed = ", ".join(_words(state) for state in following) or "nothing further"
        raise Refused(
            "SVTAD 7.2", f"From “{_words(fresh.state)}” {fresh} may go to: {allowed}. Not to “{_words(to_state)}”."
        )
    target = ReleaseState(to_state)
    if target is ReleaseState.IN_TEST:
        waiting = (ScopeState.PLANNED, ScopeState.ENTRY_ASSESSED)
        if not TestScope.objects.filter(release=fresh).exclude(state__in=waiting).exists():
            raise Refused("SVTAD 7.2", f"No Test Phase of {fresh} has started.")
    basis = policies.judged_for_move(fresh, target)
    change = ReleaseStateChange.objects.create(
        release=fresh,
        from_state=fresh.state,
        to_state=to_state,
        reason=reason,
        facts=basis.facts,
        facts_sha256=basis.facts_sha256,
        findings=basis.findings,
        occurred_at=occurred_at or at,
        recorded_at=at,
        recorded_by=by.label,
    )
    fresh.state = to_state
    fresh.save(update_fields=["state"])
    release.state = to_state
    record(
        by=by,
        at=at,
        action="move_release",
        subject_kind="capability_release",
        subject_id=fresh.public_id,
        subject_label=str(fresh),
        audience_id=audience_of(*GOVERNANCE).pk,
        clause=_CLAUSES.get(target, "SVTAD 7.2"),
        detail={"to": to_state, "reason": reason, "facts_sha256": basis.facts_sha256},
    )
    return change


def _words(state: str) -> str:
    return state.replace("_", " ").capitalize()
