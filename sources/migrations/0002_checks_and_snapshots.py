"""Visits to sources, and the text that was found there."""

import django.db.models.deletion
import sources.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Snapshot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken_at', models.DateTimeField(verbose_name='taken at')),
                ('hash', models.CharField(help_text='SHA-256 of the text in UTF-8.', max_length=64, verbose_name='hash')),
                ('text', models.TextField(verbose_name='text')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='snapshots', to='sources.source', verbose_name='source')),
            ],
            options={
                'verbose_name': 'snapshot',
                'verbose_name_plural': 'snapshots',
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('checked_at', models.DateTimeField(verbose_name='checked at')),
                ('http_status', models.PositiveSmallIntegerField(null=True, verbose_name='HTTP status')),
                ('address', models.CharField(blank=True, max_length=2000, verbose_name='address that answered')),
                ('etag', models.CharField(blank=True, max_length=500, verbose_name='ETag')),
                ('last_modified', models.CharField(blank=True, max_length=100, verbose_name='Last-Modified')),
                ('error', models.TextField(blank=True, verbose_name='error')),
                ('by', models.ForeignKey(help_text='Empty when a job looked.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('source', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='sources.source', verbose_name='source')),
                ('snapshot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='sources.snapshot', verbose_name='snapshot')),
            ],
            options={
                'verbose_name': 'check',
                'verbose_name_plural': 'checks',
            },
        ),
        migrations.AddConstraint(
            model_name='snapshot',
            constraint=models.UniqueConstraint(fields=('source', 'hash'), name='snapshot_once'),
        ),
        migrations.AddConstraint(
            model_name='snapshot',
            constraint=models.UniqueConstraint(fields=('id', 'source'), name='snapshot_of_source'),
        ),
        migrations.AddConstraint(
            model_name='snapshot',
            constraint=models.CheckConstraint(condition=models.Q(('hash', sources.models.Sha256('text'))), name='snapshot_hash_of_text'),
        ),
        migrations.AddIndex(
            model_name='check',
            index=models.Index(fields=['source', '-checked_at'], name='check_newest_of_source'),
        ),
    ]
