"""Roles in organisations: given and ended."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actions.recording import audit
from svtad.parties.actors import Actor
from svtad.parties.models import Membership, Organisation, Person
from svtad.parties.policies import check_can_manage_people
from svtad.parties.roles import ROLES


@transaction.atomic
def add_membership(
    *,
    person: Person,
    organisation: Organisation,
    role: str,
    by: Actor,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
    at: dt.datetime | None = None,
) -> Membership:
    """Give a person a role in an organisation, from a London day (default: today) on.

    Raises ActionDenied, and InvalidInput where the organisation's kind does not have the role, the dates
    are the wrong way round, or the person holds the role there already.
    """
    moment = at or now()
    check_can_manage_people(by)
    first = starts_on or london_date(moment)
    errors = []
    known = ROLES.get(role)
    if known is None:
        errors.append(FieldError(None, "role", f"Known: {', '.join(ROLES)}."))
    elif organisation.kind not in known.organisations:
        errors.append(FieldError(None, "role", f"{known.title} is no role of {organisation.name}."))
    if ends_on is not None and ends_on < first:
        errors.append(FieldError(None, "ends_on", "This is before the first day."))
    held = Membership.objects.filter(person=person, organisation=organisation, role=role, ended_at__isnull=True)
    if not errors and held.held_on(first).exists():
        errors.append(FieldError(None, "role", f"{person.name} holds this role in {organisation.name} already."))
    if errors:
        raise InvalidInput(errors)
    membership = Membership.objects.create(
        person=person, organisation=organisation, role=role, starts_on=first, ends_on=ends_on, recorded_at=moment
    )
    audit("add_membership", "Membership", membership.public_id, label=str(membership), by=by, at=moment, role=role)
    return membership


@transaction.atomic
def end_membership(
    *, membership: Membership, by: Actor, ends_on: dt.date | None = None, at: dt.datetime | None = None
) -> Membership:
    """End a membership: with the London day `ends_on`, or (default) at once, in the middle of today.

    Raises ActionDenied, Refused where it is over already, InvalidInput for a day before its first.
    """
    moment = at or now()
    check_can_manage_people(by)
    today = london_date(moment)
    if membership.ended_at is not None or (membership.ends_on is not None and membership.ends_on < today):
        raise Refused("", "This membership is over already.")
    if ends_on is None:
        membership.ended_at = moment
    last = ends_on or max(today, membership.starts_on)
    if last < membership.starts_on:
        raise InvalidInput.one("ends_on", "This is before the first day.")
    membership.ends_on = last
    membership.save(update_fields=["ends_on", "ended_at"])
    audit("end_membership", "Membership", membership.public_id, label=str(membership), by=by, at=moment, ends=str(last))
    return membership
