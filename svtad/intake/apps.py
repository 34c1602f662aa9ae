"""The intake app."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The import engine: preview, row errors, all or nothing."""

    name = "svtad.intake"
    label = "intake"
    verbose_name = "Intake"
