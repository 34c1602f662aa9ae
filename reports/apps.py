"""The reports app."""

from __future__ import annotations

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports; it has no tables of its own."""

    name = "reports"
    label = "reports"
    verbose_name = "Reports"
