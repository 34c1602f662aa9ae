"""Reading the audit trail: who may see which events, and whether the chain holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet

from svtad.audit.chain import EVENT_FIELDS, GENESIS, event_hash, seal_hash
from svtad.audit.models import AuditEvent, AuditSeal

_AT_ONCE = 2_000
#: Faults beyond this many are counted, not listed.
_LISTED = 50


def events_for(audience_ids: Iterable[int] | QuerySet[Any]) -> QuerySet[AuditEvent]:
    """Return the events whose audience is among `audience_ids` (a subquery of the parties app's)."""
    events: QuerySet[AuditEvent] = AuditEvent.objects.filter(audience_id__in=audience_ids)
    return events


@dataclass(kw_only=True)
class ChainCheck:
    """What the verification of the chain found. `faults` is empty where the chain holds."""

    sealed: int = 0
    unsealed: int = 0
    head: str = GENESIS
    fault_count: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was altered, removed, inserted or put in another order."""
        return self.fault_count == 0

    def add(self, fault: str) -> None:
        """Note one fault."""
        self.fault_count += 1
        if len(self.faults) < _LISTED:
            self.faults.append(fault)


def verify_chain(*, head: str = "", sealed: int = 0) -> ChainCheck:
    """Walk the whole chain, compare every event with its seal, and return what was found.

    `head` and `sealed` are what was published earlier (hash and number of the last seal then): the only
    way to see that the newest seals were cut off together with their events. Events without a seal are
    counted, not faults: they are those of the last moments, until the sealer comes round.
    """
    check = ChainCheck()
    head_seen = not head
    for seal, event in _sealed_events():
        check.sealed += 1
        number = seal["sequence"]
        if number != check.sealed:
            check.add(f"seal {check.sealed} is missing: {number} follows")
            check.sealed = number
        if seal["previous_hash"] != check.head:
            check.add(f"seal {number} does not follow the seal before it")
        expected = seal_hash(
            sequence=number,
            event_id=seal["event_id"],
            hash_of_event=seal["event_hash"],
            previous_hash=seal["previous_hash"],
        )
        if seal["seal_hash"] != expected:
            check.add(f"seal {number} was altered")
        if event is None:
            check.add(f"event {seal['event_id']} (seal {number}) was removed")
        elif event_hash(event) != seal["event_hash"]:
            check.add(f"event {seal['event_id']} (seal {number}) was altered")
        check.head = seal["seal_hash"]
        head_seen = head_seen or check.head == head
    if not head_seen:
        check.add("the published head is not in the chain: its end was cut off or replaced")
    if check.sealed < sealed:
        check.add(f"{sealed} events were sealed when the head was published, {check.sealed} are now")
    check.unsealed = AuditEvent.objects.filter(~Exists(AuditSeal.objects.filter(event_id=OuterRef("pk")))).count()
    return check


def last_acts(*, kind: str, subjects: Collection[str], actions: Collection[str]) -> dict[str, dt.datetime]:
    """Return when the last of `actions` was done to each of `subjects` of that kind. One query."""
    rows = AuditEvent.objects.filter(subject_id__in=subjects, subject_kind=kind, action__in=actions).order_by()
    return dict(rows.values_list("subject_id").annotate(last=Max("recorded_at")))


def _sealed_events() -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Yield each seal in order with its event, or None where the event is gone."""
    after = -(2**63)
    while True:
        seals = list(AuditSeal.objects.filter(sequence__gt=after).order_by("sequence").values()[:_AT_ONCE])
        if not seals:
            return
        events = {
            event["id"]: event
            for event in AuditEvent.objects.filter(pk__in=[seal["event_id"] for seal in seals]).values(*EVENT_FIELDS)
        }
        for seal in seals:
            yield seal, events.get(seal["event_id"])
        after = seals[-1]["sequence"]
