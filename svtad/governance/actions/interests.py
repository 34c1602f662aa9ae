"""Conflicts of interest: declared, and withdrawn by a later row."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.models import AgendaItem, Interest, Matter
from svtad.governance.policies import check_can_declare_interest, check_sees_matter
from svtad.governance.queries.meetings import is_withdrawn, keys_of
from svtad.lib.clock import now
from svtad.lib.errors import ActionDenied, FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of, org_key
from svtad.parties.models import Audience, Organisation, Person


@transaction.atomic
def declare_interest(
    *,
    text: str,
    by: Actor,
    matter: Matter | None = None,
    item: AgendaItem | None = None,
    person: Person | None = None,
    organisation: Organisation | None = None,
    name: str = "",
    declared_at: dt.datetime | None = None,
    at: dt.datetime | None = None,
) -> Interest:
    """Declare somebody's conflict of interest in a matter, or in an item of an agenda (its matter, where it has one).

    Of a person, of an organisation, or of somebody without an account by `name`. Those who govern see it, and the
    organisation that declares it; no other party does. Raises ActionDenied, and InvalidInput by field.
    """
    moment = at or now()
    about, audience = _about(matter, item, by=by)
    check_can_declare_interest(by, person=person, organisation=organisation)
    declared = declared_at or moment
    who = person.name if person else organisation.name if organisation else plain_line(name)
    errors = []
    if sum((person is not None, organisation is not None, bool(plain_line(name)))) != 1:
        errors.append(FieldError(None, "name", "Name one person or one organisation."))
    if not text.strip():
        errors.append(FieldError(None, "text", "Say what the interest is."))
    if declared > moment:
        errors.append(FieldError(None, "declared_at", "This is later than the moment it is recorded."))
    if errors:
        raise InvalidInput(errors)
    interest: Interest = Interest.objects.create(
        matter=about,
        item=None if about else item,
        person=person,
        organisation=organisation,
        name=who[:200],
        text=text.strip(),
        audience=_for_eyes(about, audience, own=_own_keys(by, person=person, organisation=organisation)),
        declared_at=declared,
        recorded_at=moment,
        recorded_by=by.label,
    )
    _audit(interest, "declare_interest", by=by, at=moment)
    return interest


@transaction.atomic
def withdraw_interest(*, interest: Interest, reason: str, by: Actor, at: dt.datetime | None = None) -> Interest:
    """Withdraw a declared interest, by a row that says why; what was declared stays as it was.

    Raises ActionDenied, Refused where it was withdrawn already, and InvalidInput without a reason.
    """
    moment = at or now()
    if not Interest.objects.visible_to(by).filter(pk=interest.pk).exists():
        raise ActionDenied("", "There is no such declaration among those you may see.")
    check_can_declare_interest(by, person=interest.person, organisation=interest.organisation)
    held = Interest.objects.select_for_update().get(pk=interest.pk)
    if held.withdraws_id is not None or is_withdrawn(held):
        raise Refused("", "This declaration was withdrawn already.")
    if not reason.strip():
        raise InvalidInput.one("reason", "Say why it is withdrawn.")
    row: Interest = Interest.objects.create(
        matter=held.matter,
        item=held.item,
        person=held.person,
        organisation=held.organisation,
        name=held.name,
        text=reason.strip(),
        withdraws=held,
        audience=held.audience,
        declared_at=moment,
        recorded_at=moment,
        recorded_by=by.label,
    )
    _audit(row, "withdraw_interest", by=by, at=moment)
    return row


def _about(matter: Matter | None, item: AgendaItem | None, *, by: Actor) -> tuple[Matter | None, Audience]:
    """Return the matter that it is about (None for an item that is none) and who sees what it is about.

    Raises InvalidInput where not just one of the two is named, ActionDenied where `by` does not see it.
    """
    if item is not None and matter is None:
        if not AgendaItem.objects.visible_to(by).filter(pk=item.pk).exists():
            raise ActionDenied("", "There is no such item among those you may see.")
        if item.matter is None:
            return None, item.meeting.audience
        matter = item.matter
    elif matter is None or item is not None:
        raise InvalidInput.one("matter", "Name a matter, or an item of an agenda.")
    check_sees_matter(by, matter)
    return matter, matter.audience


def _for_eyes(matter: Matter | None, audience: Audience, *, own: frozenset[str]) -> Audience:
    """Return those who govern, as far as they see the matter, and the declarer's own organisation where that does."""
    if matter is None:
        return audience
    keys = keys_of(audience)
    governing = frozenset(GOVERNANCE) if "public" in keys else keys & frozenset(GOVERNANCE)
    return audience_of(*governing, *(own & keys))


def _own_keys(by: Actor, *, person: Person | None, organisation: Organisation | None) -> frozenset[str]:
    """Return the keys of whoever declares it: of the organisation, or of those of a person who does it themselves."""
    if organisation is not None:
        return frozenset({org_key(organisation)})
    if person is not None and person.pk == by.person_pk:
        return frozenset(key for key in by.audience_keys if key.startswith("org:"))
    return frozenset()


def _audit(interest: Interest, action: str, *, by: Actor, at: dt.datetime) -> None:
    about = interest.matter or interest.item
    record(
        by=by,
        at=at,
        action=action,
        subject_kind="Matter" if interest.matter else "AgendaItem",
        subject_id=about.public_id if about else "",
        subject_label=str(about),
        scope_id=interest.matter.scope_id if interest.matter else "",
        audience_id=interest.audience_id,
        detail={"interest": interest.public_id, "name": interest.name, "text": interest.text[:1000]},
    )
