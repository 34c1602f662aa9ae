"""The gates app."""

from __future__ import annotations

from django.apps import AppConfig


class GatesConfig(AppConfig):
    """Entry and exit: assessments, evidence, certificates, Work Off Plans."""

    name = "svtad.gates"
    label = "gates"
    verbose_name = "Entry and exit"
