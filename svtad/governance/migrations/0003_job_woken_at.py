"""When the broker last took a job's message: a sweep need not ask again at once."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add Job.woken_at."""

    dependencies = [("governance", "0002_append_only")]

    operations = [
        migrations.AddField(
            model_name="job",
            name="woken_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
