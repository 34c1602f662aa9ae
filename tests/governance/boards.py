"""What tests of meetings stand on: people of a board, meetings of TAG, and what they decided."""

from __future__ import annotations

import datetime as dt

import pytest

from svtad.governance import actions
from svtad.governance.actions import Attendee, Given, Taken
from svtad.governance.models import AgendaItem, BodyRule
from svtad.lib.errors import InvalidInput
from svtad.parties.actors import Actor, system_actor

T0 = dt.datetime(2019, 4, 1, 9, tzinfo=dt.UTC)
TAG_DAY = dt.datetime(2019, 4, 18, 10, tzinfo=dt.UTC)
AFTER = TAG_DAY + dt.timedelta(hours=4)
SYSTEM = system_actor("Test")


def fields(error: pytest.ExceptionInfo[InvalidInput]) -> set[str]:
    return {each.field for each in error.value.errors}


def somebody(number: str, *keys: str, kinds: tuple[str, ...] = (), permissions: tuple[str, ...] = ()) -> Actor:
    return Actor(
        kind="PERSON",
        actor_id=number * 22,
        label=f"Person {number}",
        audience_keys=frozenset({"public", *keys}),
        organisation_kinds=frozenset(kinds),
        permissions=frozenset(permissions),
    )


def there(*names: str, **more) -> list[Attendee]:
    """Make attendees of these names, all present."""
    return [Attendee(name=name, presence="PRESENT", **more) for name in names]


def take(item: AgendaItem, outcome: str = "AGREE", **given) -> Taken:
    """Make the row of an item: an exclusion, decided on the day of the meeting."""
    values = {"decided_at": TAG_DAY} | given
    return Taken(item=item, outcome=outcome, given=Given(**values), expected_state="PROPOSED")


def rule(quorum: int | None, **more) -> BodyRule:
    """Set what TAG needs, before its meetings."""
    values = {"body": "TAG", "quorum": quorum, "source": "Terms of reference", "by": SYSTEM, "at": T0}
    return actions.set_body_rule(**(values | more))
