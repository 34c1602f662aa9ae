"""The parties app."""

from __future__ import annotations

from django.apps import AppConfig


class PartiesConfig(AppConfig):
    """Organisations, people and roles."""

    name = "svtad.parties"
    label = "parties"
    verbose_name = "People and organisations"
