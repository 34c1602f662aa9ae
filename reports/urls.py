"""Addresses of reports."""

from __future__ import annotations

from django.urls import path

from reports import views

app_name = "reports"
urlpatterns = [
    path("", views.reports, name="reports"),
    path("<str:public_id>/request/", views.request_report, name="request"),
]
