"""Addresses of governing documents and their parameters."""

from __future__ import annotations

from django.urls import path

from svtad.governing import views

app_name = "governing"
urlpatterns = [
    path("", views.documents, name="documents"),
    path("approach/", views.enter_approach, name="enter-approach"),
    path("<str:public_id>/", views.version, name="version"),
    path("<str:public_id>/in-force/", views.record_in_force, name="in-force"),
    path("<str:public_id>/in-force/withdraw/", views.withdraw_in_force, name="withdraw-in-force"),
    path("<str:public_id>/criteria/", views.add_criterion, name="add-criterion"),
    path("<str:public_id>/criteria/<str:criterion_id>/withdraw/", views.drop_criterion, name="drop-criterion"),
    path("<str:public_id>/<str:key>/set/", views.set_value, name="set"),
    path("<str:public_id>/<str:key>/clear/", views.clear_value, name="clear"),
]
