"""The devices app."""

from __future__ import annotations

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    """Device Models and Device Model Combinations."""

    name = "svtad.devices"
    label = "devices"
    verbose_name = "Devices"
