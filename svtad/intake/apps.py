"""The intake app."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """The import engine: preview, row errors, all or nothing."""

    name = "svtad.intake"
    label = "intake"
    verbose_name = "Intake"

    def ready(self) -> None:
        """Let workers preview and import files."""
        from svtad.intake import handlers

        handlers.register()
