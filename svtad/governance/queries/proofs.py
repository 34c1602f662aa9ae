"""When our own records say that those concerned were told of a decision, beside the time that somebody typed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from svtad.governance.models import Decision, Delivery, DeliveryState
from svtad.lib.clock import LONDON, london_date
from svtad.parties.actors import Actor


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the deliveries of a decision's notices prove: the first and the last moment at which somebody was told.

    `told` counts those with a proof (taken by their mail server, shown or read in the product, sent by hand with its
    document), `waiting` those without one yet.
    """

    first: dt.datetime
    last: dt.datetime
    told: int
    waiting: int

    @property
    def text(self) -> str:
        """Say when, in London."""
        first, last = _moment(self.first), _moment(self.last)
        when = first if first == last else f"{first}, the last {last}"
        return f"by our records on {when} ({self.told} told{f', {self.waiting} not yet' if self.waiting else ''})"

    def disagrees(self, typed: dt.datetime | None) -> bool:
        """Return whether a typed time is on none of the London days that are proved; no time does not."""
        if typed is None:
            return False
        return not london_date(self.first) <= london_date(typed) <= london_date(self.last)


def proofs_of(actor: Actor, decisions: Iterable[Decision]) -> dict[int, Proof]:
    """Return by decision what `actor` may see of the proofs that its notices were given. One query.

    A correction of which nobody was told anew has those of the record that it corrects, where that is among them.
    """
    rows = {each.pk: each for each in decisions}
    found: dict[int, list[dt.datetime | None]] = {}
    deliveries = (
        Delivery.objects.visible_to(actor)
        .filter(notice__decision__in=list(rows))
        .exclude(Q(state=DeliveryState.WITHDRAWN) & Q(read_at=None))
        .values_list("notice__decision_id", "state", "sent_at", "read_at")
    )
    for decision, state, sent_at, read_at in deliveries:
        when = sent_at if state == DeliveryState.SENT else read_at
        found.setdefault(decision, []).append(when)
    proofs = {}
    for pk, decision in rows.items():
        source: Decision | None = decision
        while source is not None and source.pk not in found:
            source = rows.get(source.supersedes_id or 0)
        times = found[source.pk] if source is not None else []
        told = [when for when in times if when is not None]
        if told:
            proofs[pk] = Proof(first=min(told), last=max(told), told=len(told), waiting=len(times) - len(told))
    return proofs


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(LONDON):%-d %b %Y, %H:%M}"
