"""REST: programmes, releases, Test Phases, planned tests, results, stages, eligibility."""

from __future__ import annotations

from django.urls import path

from testphases.api.phases import Descopings, OnePhase, PhaseCounts, Phases, Programmes, Releases
from testphases.api.plans import PlannedTests
from testphases.api.results import Results, UnmatchedResults
from testphases.api.stages import urlpatterns as of_stages

urlpatterns = [
    path("programmes", Programmes.as_view(), name="api-programmes"),
    path("releases", Releases.as_view(), name="api-releases"),
    path("phases", Phases.as_view(), name="api-phases"),
    path("phases/<str:public_id>", OnePhase.as_view(), name="api-phase"),
    path("phases/<str:public_id>/counts", PhaseCounts.as_view(), name="api-phase-counts"),
    path("phases/<str:public_id>/descopings", Descopings.as_view(), name="api-descopings"),
    path("planned-tests", PlannedTests.as_view(), name="api-planned-tests"),
    path("results", Results.as_view(), name="api-results"),
    path("unmatched-results", UnmatchedResults.as_view(), name="api-unmatched-results"),
    *of_stages,
]
