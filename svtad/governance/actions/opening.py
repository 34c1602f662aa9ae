"""Putting something before a body: what the procedure wants of whoever opens a matter, and by when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from svtad.audit.actions import record
from svtad.governance.actions.consulting import ask_views_due
from svtad.governance.actions.deadlines import met_on_opening
from svtad.governance.actions.given import lacks
from svtad.governance.actions.references import next_reference
from svtad.governance.actions.telling import queue_due_notices
from svtad.governance.calendar import last_day_of_window
from svtad.governance.models import Matter, StoredFile
from svtad.governance.policies import check_can_open_matter
from svtad.lib.clock import london_date, now
from svtad.lib.errors import FieldError, InvalidInput, Refused
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from svtad.rulebook.procedures import Procedure, procedure


@transaction.atomic
def open_matter(
    *,
    procedure: str,
    document: str,
    version: str,
    title: str,
    audience: Audience,
    by: Actor,
    rationale: str = "",
    data: Mapping[str, Any] | None = None,
    attachment: StoredFile | None = None,
    received_on: dt.date | None = None,
    scope_id: str = "",
    at: dt.datetime | None = None,
    opened_at: dt.datetime | None = None,
    proposer: str = "DCC",
    raised_by: str = "",
    is_synthetic: bool = False,
) -> Matter:
    """Put something before a body under a procedure of the rulebook, and return the matter.

    `procedure` is the rulebook's key. `raised_by` is the code of the organisation that brings it, where that is not
    the DCC: its matters have numbers of their own, so that none tells it how many another has brought.

    What the procedure wants at opening is kept with the matter: the reasons in `rationale`, its other statements in
    `data` by their keys (a date as an ISO string), its document as `attachment`. Where the clause gives a window for
    opening it that runs from a receipt, `received_on` is the London day of that.

    Raises ActionDenied; InvalidInput by field for an unknown procedure, another document than the procedure's, and
    whatever it wants and was not given, or was given and is not wanted; and Refused after the window.
    """
    moment = at or now()
    rules = known_procedure(procedure)
    check_can_open_matter(by, rules)
    opened = opened_at or moment
    said = {key: value for key, value in (data or {}).items() if value not in (None, "")}
    errors = []
    if (document, version) != (rules.document, rules.version):
        errors.append(
            FieldError(None, "version", f"{rules.title} is a procedure of {rules.document} v{rules.version}.")
        )
    if not title.strip():
        errors.append(FieldError(None, "title", "A title is needed."))
    errors += lacks(rules.opens_with, rationale=rationale, data=said, document=attachment, clause=rules.clause)
    errors += _not_wanted(rules, said)
    if opened > moment:
        errors.append(FieldError(None, "opened_at", "This is later than the moment it is recorded."))
    errors += _wrong_receipt(rules, received_on, opened=opened)
    if errors:
        raise InvalidInput(errors)
    last_day = _checked_window(rules, received_on, opened=opened, at=moment)
    matter: Matter = Matter.objects.create(
        reference=next_reference(f"M-{raised_by.upper()}" if raised_by else "M"),
        procedure=rules.key,
        document=document,
        version=version,
        title=title.strip()[:300],
        proposer=proposer,
        rationale=rationale,
        data=said,
        attachment=attachment,
        received_on=received_on,
        state=rules.initial,
        scope_id=scope_id,
        audience=audience,
        is_synthetic=is_synthetic,
        opened_at=opened,
        recorded_at=moment,
        recorded_by=by.label,
        put_forward_by=sorted(by.stands_for),
    )
    if last_day is not None:
        met_on_opening(matter=matter, rules=rules, last_day=last_day, by=by, at=moment)
    record(
        by=by,
        at=moment,
        action="open_matter",
        clause=rules.clause,
        subject_kind="Matter",
        subject_id=matter.public_id,
        subject_label=str(matter),
        scope_id=scope_id,
        audience_id=audience.pk,
        detail={
            "procedure": rules.key,
            "document": document,
            "version": version,
            **({"attachment": attachment.public_id, "sha256": attachment.sha256} if attachment else {}),
            **({"received_on": received_on.isoformat()} if received_on else {}),
        },
    )
    ask_views_due(matter=matter, rules=rules, by=by, at=moment)
    queue_due_notices(matter=matter, on="OPEN", decision=None, by=by, at=moment)
    return matter


def known_procedure(key: str) -> Procedure:
    """Return the procedure of that key. Raises InvalidInput where the rulebook has none."""
    try:
        return procedure(key)
    except KeyError as error:
        raise InvalidInput.one("procedure", str(error.args[0])) from error


def _not_wanted(rules: Procedure, said: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield each statement that the procedure does not ask for: nothing is kept that nobody would look for."""
    known = {need.key for need in rules.opens_with if need.kind != "file" and need.key != "rationale"}
    for key in sorted(said.keys() - known):
        wanted = ", ".join(sorted(known)) or "none"
        yield FieldError(None, key, f"{rules.title} asks for no such statement when it is opened; asked for: {wanted}.")


def _wrong_receipt(rules: Procedure, received_on: dt.date | None, *, opened: dt.datetime) -> Iterator[FieldError]:
    """Yield what is wrong with the day from which the window for opening runs."""
    if rules.opens_within is None:
        if received_on is not None:
            yield FieldError(None, "received_on", f"{rules.citation} gives no window for opening it.")
    elif received_on is None:
        yield FieldError(
            None, "received_on", f"Say from which day the window runs: {rules.opens_within.text} ({rules.clause})."
        )
    elif received_on > london_date(opened):
        yield FieldError(None, "received_on", "This is later than the day on which the matter was brought.")


def _checked_window(
    rules: Procedure, received_on: dt.date | None, *, opened: dt.datetime, at: dt.datetime
) -> dt.date | None:
    """Return the last day on which it may be opened, None where the clause sets none. Raises Refused after it."""
    if rules.opens_within is None or received_on is None:
        return None
    last_day = last_day_of_window(
        rules.opens_within, trigger=received_on, document=rules.document, version=rules.version, moment=at
    )
    if london_date(opened) > last_day:
        raise Refused(rules.clause, f"The window ended on {last_day:%-d %B %Y}: {rules.opens_within.text}.")
    return last_day
