"""Evidence that stands, and how far each piece has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from svtad.gates.models import EvidenceItem, EvidenceReview
from svtad.rulebook.vocabulary import EvidenceKind
from testphases.models import TestScope

#: Kinds of which several may stand beside each other; of any other the newest takes the place of those before it,
#: so that a plan sent in anew after it was signed off has to be signed off anew (12.5(a)).
SIDE_BY_SIDE = frozenset({EvidenceKind.TEST_RESULT, EvidenceKind.OTHER})


def standing_evidence(scope: TestScope, moment: dt.datetime) -> list[EvidenceItem]:
    """Return the evidence that stood at `moment`: not withdrawn, and nothing newer in its place. One query."""
    attached = (
        EvidenceItem.objects.filter(scope=scope, recorded_at__lte=moment)
        .exclude(withdrawal__recorded_at__lte=moment)
        .select_related("provider", "file", "matter")
        .order_by("pk")
    )
    newest: dict[tuple[Any, ...], EvidenceItem] = {}
    for item in attached:
        key = (item.pk,) if item.kind in SIDE_BY_SIDE else (item.kind, item.provider_id)
        newest[key] = item
    return list(newest.values())


def reviewed_states(items: Iterable[EvidenceItem], moment: dt.datetime) -> dict[int, str]:
    """Return {item's primary key: the state that its last review by `moment` gave it}. One query."""
    reviews = EvidenceReview.objects.filter(item_id__in=[item.pk for item in items], recorded_at__lte=moment)
    return dict(reviews.order_by("pk").values_list("item_id", "state"))


def evidence_state(item: EvidenceItem) -> str:
    """Return how far one piece of evidence has come by now: its matter, else its last review, else as attached."""
    return states_of([item])[item.pk]


def states_of(items: Sequence[EvidenceItem]) -> dict[int, str]:
    """Return {item's primary key: how far it has come by now}, as `evidence_state` says it of one. One query."""
    last = dict(EvidenceReview.objects.filter(item__in=items).order_by("pk").values_list("item_id", "state"))
    return {item.pk: item.matter.state if item.matter else last.get(item.pk) or item.state for item in items}


def withdrawn(items: Sequence[EvidenceItem]) -> frozenset[int]:
    """Return the primary keys of those that were withdrawn. One query."""
    rows = EvidenceItem.objects.filter(pk__in=[item.pk for item in items], withdrawal__isnull=False)
    return frozenset(rows.values_list("pk", flat=True))


def is_withdrawn(item: EvidenceItem) -> bool:
    """Return whether the item was withdrawn."""
    return item.pk in withdrawn([item])
