"""REST: jobs, stored files, matters before the boards and what is decided on them."""

from __future__ import annotations

from svtad.governance.api import matters, work
from svtad.governance.api.work import download

__all__ = ["download", "urlpatterns"]

urlpatterns = [*work.urlpatterns, *matters.urlpatterns]
