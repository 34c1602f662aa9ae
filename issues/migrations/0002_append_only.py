"""Triggers that hold this app's append-only tables."""

from __future__ import annotations

from django.db import migrations

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):
    """Refuse UPDATE and DELETE in the database itself."""

    dependencies = [("issues", "0001_initial")]

    operations = [
        append_only(
            "issues_attribution",
            "issues_issuelog",
            "issues_issuestatechange",
            "issues_severitydetermination",
        ),
    ]
