"""Addresses of Testing Issues."""

from __future__ import annotations

from django.urls import path

from issues.views import bulk, issue, left, log, said

app_name = "issues"
urlpatterns = [
    path("", log.log, name="log"),
    path("raise/", log.raise_, name="raise"),
    path("bulk/", bulk.bulk, name="bulk"),
    path("out-of-the-count/", left.left, name="left"),
    path("trackers/", said.trackers, name="trackers"),
    path("produce-log/", log.produce_log, name="produce-log"),
    path("of-test/<str:public_id>/", log.of_test, name="of-test"),
    path("of-dmc/<str:public_id>/", log.of_dmc, name="of-dmc"),
    path("comments/<str:public_id>/correct/", said.correct, name="correct-comment"),
    path("files/<str:public_id>/", said.attachment, name="attachment"),
    path("files/<str:public_id>/withdraw/", said.withdraw, name="withdraw-attachment"),
    path("<str:public_id>/", issue.issue, name="issue"),
    path("<str:public_id>/comment/", said.comment, name="comment"),
    path("<str:public_id>/attach/", said.attach, name="attach"),
    path("<str:public_id>/links/<str:link_id>/end/", said.unlink, name="unlink"),
    path("<str:public_id>/<str:name>/", issue.act, name="act"),
]
