"""Deputies: named, confirmed or refused, ended."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.lib.text import plain_line
from svtad.parties.actions.recording import audit
from svtad.parties.actors import Actor
from svtad.parties.models import Deputyship, DeputyshipStep, DeputyStep, Membership, Person
from svtad.parties.policies import check_can_answer_deputyship, check_can_end_deputyship, check_can_name_deputy


@transaction.atomic
def name_deputy(
    *,
    membership: Membership,
    deputy: Person,
    starts_on: dt.date,
    ends_on: dt.date,
    reason: str,
    by: Actor,
    at: dt.datetime | None = None,
) -> Deputyship:
    """Name somebody who acts for a membership from one London day to another, both included; it waits to be confirmed.

    Raises ActionDenied, Refused for a membership that is over, and InvalidInput by field: the deputy is somebody else,
    who can sign in, and the days lie ahead, within the membership.
    """
    moment = at or now()
    check_can_name_deputy(by, membership)
    today = london_date(moment)
    if membership.ended_at is not None or (membership.ends_on is not None and membership.ends_on < today):
        raise Refused("", "This membership is over.")
    errors = []
    if deputy.pk == membership.person_id:
        errors.append(FieldError(None, "deputy", "Nobody is their own deputy."))
    elif not deputy.is_active or deputy.is_service_account:
        errors.append(FieldError(None, "deputy", "A deputy is somebody who can sign in."))
    if ends_on < starts_on:
        errors.append(FieldError(None, "ends_on", "This is before the first day."))
    elif ends_on < today:
        errors.append(FieldError(None, "ends_on", "This day is past."))
    elif membership.ends_on is not None and ends_on > membership.ends_on:
        errors.append(FieldError(None, "ends_on", f"The role itself ends on {membership.ends_on:%-d %B %Y}."))
    if starts_on < membership.starts_on:
        errors.append(FieldError(None, "starts_on", f"The role itself begins on {membership.starts_on:%-d %B %Y}."))
    if not reason.strip():
        errors.append(FieldError(None, "reason", "A reason is needed."))
    if errors:
        raise InvalidInput(errors)
    deputyship: Deputyship = Deputyship.objects.create(
        membership=membership,
        deputy=deputy,
        starts_on=starts_on,
        ends_on=ends_on,
        reason=plain_line(reason)[:200],
        named_by_id=by.person_pk,
        recorded_at=moment,
        recorded_by=by.label,
    )
    _audit("name_deputy", deputyship, by=by, at=moment, reason=deputyship.reason)
    return deputyship


@transaction.atomic
def answer_deputyship(
    *, deputyship: Deputyship, confirm: bool, by: Actor, reason: str = "", at: dt.datetime | None = None
) -> DeputyshipStep:
    """Confirm a deputyship, or refuse it with a reason.

    Raises ActionDenied, Refused where it was answered or ended already, or its last day is past, and InvalidInput for
    a refusal without a reason.
    """
    moment = at or now()
    held = _locked(deputyship)
    check_can_answer_deputyship(by, held, now=moment)
    if held.steps.exists():
        raise Refused("", "This deputyship was answered, or ended, already.")
    if held.ends_on < london_date(moment):
        raise Refused("", "Its last day is past.")
    if not confirm and not reason.strip():
        raise InvalidInput.one("reason", "A reason is needed.")
    step = DeputyStep.CONFIRMED if confirm else DeputyStep.REFUSED
    return _step(held, step, "confirm_deputy" if confirm else "refuse_deputy", reason=reason, by=by, at=moment)


@transaction.atomic
def end_deputyship(
    *, deputyship: Deputyship, by: Actor, reason: str = "", at: dt.datetime | None = None
) -> DeputyshipStep:
    """End a deputyship at once, or take it back before it was confirmed.

    Raises ActionDenied, and Refused where it is over.
    """
    moment = at or now()
    held = _locked(deputyship)
    check_can_end_deputyship(by, held, now=moment)
    if held.steps.exclude(step=DeputyStep.CONFIRMED).exists() or held.ends_on < london_date(moment):
        raise Refused("", "This deputyship is over.")
    return _step(held, DeputyStep.ENDED, "end_deputyship", reason=reason, by=by, at=moment)


def _locked(deputyship: Deputyship) -> Deputyship:
    """Return the row, locked: two answers at once are one answer and one refusal."""
    Deputyship.objects.select_for_update().get(pk=deputyship.pk)
    found: Deputyship = Deputyship.objects.with_names().get(pk=deputyship.pk)
    return found


def _step(
    deputyship: Deputyship, step: DeputyStep, action: str, *, reason: str, by: Actor, at: dt.datetime
) -> DeputyshipStep:
    made: DeputyshipStep = DeputyshipStep.objects.create(
        deputyship=deputyship, step=step, reason=plain_line(reason)[:200], recorded_at=at, recorded_by=by.label
    )
    _audit(action, deputyship, by=by, at=at, reason=made.reason)
    return made


def _audit(action: str, deputyship: Deputyship, *, by: Actor, at: dt.datetime, reason: str) -> None:
    audit(
        action,
        "Deputyship",
        deputyship.public_id,
        label=str(deputyship),
        by=by,
        at=at,
        deputy=deputyship.deputy.public_id,
        member=deputyship.membership.person.public_id,
        starts_on=deputyship.starts_on.isoformat(),
        ends_on=deputyship.ends_on.isoformat(),
        reason=reason,
    )
