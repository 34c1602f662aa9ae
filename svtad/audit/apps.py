"""The audit app."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Audit events and their seals."""

    name = "svtad.audit"
    label = "audit"
    verbose_name = "Audit trail"
