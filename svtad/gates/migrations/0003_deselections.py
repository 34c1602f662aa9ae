"""De-selections of Device Model Combinations from a phase's testing (13.5 to 13.9)."""

from __future__ import annotations

import django.db.models.deletion
import svtad.lib.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the table."""

    dependencies = [
        ('devices', '0001_initial'),
        ('gates', '0002_append_only'),
        ('governance', '0011_notices_with_documents'),
        ('issues', '0003_longer_references'),
        ('testphases', '0003_descoping_ends'),
    ]

    operations = [
        migrations.CreateModel(
            name='DmcDeselection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True)),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('dmc', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='devices.devicemodelcombination')),
                ('issue', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='issues.testingissue')),
                ('matter', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='governance.matter')),
                ('scope', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='testphases.testscope')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
    ]
