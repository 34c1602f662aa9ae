"""Who may send files in, look at them, import and cancel them. What may be in them is each importer's to say."""

from __future__ import annotations

from svtad.intake.models import ImportBatch
from svtad.intake.registry import Importer, importer
from svtad.lib.errors import ActionDenied
from svtad.parties.actors import Actor


def check_can_import(actor: Actor, kind: Importer[object], scope_id: str) -> None:
    """Whether `actor` may send such a file in for that scope."""
    kind.check_may_import(actor, scope_id)


def check_can_see_batch(actor: Actor, batch: ImportBatch) -> None:
    """Whether the batch is among those that `actor` may see."""
    if not ImportBatch.objects.visible_to(actor).filter(pk=batch.pk).exists():
        raise ActionDenied("", "There is no such file among those you may see.")


def check_can_work_on(actor: Actor, batch: ImportBatch) -> None:
    """Whether `actor` may import or cancel the batch: who sees it and may send such files in."""
    check_can_see_batch(actor, batch)
    importer(batch.importer).check_may_import(actor, batch.scope_id)
