"""Reading batches: what was sent in, what is wrong with it, whether it came before."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from svtad.intake.models import BatchState, ImportBatch, RowError
from svtad.parties.actors import Actor


def batches_for(actor: Actor, *, scope_id: str = "") -> QuerySet[Any]:
    """Return the batches that `actor` may see, the newest first, of one scope or of all."""
    batches = ImportBatch.objects.visible_to(actor).select_related("file", "job")
    return batches.filter(scope_id=scope_id) if scope_id else batches


def errors_of(batch: ImportBatch) -> QuerySet[RowError]:
    """Return the row errors kept with a batch (`error_count` counts them all)."""
    return RowError.objects.filter(batch=batch)


def imported_before(batch: ImportBatch) -> ImportBatch | None:
    """Return the batch by which the same arrival was imported already, if there is one.

    The same arrival is the same importer, scope and source with the same run id from the same senders;
    without a run id, the same bytes.
    """
    earlier = ImportBatch.objects.filter(
        importer=batch.importer, scope_id=batch.scope_id, source=batch.source, state=BatchState.COMMITTED
    ).exclude(pk=batch.pk)
    # Two organisations may use one run id: what one sent in must neither stop the other nor be told to it.
    earlier = earlier.filter(audience_id=batch.audience_id)
    if batch.run_id:
        earlier = earlier.filter(run_id=batch.run_id)
    else:
        earlier = earlier.filter(run_id="", file__sha256=batch.file.sha256)
    found: ImportBatch | None = earlier.select_related("file").order_by("pk").first()
    return found
