"""What every action at the gates does besides: the audit event, and word to whom it bears on."""

from __future__ import annotations

import datetime as dt
from typing import Any

from svtad.audit import actions as audit_actions
from svtad.gates.queries.phases import followers_of
from svtad.lib.models import PublicIdModel
from svtad.parties.actors import Actor
from svtad.parties.models import Audience
from testphases.actions import facts_changed
from testphases.models import TestScope


def audit(
    *,
    scope: TestScope,
    action: str,
    subject: PublicIdModel,
    audience: Audience,
    by: Actor,
    at: dt.datetime,
    clause: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write the one audit event of an action."""
    audit_actions.record(
        by=by,
        at=at,
        action=action,
        subject_kind=type(subject).__name__,
        subject_id=subject.public_id,
        subject_label=str(subject),
        audience_id=audience.pk,
        clause=clause,
        scope_id=scope.public_id,
        detail=detail,
    )


def tell(*, scope: TestScope, at: dt.datetime, followers: bool = False) -> None:
    """Leave word that the facts of `scope` changed; with `followers`, those of the phases that it comes before too.

    A certificate or a Work Off Plan of an earlier phase is a fact of the later one (12.5(b), 12.6(h)).
    """
    facts_changed(scope=scope, at=at)
    if followers:
        for follower in followers_of(scope):
            facts_changed(scope=follower, at=at)


def one_at_a_time(*, scope: TestScope) -> None:
    """Let one transaction at a time put papers of `scope` before a body; it keeps nobody from recording facts."""
    list(TestScope.objects.select_for_update(no_key=True).filter(pk=scope.pk).values_list("pk"))
