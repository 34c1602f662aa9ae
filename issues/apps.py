"""The issues app."""

from __future__ import annotations

from django.apps import AppConfig


class IssuesConfig(AppConfig):
    """Testing Issues and what is decided about them."""

    name = "issues"
    label = "issues"
    verbose_name = "Testing Issues"

    def ready(self) -> None:
        """Let decisions of boards reach issues, and let issues be imported."""
        from issues import handlers, importers

        handlers.register()
        importers.register()
