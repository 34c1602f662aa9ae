"""The governing app."""

from __future__ import annotations

from django.apps import AppConfig


class GoverningConfig(AppConfig):
    """Governing documents, their versions and their parameters."""

    name = "svtad.governing"
    label = "governing"
    verbose_name = "Governing documents"
