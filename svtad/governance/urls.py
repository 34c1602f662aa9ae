"""Addresses of matters, decisions, jobs, files and the calendar."""

from __future__ import annotations

from django.urls import path

from svtad.governance.views import calendar, files, jobs, matter, matters

app_name = "governance"
urlpatterns = [
    path("matters/", matters.matters, name="matters"),
    path("matters/<str:public_id>/", matter.matter, name="matter"),
    path("matters/<str:public_id>/ask/", matter.ask, name="ask"),
    path("matters/<str:public_id>/views/<str:request_id>/", matter.answer, name="answer"),
    path("matters/<str:public_id>/correct/", matter.correct, name="correct"),
    path("matters/<str:public_id>/<str:body>/<str:outcome>/", matter.decide, name="decide"),
    path("decisions/", matters.decisions, name="decisions"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/<str:public_id>/", jobs.job, name="job"),
    path("jobs/<str:public_id>/cancel/", jobs.cancel, name="cancel-job"),
    path("files/<str:public_id>/", files.download, name="file"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("calendar/<int:pk>/remove/", calendar.remove, name="remove-override"),
]
