import django.db.models.deletion
import svtad.lib.ids
from django.db import migrations, models

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('gates', '0005_correction_plans'),
        ('governance', '0011_notices_with_documents'),
        ('governing', '0002_standings'),
        ('testphases', '0004_stages_releases_eligibility'),
    ]

    operations = [
        migrations.CreateModel(
            name='CriterionAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('met', models.BooleanField()),
                ('reasons', models.CharField(max_length=400)),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('criterion', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='governing.enteredcriterion')),
                ('evidence', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='gates.evidenceitem')),
                ('scope', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='testphases.testscope')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='ReleaseMatter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('recorded_at', models.DateTimeField(db_index=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('matter', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='governance.matter')),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='testphases.capabilityrelease')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='RepeatDocument',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True)),
                ('valid_from', models.DateTimeField(db_index=True)),
                ('valid_to', models.DateTimeField(blank=True, null=True)),
                ('recorded_by', models.CharField(max_length=200)),
                ('release', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='testphases.capabilityrelease')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='governing.documentversion')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('valid_to__isnull', True)), fields=('release', 'version'), name='repeat_document_once')],
            },
        ),
        append_only("gates_criterionanswer", "gates_releasematter"),
    ]
