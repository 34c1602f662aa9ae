"""Evidence that stands, and how far each piece has come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
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
    if item.matter is not None:
        return item.matter.state
    last = EvidenceReview.objects.filter(item=item).order_by("-pk").values_list("state", flat=True).first()
    return last or item.state


def is_withdrawn(item: EvidenceItem) -> bool:
    """Return whether the item was withdrawn."""
    return EvidenceItem.objects.filter(pk=item.pk, withdrawal__isnull=False).exists()
