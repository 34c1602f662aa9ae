"""Wording history; public ids of determinations and moves; the DCC itself as a cause."""

import django.db.models.deletion
import simple_history.models
import svtad.lib.ids
from django.conf import settings
from django.db import migrations, models

from svtad.lib.triggers import append_only

# SQLite rebuilds a table to change it, and its triggers go with the old one: take them off, put them back.
_held = append_only("issues_severitydetermination", "issues_attribution", "issues_issuestatechange")


class Migration(migrations.Migration):

    dependencies = [
        ('devices', '0002_history'),
        ('issues', '0002_append_only'),
        ('parties', '0002_history_and_immediate_end'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(_held.reverse_code, _held.code),
        migrations.CreateModel(
            name='HistoricalTestingIssue',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('public_id', models.CharField(db_index=True, default=svtad.lib.ids.new_public_id, editable=False, max_length=22)),
                ('reference', models.CharField(db_index=True, max_length=40)),
                ('title', models.CharField(max_length=300)),
                ('description', models.TextField(blank=True)),
                ('functional_group', models.CharField(blank=True, max_length=120)),
                ('environment', models.CharField(blank=True, max_length=80)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical testing issue',
                'verbose_name_plural': 'historical testing issues',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AlterModelOptions(
            name='countingquestion',
            options={'ordering': ('-id',)},
        ),
        migrations.AlterModelOptions(
            name='exclusionproposal',
            options={'ordering': ('-id',)},
        ),
        migrations.AlterModelOptions(
            name='severitydispute',
            options={'ordering': ('-id',)},
        ),
        migrations.RemoveConstraint(
            model_name='attribution',
            name='attribution_away_has_reasons',
        ),
        migrations.AddField(
            model_name='attribution',
            name='public_id',
            field=models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True),
        ),
        migrations.AddField(
            model_name='issuestatechange',
            name='public_id',
            field=models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True),
        ),
        migrations.AddField(
            model_name='severitydetermination',
            name='public_id',
            field=models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True),
        ),
        migrations.AlterField(
            model_name='attribution',
            name='cause',
            field=models.CharField(blank=True, choices=[('', 'Not yet determined'), ('DCC_SYSTEM', "Modified DCC Total System (one provider's part)"), ('DCC', 'The DCC itself'), ('DEVICE', 'Device'), ('PARTICIPANT', 'Testing Participant'), ('OTHER', 'Other')], max_length=12),
        ),
        migrations.AlterField(
            model_name='testingissue',
            name='cause',
            field=models.CharField(blank=True, choices=[('', 'Not yet determined'), ('DCC_SYSTEM', "Modified DCC Total System (one provider's part)"), ('DCC', 'The DCC itself'), ('DEVICE', 'Device'), ('PARTICIPANT', 'Testing Participant'), ('OTHER', 'Other')], default='', max_length=12),
        ),
        migrations.AddConstraint(
            model_name='attribution',
            constraint=models.CheckConstraint(condition=models.Q(('cause__in', ('', 'DCC_SYSTEM', 'DCC')), models.Q(('reasons', ''), _negated=True), _connector='OR'), name='attribution_away_has_reasons'),
        ),
        migrations.AddField(
            model_name='historicaltestingissue',
            name='dmc',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='devices.devicemodelcombination'),
        ),
        migrations.AddField(
            model_name='historicaltestingissue',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        _held,
    ]
