"""The rules of access that administrators set."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from svtad.lib.clock import now
from svtad.lib.errors import FieldError, InvalidInput
from svtad.parties.actions.recording import audit
from svtad.parties.actors import Actor
from svtad.parties.models import AccessRule, RuleKind
from svtad.parties.policies import check_can_manage_people
from svtad.parties.roles import ROLES
from svtad.rulebook.procedures import PROCEDURES


@transaction.atomic
def set_access_rule(
    *, kind: str, key: str, value: bool, reason: str, by: Actor, at: dt.datetime | None = None
) -> AccessRule:
    """Set whether a role needs a second factor, or whether who opened a matter may record its decision.

    `kind` is a RuleKind, `key` a role or a procedure. What was set before stays readable. Raises ActionDenied, and
    InvalidInput for a kind or a key that is not known, or without a reason.
    """
    moment = at or now()
    check_can_manage_people(by)
    known: dict[str, tuple[str, ...]] = {
        RuleKind.SECOND_FACTOR: tuple(ROLES),
        RuleKind.OWN_DECISION: tuple(PROCEDURES),
    }
    errors = []
    if kind not in RuleKind.values:
        errors.append(FieldError(None, "kind", f"Known: {', '.join(RuleKind.values)}."))
    elif key not in known[kind]:
        errors.append(FieldError(None, "key", f"Known: {', '.join(known[kind])}."))
    if not reason.strip():
        errors.append(FieldError(None, "reason", "A reason is needed."))
    if errors:
        raise InvalidInput(errors)
    rule: AccessRule = AccessRule.objects.create(
        kind=kind, key=key, value=value, reason=reason.strip()[:300], recorded_at=moment, recorded_by=by.label
    )
    audit(
        "set_access_rule",
        "AccessRule",
        f"{kind}:{key}",
        label=str(rule),
        by=by,
        at=moment,
        value=value,
        reason=rule.reason,
    )
    return rule
