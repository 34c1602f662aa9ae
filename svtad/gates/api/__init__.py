"""REST: judging a phase, its stored judgements, its papers and evidence; releases; and the rulebook by itself."""

from __future__ import annotations

from svtad.gates.api import asking, assessments, dmcs, evidence, releases

__all__ = ["urlpatterns"]

urlpatterns = [
    *assessments.urlpatterns,
    *evidence.urlpatterns,
    *asking.urlpatterns,
    *dmcs.urlpatterns,
    *releases.urlpatterns,
]
