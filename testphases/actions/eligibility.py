"""Eligibility Testing of a Party in a User Role, as the DCC records it (13.25)."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.audit.actions import record
from svtad.lib import clock
from svtad.lib.errors import InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Organisation
from svtad.rulebook.editions import EDITIONS
from svtad.rulebook.vocabulary import EligibilityState
from testphases import policies
from testphases.actions.scopes import facts_changed
from testphases.models import Eligibility, EligibilityChange, TestScope
from testphases.models.eligibility import PARTY_KINDS
from testphases.models.scopes import ScopeState

CLAUSE = "SVTAD 13.25"
#: What may follow what; every other step is refused.
TRANSITIONS: dict[str, tuple[str, ...]] = {
    EligibilityState.NOT_STARTED: (EligibilityState.IN_PROGRESS,),
    EligibilityState.IN_PROGRESS: (EligibilityState.COMPLETE,),
    EligibilityState.COMPLETE: (),
}


@transaction.atomic
def enter_eligibility(
    *, organisation: Organisation, role: str, by: Actor, at: dt.datetime | None = None
) -> Eligibility:
    """Enter that a Party is to undertake Eligibility Testing in a User Role: it has not started. Twice is once.

    Raises ActionDenied, and InvalidInput by field.
    """
    at = at or clock.now()
    policies.check_can_record_eligibility(by)
    role = " ".join(role.split())
    if organisation.kind not in PARTY_KINDS:
        raise InvalidInput.one("organisation", f"{organisation} is no Party that undertakes Eligibility Testing.")
    if not role:
        raise InvalidInput.one("role", "Name the User Role.")
    if len(role) > 60:
        raise InvalidInput.one("role", "At most 60 characters.")
    list(Organisation.objects.select_for_update(no_key=True).filter(pk=organisation.pk).values_list("pk"))
    held: Eligibility | None = Eligibility.objects.filter(organisation=organisation, role__iexact=role).first()
    if held is not None:
        return held
    made: Eligibility = Eligibility.objects.create(organisation=organisation, role=role, recorded_at=at)
    EligibilityChange.objects.create(
        eligibility=made,
        to_state=EligibilityState.NOT_STARTED,
        occurred_at=at,
        recorded_at=at,
        recorded_by=by.label,
    )
    _audit(made, "enter_eligibility", by=by, at=at, detail={"role": role})
    return made


@transaction.atomic
def move_eligibility(
    *,
    eligibility: Eligibility,
    to_state: str,
    by: Actor,
    basis: str = "",
    occurred_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> EligibilityChange:
    """Record that a Party started, or successfully completed, Eligibility Testing in a User Role.

    `basis` says what shows it, and is needed for completion: a Party that completed it may have its issues of
    severity 4 and 5 presented (13.23(b)), so every Interface Testing that is open is judged anew. Raises ActionDenied,
    InvalidInput, and Refused for any other step.
    """
    at = at or clock.now()
    policies.check_can_record_eligibility(by)
    fresh = Eligibility.objects.select_for_update(of=("self",)).select_related("organisation").get(pk=eligibility.pk)
    if to_state not in TRANSITIONS[fresh.state]:
        following = ", ".join(_words(state) for state in TRANSITIONS[fresh.state]) or "nothing further"
        raise Refused(CLAUSE, f"{fresh} is {_words(fresh.state)}: it may go to {following}, not to {_words(to_state)}.")
    if to_state == EligibilityState.COMPLETE and not basis.strip():
        raise InvalidInput.one("basis", "State what shows that it was completed successfully.")
    if len(basis) > 400:
        raise InvalidInput.one("basis", "At most 400 characters.")
    if occurred_at is not None and occurred_at > at:
        raise InvalidInput.one("occurred_at", "This is later than the moment it is recorded.")
    change = EligibilityChange.objects.create(
        eligibility=fresh,
        from_state=fresh.state,
        to_state=to_state,
        basis=basis.strip(),
        occurred_at=occurred_at or at,
        recorded_at=at,
        recorded_by=by.label,
    )
    fresh.state = to_state
    fresh.save(update_fields=["state"])
    eligibility.state = to_state
    _audit(fresh, "move_eligibility", by=by, at=at, detail={"role": fresh.role, "to": to_state, "basis": basis})
    if to_state == EligibilityState.COMPLETE:
        presented = {kind.key for edition in EDITIONS for kind in edition.phase_kinds if kind.presented}
        for scope in TestScope.objects.filter(kind__in=presented).exclude(state=ScopeState.COMPLETE):
            facts_changed(scope=scope, at=at)
    return change


def _words(state: str) -> str:
    return state.replace("_", " ").lower()


def _audit(eligibility: Eligibility, action: str, *, by: Actor, at: dt.datetime, detail: dict[str, str]) -> None:
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="Eligibility",
        subject_id=eligibility.public_id,
        subject_label=str(eligibility),
        audience_id=audience_of(*GOVERNANCE, org_key(eligibility.organisation)).pk,
        clause=CLAUSE,
        detail=detail,
    )
