"""What a call over REST names by its id, among what the caller may see."""

from __future__ import annotations

from svtad.governance.models import StoredFile
from svtad.lib.rest import named
from svtad.parties.actors import Actor


def file_named(
    actor: Actor, public_id: str | None, *, field: str = "document", row: int | None = None
) -> StoredFile | None:
    """Return the stored file of that id, None where no id is given. Raises InvalidInput for one not seen."""
    found: StoredFile | None = named(StoredFile.objects.visible_to(actor), public_id, field=field, row=row, what="file")
    return found
