"""What a body that is given a matter redacted may read of it (13.5), for every page and answer that shows one.

A procedure says who that is (`Procedure.redacted_for`). Its members, where they see the matter for no other reason (as
a registrar or the DCC's test manager does), read neither its title, nor the reasons and statements that it was opened
with, nor what was said and attached to any step: in their place stands what the body is given, the document of a
requirement that names it (`Requirement.given_to`), and what a clause tells it (`NoticeDue.tells`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Q, QuerySet, Subquery

from svtad.governance.models import Decision, Matter
from svtad.parties.actors import Actor
from svtad.parties.audiences import visible_audience_ids
from svtad.parties.models import Audience
from svtad.rulebook.procedures import PROCEDURES, Procedure, Recipient
from svtad.rulebook.vocabulary import Body


def _bodies(actor: Actor) -> frozenset[Body]:
    """Return the bodies to which `actor` belongs and that are given some procedure's matters redacted."""
    if actor.sees_everything:
        return frozenset()
    every = {body for rules in PROCEDURES.values() for body in rules.redacted_for}
    return frozenset(body for body in every if body in actor.organisation_kinds)


def _keys(bodies: Iterable[Body]) -> frozenset[str]:
    """Return the audience keys that the members of these bodies share."""
    return frozenset(body.lower() for body in bodies)


def _whole_to(actor: Actor) -> QuerySet[Audience, int]:
    """Return the audiences (a subquery) to which `actor` belongs otherwise than as a member of such a body."""
    own = actor.audience_keys - _keys(_bodies(actor))
    return visible_audience_ids(replace(actor, audience_keys=own))


def hidden_from(actor: Actor, *, prefix: str = "") -> Q | None:
    """Return which matters `actor` is given redacted, as a condition on them by `prefix`; None where there are none."""
    bodies = _bodies(actor)
    keys = [rules.key for rules in PROCEDURES.values() if bodies.intersection(rules.redacted_for)]
    if not keys:
        return None
    whole = Subquery(_whole_to(actor))
    return Q(**{f"{prefix}procedure__in": keys}) & ~Q(**{f"{prefix}audience_id__in": whole})


def redact(actor: Actor, matters: Iterable[Matter]) -> None:
    """Take out of each of `matters` what `actor` is not to read; marked `is_redacted`. At most one query.

    For showing them: what acts on a matter reads it anew.
    """
    rows = list(matters)
    hidden = _hidden(actor, rows)
    for matter in rows:
        setattr(matter, "is_redacted", matter.pk in hidden)  # noqa: B010 (no column)
        if matter.pk in hidden:
            matter.title = PROCEDURES[matter.procedure].title
            matter.rationale = ""
            matter.data = {}
            matter.attachment = None


def redact_decisions(actor: Actor, decisions: Iterable[Decision]) -> None:
    """Take out of each of `decisions`, which have their matter, what `actor` is not to read; and out of the matter.

    What a body decided itself it reads whole. For showing them. At most one query.
    """
    rows = list(decisions)
    bodies = _bodies(actor)
    redact(actor, [each.matter for each in rows])
    for decision in rows:
        hidden = bool(getattr(decision.matter, "is_redacted", False)) and decision.body not in bodies
        setattr(decision, "is_redacted", hidden)  # noqa: B010 (no column)
        if hidden:
            rules = PROCEDURES[decision.matter.procedure]
            told = told_of(rules, decision.outcome, bodies)
            decision.rationale = decision.meeting = ""
            decision.data = {key: value for key, value in decision.data.items() if key in told}
            if not given_to(rules, decision.body, decision.outcome).intersection(bodies):
                decision.document = None


def told_of(rules: Procedure, outcome: str, bodies: Iterable[Body]) -> frozenset[str]:
    """Return the statements of a step that a clause tells those bodies, by their keys."""
    who = {Recipient(body.value) for body in bodies if body in Recipient.__members__}
    return frozenset(key for due in rules.notices_on(outcome) if who.intersection(due.to) for key in due.tells)


def given_to(rules: Procedure, body: str, outcome: str) -> frozenset[Body]:
    """Return the bodies that are given the document of that step in place of what is hidden from them."""
    steps = (step for step in rules.transitions if (step.body, step.outcome) == (body, outcome))
    return frozenset(who for step in steps for need in step.requires for who in need.given_to)


def keys_hidden_from(rules: Procedure, *, but: Iterable[Body] = ()) -> frozenset[str]:
    """Return the audience keys of those who are given the procedure's matters redacted, `but` for some."""
    return _keys(set(rules.redacted_for) - set(but))


def _hidden(actor: Actor, matters: Iterable[Matter]) -> set[int]:
    bodies = _bodies(actor)
    asked = [each.pk for each in matters if bodies.intersection(PROCEDURES[each.procedure].redacted_for)]
    condition = hidden_from(actor)
    if not asked or condition is None:
        return set()
    return set(Matter.objects.filter(condition, pk__in=asked).values_list("pk", flat=True))
