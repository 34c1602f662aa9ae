"""One altered, removed or moved row among 100,000 is found, wherever it is; and 1,000 tamperings of a shorter chain."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from django.db import transaction

from svtad.audit import queries, tasks
from svtad.audit.models import AuditEvent
from tests.audit.test_chain import AT, go_round_the_triggers

pytestmark = [pytest.mark.soak, pytest.mark.django_db, pytest.mark.timeout(3600)]

#: What somebody with the database's own powers may do to the row numbered {0}.
WAYS = (
    "UPDATE audit_auditevent SET actor_label = 'Nobody' WHERE id = {0}",
    "UPDATE audit_auditevent SET clause = '13.20' WHERE id = {0}",
    "DELETE FROM audit_auditevent WHERE id = {0}",
    "DELETE FROM audit_auditseal WHERE event_id = {0}",
    "UPDATE audit_auditseal SET sequence = -sequence WHERE event_id = {0}",
    "UPDATE audit_auditseal SET event_hash = seal_hash WHERE event_id = {0}",
    "UPDATE audit_auditseal SET sealed_at = sealed_at, seal_hash = event_hash WHERE event_id = {0}",
)


def sealed(number: int) -> list[int]:
    """Write and seal so many events; return their keys."""
    events = AuditEvent.objects.bulk_create(
        [
            AuditEvent(
                recorded_at=AT + dt.timedelta(seconds=row), actor_kind="SYSTEM", actor_label="Tester", action="do",
                subject_kind="Thing", subject_id=str(row), subject_label=f"thing {row}", audience_id=1,
            )
            for row in range(number)
        ],
        batch_size=2000,
    )  # fmt: skip
    assert tasks.seal() == number
    assert queries.verify_chain().holds
    return [event.pk for event in events]


def is_found(statement: str, published: queries.ChainCheck) -> bool:
    """Tamper, look, and put it back."""
    with transaction.atomic():
        go_round_the_triggers(statement)
        holds = queries.verify_chain(head=published.head, sealed=published.sealed).holds
        transaction.set_rollback(True)
    return not holds


@pytest.mark.parametrize(("length", "times"), [(100_000, 3 * len(WAYS)), (300, 1_000)])
def test_every_tampering_is_found(length, times):
    chance = random.Random(length)
    keys = sealed(length)
    published = queries.verify_chain()
    missed = []
    for number in range(times):
        statement = WAYS[number % len(WAYS)].format(chance.choice([keys[0], keys[-1], *chance.sample(keys, 2)]))
        if not is_found(statement, published):
            missed.append(statement)
    assert missed == []
    assert queries.verify_chain(head=published.head, sealed=published.sealed).holds
    print(f"{times} tamperings of {length} events found")
