"""Addresses of people and organisations."""

from __future__ import annotations

from django.urls import path

from svtad.parties.views import people

app_name = "parties"
urlpatterns = [
    path("", people.people, name="people"),
    path("organisations/", people.organisations, name="organisations"),
    path("memberships/<str:public_id>/end/", people.end_membership, name="end-membership"),
    path("<str:public_id>/", people.person, name="person"),
    path("<str:public_id>/memberships/", people.add_membership, name="add-membership"),
    path("<str:public_id>/disable/", people.disable, name="disable"),
    path("<str:public_id>/enable/", people.enable, name="enable"),
    path("<str:public_id>/tokens/", people.issue_token, name="issue-token"),
    path("<str:public_id>/tokens/<str:token_key>/revoke/", people.revoke_token, name="revoke-token"),
]
