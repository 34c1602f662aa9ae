"""Bodies are asked for their views, and give them or do not."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.models import Matter, StoredFile, View, ViewRequest
from svtad.governance.policies import check_can_ask_view, check_can_give_view
from svtad.governance.queries.matters import round_of
from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.rulebook.procedures import Consultation, Procedure, procedure


def ask_views_due(*, matter: Matter, rules: Procedure, by: Actor, at: dt.datetime) -> None:
    """Ask every body that shall be consulted in the matter's state and was not asked in this round."""
    due = [each for each in rules.consultations_in(matter.state) if each.duty == "shall"]
    if not due:
        return
    begun = round_of(matter, rules)
    asked = set(ViewRequest.objects.filter(matter=matter, round=begun).values_list("body", flat=True))
    for each in due:
        if each.body not in asked:
            _ask(matter, each, begun=begun, respond_by=None, by=by, at=at)


@transaction.atomic
def ask_view(
    *, matter: Matter, body: str, by: Actor, respond_by: dt.date | None = None, at: dt.datetime | None = None
) -> ViewRequest:
    """Ask a body (again) for its view, by a London day or without one; return the request.

    Raises ActionDenied, Refused where the procedure consults no such body in the matter's state, and InvalidInput for
    a day that is past.
    """
    moment = at or now()
    held = Matter.objects.select_for_update().get(pk=matter.pk)
    rules = procedure(held.procedure)
    check_can_ask_view(by, held)
    wanted = next((each for each in rules.consultations_in(held.state) if each.body == body), None)
    if wanted is None:
        raise Refused(rules.clause, f"{rules.title} consults no {body} while it is {held.state}.")
    if respond_by is not None and respond_by < london_date(moment):
        raise InvalidInput.one("respond_by", "This day is past.")
    return _ask(held, wanted, begun=round_of(held, rules), respond_by=respond_by, by=by, at=moment)


def _ask(
    matter: Matter, wanted: Consultation, *, begun: int, respond_by: dt.date | None, by: Actor, at: dt.datetime
) -> ViewRequest:
    request: ViewRequest = ViewRequest.objects.create(
        matter=matter,
        body=wanted.body,
        clause=wanted.clause,
        what=wanted.what[:300],
        round=begun,
        respond_by=respond_by,
        asked_at=at,
        recorded_at=at,
        recorded_by=by.label,
    )
    detail = {"body": wanted.body, "respond_by": respond_by.isoformat() if respond_by else ""}
    _audit(matter, "ask_view", wanted.clause, detail=detail, by=by, at=at)
    return request


@transaction.atomic
def record_view(
    *,
    request: ViewRequest,
    by: Actor,
    text: str = "",
    is_none: bool = False,
    is_remark: bool = False,
    given_by: str = "",
    given_at: dt.datetime | None = None,
    document: StoredFile | None = None,
    at: dt.datetime | None = None,
) -> View:
    """Record what a body said, or that it gave no view by the date; a later record takes the place of an earlier.

    `given_by` says who gave it for the body, by default whoever records it. `is_remark` records what a member said for
    themselves: it stands beside the view of the body, fulfils no consultation, and takes nothing's place.

    Raises ActionDenied; Refused where no date was set, or it is not past, and no view is to be recorded;
    InvalidInput without a view, or for one given before it was asked for or in the future.
    """
    moment = at or now()
    matter = Matter.objects.select_for_update().get(pk=request.matter_id)
    check_can_give_view(by, matter, body=request.body, is_remark=is_remark)
    given = given_at or moment
    errors = []
    if not is_none and not text.strip():
        errors.append(FieldError(None, "text", "Say what the view is, or that none was given."))
    if is_none and is_remark:
        errors.append(FieldError(None, "is_remark", "A remark says something."))
    if given > moment:
        errors.append(FieldError(None, "given_at", "This is later than the moment it is recorded."))
    if given < request.asked_at:
        errors.append(FieldError(None, "given_at", "This is before it was asked for."))
    if errors:
        raise InvalidInput(errors)
    if is_none and (request.respond_by is None or london_date(moment) <= request.respond_by):
        raise Refused(request.clause, "No view by a date can be recorded only once the date set for it is past.")
    view: View = View.objects.create(
        request=request,
        text=text.strip(),
        is_none=is_none,
        is_remark=is_remark,
        given_by="" if is_none else (given_by.strip() or by.label)[:200],
        document=document,
        given_at=given,
        recorded_at=moment,
        recorded_by=by.label,
    )
    detail = {
        "body": request.body,
        "view": view.public_id,
        "none": is_none,
        "remark": is_remark,
        "given_by": view.given_by,
    }
    _audit(matter, "record_view", request.clause, detail=detail, by=by, at=moment)
    return view


def _audit(matter: Matter, action: str, clause: str, *, detail: dict[str, Any], by: Actor, at: dt.datetime) -> None:
    record(
        by=by,
        at=at,
        action=action,
        clause=clause,
        subject_kind="Matter",
        subject_id=matter.public_id,
        subject_label=str(matter),
        scope_id=matter.scope_id,
        audience_id=matter.audience_id,
        detail=detail,
    )
