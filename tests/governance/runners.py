"""Runners for a worker under test: `celery … --include tests.governance.runners` loads them there."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from django.conf import settings

from svtad.governance.jobs import JobContext, register_runner

#: Short, so that a test need not wait for half a minute until a dead worker's lease is over.
LEASE_SECONDS = 3.0


def write_then_wait(context: JobContext) -> dict[str, Any]:
    """Note that an attempt began; wait in silence until the test lets go; note that it ended."""
    notes, gate = Path(context.params["notes"]), Path(context.params["gate"])
    _note(notes, f"began {os.getpid()}")
    deadline = time.monotonic() + 60
    while not gate.exists():
        if time.monotonic() > deadline:
            raise TimeoutError("the test never let go")
        time.sleep(0.05)
    _note(notes, "ended")
    return {"pid": os.getpid()}


def _note(path: Path, line: str) -> None:
    with path.open("a") as file:
        file.write(line + "\n")


settings.JOB_LEASE_SECONDS = LEASE_SECONDS
register_runner("write_then_wait", write_then_wait)
