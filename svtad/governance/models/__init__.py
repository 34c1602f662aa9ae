"""Matters, views and decisions, their deadlines, jobs, stored files, the calendar's corrections."""

from __future__ import annotations

from svtad.governance.models.calendar import NonWorkingDayOverride
from svtad.governance.models.deadlines import Deadline
from svtad.governance.models.files import FileCheck, StoredFile
from svtad.governance.models.jobs import Job, JobState
from svtad.governance.models.matters import Decision, Matter, ReferenceCounter, View, ViewRequest

__all__ = [
    "Deadline",
    "Decision",
    "FileCheck",
    "Job",
    "JobState",
    "Matter",
    "NonWorkingDayOverride",
    "ReferenceCounter",
    "StoredFile",
    "View",
    "ViewRequest",
]
