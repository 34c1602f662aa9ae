"""A de-scoping can end: refused later by the Secretary of State, or recorded wrongly (12.6(a), rule 16)."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):
    """Let a test be de-scoped again after an end, and keep the ends as the de-scopings are kept: append-only."""

    dependencies = [
        ("governance", "0007_put_forward_by"),
        ("testphases", "0002_append_only"),
    ]

    operations = [
        migrations.AlterField(
            model_name="descoping",
            name="planned_test",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="descopings", to="testphases.plannedtest"
            ),
        ),
        migrations.AddConstraint(
            model_name="descoping",
            constraint=models.UniqueConstraint(
                fields=("planned_test", "decision"), name="descoping_once_per_decision"
            ),
        ),
        migrations.CreateModel(
            name="DescopingEnd",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.TextField(blank=True)),
                ("effective_at", models.DateTimeField()),
                ("recorded_at", models.DateTimeField(db_index=True)),
                (
                    "decision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.decision"
                    ),
                ),
                (
                    "descoping",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ended", to="testphases.descoping"
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        append_only("testphases_descoping", "testphases_descopingend"),
    ]
