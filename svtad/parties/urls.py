"""Addresses of people and organisations."""

from __future__ import annotations

from django.urls import path

from svtad.parties.views import access, deputies, people

app_name = "parties"
urlpatterns = [
    path("", people.people, name="people"),
    path("organisations/", people.organisations, name="organisations"),
    path("rules/", access.rules, name="rules"),
    path("who/", access.who, name="who"),
    path("acting/", deputies.act, name="act"),
    path("deputies/", deputies.deputies, name="deputies"),
    path("deputies/<str:public_id>/answer/", deputies.answer, name="answer-deputy"),
    path("deputies/<str:public_id>/end/", deputies.end, name="end-deputy"),
    path("memberships/<str:public_id>/end/", people.end_membership, name="end-membership"),
    path("memberships/<str:public_id>/deputy/", deputies.name, name="name-deputy"),
    path("<str:public_id>/", people.person, name="person"),
    path("<str:public_id>/memberships/", people.add_membership, name="add-membership"),
    path("<str:public_id>/disable/", people.disable, name="disable"),
    path("<str:public_id>/enable/", people.enable, name="enable"),
    path("<str:public_id>/password/", people.set_password, name="set-password"),
    path("<str:public_id>/factors/reset/", people.reset_factors, name="reset-factors"),
    path("<str:public_id>/sessions/end/", people.end_sessions, name="end-sessions"),
    path("<str:public_id>/tokens/", people.issue_token, name="issue-token"),
    path("<str:public_id>/tokens/<str:token_key>/revoke/", people.revoke_token, name="revoke-token"),
    path("<str:public_id>/tokens/<str:token_key>/signing/", people.let_token_sign, name="let-token-sign"),
]
