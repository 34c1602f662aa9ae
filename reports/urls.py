"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="reports"),
    path("issue-log/", views.request_log, name="issue-log"),
    path("packs/<str:public_id>/signer.pem", views.signer_of_pack, name="pack-signer"),
    path("certificates/<str:public_id>/paper/", views.request_paper, name="certificate-paper"),
    path("<str:public_id>/pack/", views.request_sealed_pack, name="pack"),
    path("<str:public_id>/request/", views.request_report, name="request"),
]
