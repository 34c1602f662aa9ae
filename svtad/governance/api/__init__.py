"""REST: jobs, stored files, matters before the boards, what is decided on them, and who was told."""

from __future__ import annotations

from svtad.governance.api import calendar, matters, meetings, notices, work
from svtad.governance.api.work import download

__all__ = ["download", "urlpatterns"]

urlpatterns = [
    *work.urlpatterns,
    *matters.urlpatterns,
    *notices.urlpatterns,
    *meetings.urlpatterns,
    *calendar.urlpatterns,
]
