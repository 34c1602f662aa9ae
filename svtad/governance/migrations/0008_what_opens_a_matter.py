"""What the procedure wants of whoever opens a matter is kept with it."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the columns. What was opened before this day has its reasons alone."""

    dependencies = [("governance", "0007_put_forward_by")]

    operations = [
        migrations.AddField(
            model_name="matter",
            name="data",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="matter",
            name="attachment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="matter",
            name="received_on",
            field=models.DateField(blank=True, null=True),
        ),
    ]
