"""Human references: numbers that are given once and never again."""

from __future__ import annotations

from django.db import transaction

from svtad.governance.models import ReferenceCounter


def next_reference(prefix: str) -> str:
    """Return the next human reference under `prefix`: "M" gives "M-0001", then "M-0002".

    A prefix must not span Suppliers: a count would tell one how much another has.
    """
    return next_references(prefix, 1)[0]


@transaction.atomic
def next_references(prefix: str, count: int) -> list[str]:
    """Return the next `count` references under `prefix`, taken at once.

    One by one, thousands of updates of the counter's row in one transaction would slow each other down.
    """
    stem = prefix.rstrip("-")
    ReferenceCounter.objects.get_or_create(prefix=stem)
    counter = ReferenceCounter.objects.select_for_update().get(prefix=stem)
    first = counter.last + 1
    counter.last += count
    counter.save(update_fields=["last"])
    return [f"{stem}-{number:04d}" for number in range(first, first + count)]
