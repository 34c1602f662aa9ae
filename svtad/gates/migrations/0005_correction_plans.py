"""Correction plans for Work Off Plans that will be late (15.2)."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

import svtad.lib.ids


class Migration(migrations.Migration):
    """Create the table."""

    dependencies = [
        ("gates", "0004_signed_papers"),
        ("governance", "0011_notices_with_documents"),
    ]

    operations = [
        migrations.CreateModel(
            name="CorrectionPlan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True),
                ),
                ("recorded_at", models.DateTimeField(db_index=True)),
                (
                    "matter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.matter"
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="corrections", to="gates.workoffplan"
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
    ]
