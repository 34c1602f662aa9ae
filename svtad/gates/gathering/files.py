"""Whether stored files still had, at a moment, the hash they were stored under."""

from __future__ import annotations

import datetime as dt

from svtad.governance.models import FileCheck, StoredFile


class Files:
    """The files whose last check by the moment found them damaged: read once, asked for each file."""

    def __init__(self, moment: dt.datetime) -> None:
        """Read the files that ever failed a check, and how their last check by `moment` went (one query)."""
        failed = FileCheck.objects.filter(intact=False, recorded_at__lte=moment)
        checks = (
            FileCheck.objects.filter(file_id__in=failed.values("file_id"), recorded_at__lte=moment)
            .order_by("recorded_at", "id")
            .values_list("file_id", "intact")
        )
        self._last: dict[int, bool] = dict(checks)

    def intact(self, stored: StoredFile) -> bool:
        """Return whether nothing speaks against the file; one never checked is as it was stored."""
        return self._last.get(stored.pk, True)
