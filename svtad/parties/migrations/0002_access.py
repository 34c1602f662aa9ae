"""Deputies, rules of access, tokens that sign; and an epoch by which a person's sessions end."""

import django.db.models.deletion
import svtad.lib.ids
from django.conf import settings
from django.db import migrations, models

from svtad.lib.triggers import append_only


class Migration(migrations.Migration):

    dependencies = [
        ('parties', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='person',
            name='session_epoch',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.CreateModel(
            name='AccessRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('SECOND_FACTOR', 'Who holds this role needs a second factor'), ('OWN_DECISION', 'Whoever opened the matter may record its decision')], max_length=16)),
                ('key', models.CharField(max_length=60)),
                ('value', models.BooleanField()),
                ('reason', models.CharField(max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=200)),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['kind', 'key'], name='access_rule_key')],
            },
        ),
        migrations.CreateModel(
            name='Deputyship',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=svtad.lib.ids.new_public_id, editable=False, max_length=22, unique=True)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('reason', models.CharField(max_length=200)),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=200)),
                ('deputy', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deputyships', to=settings.AUTH_USER_MODEL)),
                ('membership', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deputyships', to='parties.membership')),
                ('named_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='DeputyshipStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('CONFIRMED', 'Confirmed'), ('REFUSED', 'Refused'), ('ENDED', 'Ended')], max_length=10)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=200)),
                ('deputyship', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='parties.deputyship')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='SigningGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(max_length=128, unique=True)),
                ('reason', models.CharField(max_length=300)),
                ('recorded_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=200)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.AddConstraint(
            model_name='deputyship',
            constraint=models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='deputyship_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='deputyshipstep',
            constraint=models.UniqueConstraint(condition=models.Q(('step__in', ('CONFIRMED', 'REFUSED'))), fields=('deputyship',), name='deputyship_answered_once'),
        ),
        migrations.AddConstraint(
            model_name='deputyshipstep',
            constraint=models.UniqueConstraint(condition=models.Q(('step', 'ENDED')), fields=('deputyship',), name='deputyship_ended_once'),
        ),
        append_only(
            "parties_accessrule",
            "parties_deputyship",
            "parties_deputyshipstep",
            "parties_signinggrant",
        ),
    ]
