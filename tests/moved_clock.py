"""A clock that a story moves on: the product's own, in this process and in a worker's, as far ahead as a file says.

`svtad.lib.clock` is the only place that asks the machine for the time, so moving what it asks moves everything. A
worker takes part when it is started with `include="tests.moved_clock"` and SVTAD_TEST_CLOCK in its environment.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

from django.utils import timezone

from svtad.lib import clock

VARIABLE = "SVTAD_TEST_CLOCK"


class Machine:
    """What `svtad.lib.clock` asks for the time in place of the machine."""

    @staticmethod
    def now() -> dt.datetime:
        """Return the machine's time, moved."""
        path = Path(os.environ[VARIABLE])
        return timezone.now() + dt.timedelta(seconds=float(path.read_text()) if path.exists() else 0)


def move_to(moment: dt.datetime) -> None:
    """Let it be `moment`, from which it goes on."""
    path = Path(os.environ[VARIABLE])
    draft = path.with_suffix(".new")
    draft.write_text(str((moment - timezone.now()).total_seconds()))
    draft.replace(path)


if VARIABLE in os.environ:  # a worker: its environment says so before it starts
    vars(clock)["timezone"] = Machine
