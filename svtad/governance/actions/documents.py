"""Who may open the document of a step, where a body is given the matter redacted (13.5)."""

from __future__ import annotations

import datetime as dt

from svtad.governance.files import name_again
from svtad.governance.models import Matter, StoredFile
from svtad.governance.queries.redacted import given_to, keys_hidden_from, redact
from svtad.parties.actors import Actor
from svtad.parties.audiences import audience_of
from svtad.parties.models import Audience
from svtad.rulebook.procedures import Procedure, Transition, procedure


def audience_for_document(matter: Matter, *, step: Transition | None = None) -> Audience:
    """Return who may open a document of `matter`: all who see it but those who are given it redacted.

    Of a `step` whose document is what they are given, they are among them.
    """
    rules = procedure(matter.procedure)
    given = given_to(rules, step.body, step.outcome) if step is not None else frozenset()
    hidden = keys_hidden_from(rules, but=given)
    if not hidden:
        return matter.audience
    return audience_of(*(set(matter.audience.text.split(",")) - hidden))


def audience_for_upload(matter: Matter, *, by: Actor) -> Audience:
    """Return who may open what `by` keeps for `matter` before it is said what for; the step it goes to sets it anew.

    Who is given the matter redacted brings nothing that those others may not read.
    """
    redact(by, [matter])
    return matter.audience if getattr(matter, "is_redacted", False) else audience_for_document(matter)


def document_of_step(
    stored: StoredFile | None, *, matter: Matter, rules: Procedure, step: Transition, by: Actor, at: dt.datetime
) -> StoredFile | None:
    """Return the file that the step keeps: `stored`, or the same bytes named for those who may open them.

    It may have been kept before anybody said for which step it is. Only where somebody is given the matter redacted.
    """
    if stored is None or not rules.redacted_for:
        return stored
    keys = set(stored.audience.text.split(","))
    given = {body.lower() for body in given_to(rules, step.body, step.outcome)}
    if given <= keys and not keys & keys_hidden_from(rules, but=given_to(rules, step.body, step.outcome)):
        return stored
    return name_again(stored, audience=audience_for_document(matter, step=step), by=by, at=at)
