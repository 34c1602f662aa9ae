import django.db.models.deletion
import svtad.lib.ids
from django.db import migrations, models

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0004_calendar_feeds'),
        ('testphases', '0003_descoping_ends'),
    ]

    operations = [
        migrations.CreateModel(
            name='Eligibility',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True)),
                ('role', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('NOT_STARTED', 'Not started'), ('IN_PROGRESS', 'In progress'), ('COMPLETE', 'Complete')], db_index=True, default='NOT_STARTED', max_length=12)),
                ('recorded_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('organisation', 'role'),
            },
        ),
        migrations.CreateModel(
            name='EligibilityChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(blank=True, max_length=12)),
                ('to_state', models.CharField(choices=[('NOT_STARTED', 'Not started'), ('IN_PROGRESS', 'In progress'), ('COMPLETE', 'Complete')], max_length=12)),
                ('basis', models.CharField(blank=True, max_length=400)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('recorded_by', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='ReleaseStateChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(max_length=8)),
                ('to_state', models.CharField(max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('facts', models.JSONField(default=dict)),
                ('facts_sha256', models.CharField(blank=True, max_length=64)),
                ('findings', models.JSONField(default=list)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('recorded_by', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='StageAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('met', models.BooleanField()),
                ('reasons', models.CharField(max_length=400)),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('recorded_by', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='StageCriterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True)),
                ('valid_from', models.DateTimeField(db_index=True)),
                ('valid_to', models.DateTimeField(blank=True, null=True)),
                ('gate', models.CharField(choices=[('ENTRY', 'Entry'), ('EXIT', 'Exit')], max_length=5)),
                ('clause', models.CharField(blank=True, max_length=60)),
                ('text', models.CharField(max_length=400)),
                ('recorded_by', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ('stage', 'gate', 'pk'),
            },
        ),
        migrations.CreateModel(
            name='StagePlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateTimeField(db_index=True)),
                ('valid_to', models.DateTimeField(blank=True, null=True)),
                ('starts_on', models.DateField(blank=True, null=True)),
                ('ends_on', models.DateField(blank=True, null=True)),
                ('has_entry_gate', models.BooleanField(default=False)),
                ('has_exit_gate', models.BooleanField(default=False)),
                ('test_plan', models.CharField(blank=True, max_length=300)),
                ('recorded_by', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='StageStateChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_state', models.CharField(choices=[('PLANNED', 'Planned'), ('RUNNING', 'Running'), ('DONE', 'Done')], max_length=8)),
                ('to_state', models.CharField(choices=[('PLANNED', 'Planned'), ('RUNNING', 'Running'), ('DONE', 'Done')], max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('criteria', models.JSONField(default=list)),
                ('occurred_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('recorded_by', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.AddField(
            model_name='capabilityrelease',
            name='state',
            field=models.CharField(choices=[('PLANNED', 'Planned'), ('IN_TEST', 'In test'), ('READY', 'Ready'), ('LIVE', 'Live')], default='PLANNED', max_length=8),
        ),
        migrations.AddField(
            model_name='teststage',
            name='kind',
            field=models.CharField(blank=True, max_length=20),
        ),
        migrations.AddField(
            model_name='teststage',
            name='state',
            field=models.CharField(choices=[('PLANNED', 'Planned'), ('RUNNING', 'Running'), ('DONE', 'Done')], default='PLANNED', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='teststage',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', ''), _negated=True), fields=('scope', 'kind'), name='stage_kind_once'),
        ),
        migrations.AddField(
            model_name='eligibility',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='parties.organisation'),
        ),
        migrations.AddField(
            model_name='eligibilitychange',
            name='eligibility',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='testphases.eligibility'),
        ),
        migrations.AddField(
            model_name='releasestatechange',
            name='release',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='state_changes', to='testphases.capabilityrelease'),
        ),
        migrations.AddField(
            model_name='stagecriterion',
            name='stage',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='criteria', to='testphases.teststage'),
        ),
        migrations.AddField(
            model_name='stageanswer',
            name='criterion',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='answers', to='testphases.stagecriterion'),
        ),
        migrations.AddField(
            model_name='stageplan',
            name='stage',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='testphases.teststage'),
        ),
        migrations.AddField(
            model_name='stagestatechange',
            name='stage',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='state_changes', to='testphases.teststage'),
        ),
        migrations.AddConstraint(
            model_name='eligibility',
            constraint=models.UniqueConstraint(fields=('organisation', 'role'), name='eligibility_once'),
        ),
        migrations.AddConstraint(
            model_name='stageplan',
            constraint=models.UniqueConstraint(condition=models.Q(('valid_to__isnull', True)), fields=('stage',), name='stage_plan_once'),
        ),
        migrations.AddConstraint(
            model_name='stageplan',
            constraint=models.CheckConstraint(condition=models.Q(('starts_on__isnull', True), ('ends_on__isnull', True), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='stage_ends_after_it_starts'),
        ),
        migrations.AddConstraint(
            model_name='stageplan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('has_entry_gate', False), ('has_exit_gate', False)), models.Q(('test_plan', ''), _negated=True), _connector='OR'), name='stage_gate_has_its_plan'),
        ),
        append_only("testphases_eligibilitychange", "testphases_releasestatechange", "testphases_stageanswer", "testphases_stagestatechange"),
    ]
