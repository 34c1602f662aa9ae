"""A notice carries the document that its clause gives with it."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):
    """Add the column. Notices given before this day had no document with them."""

    dependencies = [("governance", "0010_whose_view")]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="attachment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="governance.storedfile",
            ),
        ),
        append_only("governance_notice"),
    ]
