"""REST: jobs, stored files, matters before the boards, what is decided on them, and who was told."""

from __future__ import annotations

from svtad.governance.api import (
    addresses,
    agendas,
    body_rules,
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
    *addresses.urlpatterns,
    *agendas.urlpatterns,
    *body_rules.urlpatterns,
    *meeting_records.urlpatterns,
    *meeting_decisions.urlpatterns,
    *calendar.urlpatterns,
    *holidays.urlpatterns,
]
