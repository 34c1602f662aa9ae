"""Triggers of the new table, and of those that SQLite made anew for a column and so lost theirs."""

from __future__ import annotations

from django.db import migrations

from svtad.lib.triggers import append_only

_MADE_ANEW = append_only("gates_evidenceitem", "gates_workoffplanitemchange")


class Migration(migrations.Migration):
    """Refuse UPDATE and DELETE in the database itself."""

    dependencies = [("gates", "0003_evidence_reviews")]

    operations = [
        append_only("gates_evidencereview"),
        migrations.RunPython(_MADE_ANEW.reverse_code, migrations.RunPython.noop),
        _MADE_ANEW,
    ]
