"""Saying what a tracker's words mean here: data, not code, and the newest of a word holds."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from issues import policies
from issues.models import Cause, IssueState, TermKind, TrackerTerm
from issues.queries.trackers import terms_held
from svtad.audit import actions as audit_actions
from svtad.lib import clock
from svtad.lib.errors import FieldError, InvalidInput
from svtad.lib.text import plain_line
from svtad.parties.actors import Actor
from svtad.parties.audiences import GOVERNANCE, audience_of
from svtad.parties.models import Organisation

_LONGEST = {"source": 60, "theirs": 120, "ours": 40, "reason": 300}


@transaction.atomic
def set_tracker_term(
    *,
    source: str,
    kind: str,
    theirs: str,
    ours: str,
    by: Actor,
    reason: str = "",
    at: dt.datetime | None = None,
) -> TrackerTerm:
    """Say what the word `theirs` of the tracker `source` means here; `ours` "" means that it says nothing.

    `ours` is an `IssueState`, a `Cause`, an organisation's code, or for severity and priority as the DCC writes
    them. What was mirrored by then stays as it is. The same again stores nothing. Raises ActionDenied, and
    InvalidInput by field.
    """
    at = at or clock.now()
    policies.check_can_set_terms(by)
    given = {"source": plain_line(source), "theirs": plain_line(theirs), "ours": plain_line(ours)}
    given["reason"] = plain_line(reason)
    errors = [
        FieldError(None, name, f"At most {longest} characters.")
        for name, longest in _LONGEST.items()
        if len(given[name]) > longest
    ]
    errors += [FieldError(None, name, "Is needed.") for name in ("source", "theirs") if not given[name]]
    problem = _problem(kind, given["ours"])
    if problem:
        errors.append(FieldError(None, *problem))
    if errors:
        raise InvalidInput(errors)
    held = next(
        (
            each
            for each in terms_held(given["source"])
            if each.kind == kind and each.theirs.casefold() == given["theirs"].casefold()
        ),
        None,
    )
    if held is not None and held.ours == given["ours"]:
        return held
    made: TrackerTerm = TrackerTerm.objects.create(kind=kind, recorded_at=at, recorded_by=by.label, **given)
    audit_actions.record(
        by=by,
        at=at,
        action="set_tracker_term",
        subject_kind="tracker_term",
        subject_id=made.public_id,
        subject_label=str(made),
        audience_id=audience_of(*GOVERNANCE).pk,
        clause=policies.CLAUSE,
        detail=given | {"kind": kind, "before": held.ours if held else None},
    )
    return made


def _problem(kind: str, ours: str) -> tuple[str, str] | None:
    if kind not in TermKind.values:
        return "kind", f"“{kind[:20]}” is none of {', '.join(TermKind.values)}."
    known = {"state": IssueState.values, "cause": [value for value in Cause.values if value]}.get(kind)
    if known is not None and ours and ours not in known:
        return "ours", f"“{ours[:20]}” is none of {', '.join(known)}."
    if kind == TermKind.PROVIDER and ours and not Organisation.objects.filter(code=ours).exists():
        return "ours", f"There is no organisation with the code “{ours[:24]}”."
    return None
