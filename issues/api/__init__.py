"""REST of Testing Issues."""

from __future__ import annotations

from issues.api import life, many, said

#: What names a part of the resource comes before what names one issue.
urlpatterns = [*many.urlpatterns, *said.urlpatterns, *life.urlpatterns]
