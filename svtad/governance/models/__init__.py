"""Matters, views and decisions, their deadlines and notices, jobs, stored files, the calendar's corrections."""

from __future__ import annotations

from svtad.governance.models.calendar import NonWorkingDayOverride
from svtad.governance.models.deadlines import Deadline, DeadlineKind
from svtad.governance.models.files import FileCheck, StoredFile
from svtad.governance.models.jobs import Job, JobState
from svtad.governance.models.matters import Decision, Matter, ReferenceCounter, View, ViewRequest
from svtad.governance.models.meetings import (
    BOARDS,
    AgendaItem,
    Attendance,
    BodyRule,
    Capacity,
    Interest,
    Meeting,
    MeetingDecision,
    MeetingState,
    Minutes,
    Paper,
    Presence,
)
from svtad.governance.models.notices import (
    AttemptOutcome,
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    MailRelay,
    Notice,
    NoticeAddress,
    NoticePreference,
    Timing,
)

__all__ = [
    "BOARDS",
    "AgendaItem",
    "AttemptOutcome",
    "Attendance",
    "BodyRule",
    "Capacity",
    "Channel",
    "Deadline",
    "DeadlineKind",
    "Decision",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "FileCheck",
    "Interest",
    "Job",
    "JobState",
    "MailRelay",
    "Matter",
    "Meeting",
    "MeetingDecision",
    "MeetingState",
    "Minutes",
    "NonWorkingDayOverride",
    "Notice",
    "NoticeAddress",
    "NoticePreference",
    "Paper",
    "Presence",
    "ReferenceCounter",
    "StoredFile",
    "Timing",
    "View",
    "ViewRequest",
]
