"""The governing app."""

from __future__ import annotations

from django.apps import AppConfig


class GoverningConfig(AppConfig):
    """Governing documents, their versions and their parameters."""

    name = "svtad.governing"
    label = "governing"
    verbose_name = "Governing documents"

    def ready(self) -> None:
        """Tell the calendar beneath how a document's Working Days are read."""
        from svtad.governance.calendar import register_readings
        from svtad.governing.queries import day_reading

        register_readings(day_reading)
