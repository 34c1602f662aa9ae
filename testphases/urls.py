"""Addresses of Test Phases, planned tests, runs and results that no plan knows."""

from __future__ import annotations

from django.urls import path

from testphases.views import descoping, eligibility, one_test, phases, setting_up, stages, tests, unmatched

app_name = "testphases"
urlpatterns = [
    path("", phases.phases, name="phases"),
    path("set-up/", setting_up.set_up, name="set-up"),
    path("set-up/<str:what>/", setting_up.create, name="create"),
    path("eligibility/", eligibility.eligibility, name="eligibility"),
    path("eligibility/<str:public_id>/move/", eligibility.move, name="move-eligibility"),
    path("of-dmc/<str:public_id>/", tests.of_dmc, name="of-dmc"),
    path("planned/<str:public_id>/", one_test.test, name="test"),
    path("planned/<str:public_id>/edit/", one_test.edit, name="edit-test"),
    path("runs/<str:run_key>/void/", one_test.void, name="void-run"),
    path("runs/<str:run_key>/assure/", one_test.assure, name="assure-run"),
    path("runs/<str:run_key>/evidence/", one_test.add_evidence, name="run-evidence"),
    path("<str:public_id>/about/", phases.scope, name="scope"),
    path("<str:public_id>/move/", phases.move, name="move"),
    path("<str:public_id>/freeze/", phases.freeze, name="freeze"),
    path("<str:public_id>/participants/", phases.add_participant, name="add-participant"),
    path("<str:public_id>/participants/<str:organisation_id>/end/", phases.end_participation, name="end-participation"),
    path("<str:public_id>/stages/", stages.stages, name="stages"),
    path("<str:public_id>/stages/<str:stage_id>/plan/", stages.plan, name="plan-stage"),
    path("<str:public_id>/stages/<str:stage_id>/move/", stages.move, name="move-stage"),
    path("<str:public_id>/stages/<str:stage_id>/criteria/", stages.enter_criterion, name="stage-criterion"),
    path(
        "<str:public_id>/stages/<str:stage_id>/criteria/<str:criterion_id>/answer/",
        stages.answer,
        name="stage-answer",
    ),
    path(
        "<str:public_id>/stages/<str:stage_id>/criteria/<str:criterion_id>/withdraw/",
        stages.withdraw,
        name="stage-criterion-withdraw",
    ),
    path("<str:public_id>/tests/", tests.heatmap, name="heatmap"),
    path("<str:public_id>/tests/list/", tests.tests, name="tests"),
    path("<str:public_id>/tests/descope/", descoping.descope, name="descope"),
    path("<str:public_id>/unmatched/", unmatched.unmatched, name="unmatched"),
    path("<str:public_id>/unmatched/resolve/", unmatched.resolve, name="resolve"),
    path("<str:public_id>/unmatched/dismiss/", unmatched.dismiss, name="dismiss"),
]
