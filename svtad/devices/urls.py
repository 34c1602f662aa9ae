"""Addresses of Device Model Combinations."""

from __future__ import annotations

from django.urls import path

from svtad.devices import views

app_name = "devices"
urlpatterns = [
    path("", views.dmcs, name="dmcs"),
    path("record/", views.record, name="record"),
    path("record/<str:what>/", views.create, name="create"),
    path("<str:public_id>/", views.dmc, name="dmc"),
]
