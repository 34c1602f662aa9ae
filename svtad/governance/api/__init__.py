"""REST: jobs, stored files, matters before the boards, what is decided on them, and who was told."""

from __future__ import annotations

from svtad.governance.api import (
    agendas,
    calendar,
    holidays,
    matters,
    meeting_decisions,
    meeting_records,
    meetings,
    notices,
    outbox,
    procedures,
    work,
)
from svtad.governance.api.work import download

__all__ = ["download", "urlpatterns"]

urlpatterns = [
    *work.urlpatterns,
    *matters.urlpatterns,
    *procedures.urlpatterns,
    *notices.urlpatterns,
    *outbox.urlpatterns,
    *meetings.urlpatterns,
    *agendas.urlpatterns,
    *meeting_records.urlpatterns,
    *meeting_decisions.urlpatterns,
    *calendar.urlpatterns,
    *holidays.urlpatterns,
]
