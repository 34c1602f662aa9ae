"""What the documents leave open, as it was set at a moment."""

from __future__ import annotations

import datetime as dt
from typing import Any

from svtad.governing.models import DocumentVersion, Parameter
from svtad.lib.clock import london_date, now


def parameters_at(version: DocumentVersion, moment: dt.datetime | None = None) -> dict[str, dict[str, Any]]:
    """Return {key: {"value", "source", "approver", "effective_from"}} as recorded by, and in effect at, `moment`.

    Of several in effect, the one with the latest effective date holds. A key that is not here was not
    set, and what hangs on it CANNOT be EVALUATEd. `moment` None means now.
    """
    held = Parameter.objects.held_at(moment).filter(version=version, effective_from__lte=london_date(moment or now()))
    rows = held.order_by("effective_from", "valid_from").values("key", "value", "source", "approver", "effective_from")
    return {row.pop("key"): row for row in map(dict, rows)}
