"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from reports.views import copies, reports

app_name = "reports"
urlpatterns = [
    path("", reports.reports, name="reports"),
    path("issue-log/", reports.request_log, name="issue-log"),
    path("copies/", copies.given_copies, name="given"),
    path("copies/of/<str:public_id>/", copies.copies, name="copies"),
    path("copies/of/<str:public_id>/begin/", copies.begin_copies, name="copies-begin"),
    path("copies/<str:public_id>/make/", copies.make_copies, name="copies-make"),
    path("copies/<str:public_id>/share/", copies.share, name="copies-share"),
    path("copies/<str:public_id>/bring/", copies.bring, name="copies-bring"),
    path("copies/<str:public_id>/propose/", copies.propose, name="copies-propose"),
    path("copies/<str:public_id>/direct/", copies.direct, name="copies-direct"),
    path("packs/<str:public_id>/signer.pem", reports.signer_of_pack, name="pack-signer"),
    path("certificates/<str:public_id>/paper/", reports.request_paper, name="certificate-paper"),
    path("<str:public_id>/pack/", reports.request_sealed_pack, name="pack"),
    path("<str:public_id>/request/", reports.request_report, name="request"),
]
