"""Addresses of judgements, evidence, certificates and plans. They stand with the phases they are about."""

from __future__ import annotations

from django.urls import path

from svtad.gates.views import asking, comparing, criteria, dmcs, evidence, papers, phase, plans, releases

app_name = "gates"
urlpatterns = [
    path("plans/", plans.plans, name="plans"),
    path("plans/<str:public_id>/", plans.plan, name="plan"),
    path("plans/<str:public_id>/items/<str:issue_id>/", plans.change_item, name="plan-item"),
    path("plans/<str:public_id>/correction/", plans.present_correction, name="plan-correction"),
    path("judgements/<str:public_id>/", phase.assessment, name="assessment"),
    path("judgements/<str:public_id>/in-the-way/", phase.in_the_way, name="in-the-way"),
    path("judgements/<str:public_id>/what-if/", asking.what_if, name="what-if"),
    path("judgements/<str:public_id>/facts/", phase.facts, name="facts"),
    path("evidence/<str:public_id>/file/", evidence.evidence_file, name="evidence-file"),
    path("evidence/<str:public_id>/review/", evidence.review, name="evidence-review"),
    path("evidence/<str:public_id>/present/", evidence.present, name="evidence-present"),
    path("evidence/<str:public_id>/withdraw/", evidence.withdraw, name="evidence-withdraw"),
    path("releases/", releases.releases, name="releases"),
    path("releases/<str:public_id>/", releases.release, name="release"),
    path("releases/<str:public_id>/move/", releases.move, name="move-release"),
    path("releases/<str:public_id>/open/<str:procedure>/", releases.open_matter, name="open-release-matter"),
    path("releases/<str:public_id>/documents/", releases.name_document, name="repeat-document"),
    path(
        "releases/<str:public_id>/documents/<str:document_id>/withdraw/",
        releases.withdraw_document,
        name="withdraw-repeat-document",
    ),
    path("<str:public_id>/", phase.phase, name="phase"),
    path("<str:public_id>/entry/", phase.entry, name="entry"),
    path("<str:public_id>/judge/", phase.judge_again, name="judge"),
    path("<str:public_id>/judgements/", phase.assessments, name="assessments"),
    path("<str:public_id>/dmcs/", dmcs.dmcs, name="dmcs"),
    path("<str:public_id>/compare/", comparing.comparison, name="compare"),
    path("<str:public_id>/ledger/", phase.ledger, name="ledger"),
    path("<str:public_id>/criteria/", criteria.criteria, name="criteria"),
    path("<str:public_id>/criteria/<str:criterion_id>/", criteria.answer, name="answer-criterion"),
    path("<str:public_id>/evidence/", evidence.evidence, name="evidence"),
    path("<str:public_id>/papers/", papers.papers, name="papers"),
    path("<str:public_id>/papers/plan/", papers.draw_up, name="draw-up"),
    path("<str:public_id>/papers/approval/", papers.request_approval, name="request-approval"),
    path("<str:public_id>/papers/<str:provider_id>/judge/", papers.judge_provider, name="judge-provider"),
    path("<str:public_id>/papers/<str:provider_id>/draft/", papers.draft_certificate, name="draft-certificate"),
]
