"""The governance app."""

from __future__ import annotations

from django.apps import AppConfig


class GovernanceConfig(AppConfig):
    """Matters, decisions, jobs and stored files."""

    name = "svtad.governance"
    label = "governance"
    verbose_name = "Governance"
