"""What is written here: matters and their decisions, jobs, files, the calendar's corrections."""

from __future__ import annotations

from svtad.governance.actions.consulting import ask_view, record_view
from svtad.governance.actions.deadlines import move_deadlines
from svtad.governance.actions.given import Given
from svtad.governance.actions.holidays import add_override, remove_override
from svtad.governance.actions.matters import correct_decision, open_matter, record_decision
from svtad.governance.actions.queueing import cancel_job, enqueue_job, run_job_now
from svtad.governance.actions.references import next_reference, next_references
from svtad.governance.files import store_file

__all__ = [
    "Given",
    "add_override",
    "ask_view",
    "cancel_job",
    "correct_decision",
    "enqueue_job",
    "move_deadlines",
    "next_reference",
    "next_references",
    "open_matter",
    "record_decision",
    "record_view",
    "remove_override",
    "run_job_now",
    "store_file",
]
