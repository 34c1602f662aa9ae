"""What every paper's job has in common: how it tells of itself, for whom it acts, and that a PDF is read back."""

from __future__ import annotations

import io
from collections.abc import Callable

from svtad.governance.models import Job
from svtad.lib.errors import Refused
from svtad.parties.actors import Actor, system_actor

#: What one run's progress counts up to, whatever the number of pages.
STEPS = 100

Progress = Callable[[int, str], None]
Hold = Callable[[], None]


def checked_pages(content: bytes) -> int:
    """Read the PDF back: it opens, it is tagged, it has a language. Returns its pages; raises Refused otherwise."""
    from pypdf import PdfReader  # only a job that makes pages pays for it

    reader = PdfReader(io.BytesIO(content))
    root = reader.root_object
    if "/StructTreeRoot" not in root or root.get("/Lang") != "en-GB" or not reader.pages:
        raise Refused("", "The PDF that was made is not a tagged document; the log has more.")
    return len(reader.pages)


def maker_of(job: Job) -> Actor:
    """Return who stores and files: the product, for the person whose request was checked when it was made."""
    return system_actor(f"The report job of {job.recorded_by}"[:200])
