"""The portal app."""

from __future__ import annotations

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Pages across all apps; it has no tables of its own."""

    name = "svtad.portal"
    label = "portal"
    verbose_name = "Portal"
