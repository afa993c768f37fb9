"""Receipts for what readers send in."""

import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tracking', '0011_findings_sent_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receipt', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='receipt')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True, verbose_name='digest')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', 'Chinese (simplified)')], default='en', max_length=10, verbose_name='language')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('finding', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='submission', to='tracking.finding', verbose_name='finding')),
            ],
            options={
                'verbose_name': 'submission',
                'verbose_name_plural': 'submissions',
                'default_permissions': (),
                'constraints': [models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='submission_language_known')],
            },
        ),
    ]
