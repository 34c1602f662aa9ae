"""Addresses of governing documents and their parameters."""

from __future__ import annotations

from django.urls import path

from svtad.governing import views

app_name = "governing"
urlpatterns = [
    path("", views.documents, name="documents"),
    path("<str:public_id>/", views.version, name="version"),
    path("<str:public_id>/<str:key>/set/", views.set_value, name="set"),
    path("<str:public_id>/<str:key>/clear/", views.clear_value, name="clear"),
]
