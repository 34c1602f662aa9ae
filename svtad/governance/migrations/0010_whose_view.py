"""A view says who gave it for the body, and a member's own remark is none."""

from __future__ import annotations

from django.db import migrations, models

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):
    """Add the columns; SQLite makes the table anew for them, and so its triggers.

    What was recorded before this day was recorded as the body's view, by whoever `recorded_by` says.
    """

    dependencies = [("governance", "0009_deadline_kinds")]

    operations = [
        migrations.AddField(model_name="view", name="is_remark", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="view", name="given_by", field=models.CharField(blank=True, max_length=200)),
        migrations.AddConstraint(
            model_name="view",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_none", False), ("is_remark", False), _connector="OR"),
                name="view_remark_says_something",
            ),
        ),
        append_only("governance_view"),
    ]
