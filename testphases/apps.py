"""The testphases app."""

from __future__ import annotations

from django.apps import AppConfig


class TestphasesConfig(AppConfig):
    """Test scopes, planned tests and runs."""

    name = "testphases"
    label = "testphases"
    verbose_name = "Test Phases"

    def ready(self) -> None:
        """Register what decisions on de-scoping do, and the files that this app takes in."""
        from testphases import handlers, importers

        handlers.register()
        importers.register()
