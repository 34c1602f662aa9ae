"""Deadlines are of steps, as all were until now, or of duties under a matter that are no step."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the column."""

    dependencies = [("governance", "0008_what_opens_a_matter")]

    operations = [
        migrations.AddField(
            model_name="deadline",
            name="kind",
            field=models.CharField(
                choices=[("STEP", "Step"), ("DUTY", "Duty"), ("SET_DAY", "Set Day")], default="STEP", max_length=8
            ),
        ),
    ]
