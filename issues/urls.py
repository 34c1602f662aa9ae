"""Addresses of Testing Issues."""

from __future__ import annotations

from django.urls import path

from issues.views import issue, log

app_name = "issues"
urlpatterns = [
    path("", log.log, name="log"),
    path("raise/", log.raise_, name="raise"),
    path("produce-log/", log.produce_log, name="produce-log"),
    path("of-test/<str:public_id>/", log.of_test, name="of-test"),
    path("<str:public_id>/", issue.issue, name="issue"),
    path("<str:public_id>/<str:name>/", issue.act, name="act"),
]
