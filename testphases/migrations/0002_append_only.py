"""Triggers that hold this app's append-only tables."""

from __future__ import annotations

from django.db import migrations

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):
    """Refuse UPDATE and DELETE in the database itself."""

    dependencies = [("testphases", "0001_initial")]

    operations = [
        append_only(
            "testphases_descoping",
            "testphases_resultarrival",
            "testphases_runassurance",
            "testphases_runevidence",
            "testphases_runvoid",
            "testphases_scopestatechange",
            "testphases_testrun",
        ),
    ]
