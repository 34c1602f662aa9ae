"""The testphases app."""

from __future__ import annotations

from django.apps import AppConfig


class TestphasesConfig(AppConfig):
    """Test scopes, planned tests and runs."""

    name = "testphases"
    label = "testphases"
    verbose_name = "Test Phases"
