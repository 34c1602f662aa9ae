"""Triggers that hold this app's append-only tables."""

from __future__ import annotations

from django.db import migrations

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):
    """Refuse UPDATE and DELETE in the database itself."""

    dependencies = [("gates", "0001_initial")]

    operations = [
        append_only(
            "gates_assessment",
            "gates_assessmentfinding",
            "gates_evidenceitem",
            "gates_evidencereview",
            "gates_evidencewithdrawal",
            "gates_filedreport",
            "gates_workoffplanitemchange",
        ),
    ]
