"""Texts that were taken out of documents, and what is prepared of that; the guards are in sql/redaction.sql."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0013_search_by_fields'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='change',
            name='act',
            field=models.CharField(choices=[('import', 'import'), ('publish', 'publication'), ('unpublish', 'unpublication'), ('merge', 'merger'), ('separate', 'undoing of a merger'), ('redact', 'redaction'), ('decide', 'decision'), ('correct', 'correction'), ('revise_method', 'revision of the method'), ('redeclare', 'change of what is published'), ('recur', 'next period of what comes round again')], max_length=20, verbose_name='act'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='action',
            field=models.CharField(choices=[('published', 'published'), ('revised', 'revised'), ('unpublished', 'unpublished'), ('merged', 'merged'), ('absorbed', 'took another one in'), ('redacted', 'redacted')], max_length=12, verbose_name='action'),
        ),
        migrations.CreateModel(
            name='Redaction',
            fields=[
                ('entry', models.OneToOneField(db_column='seq', db_constraint=False, on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='redaction', serialize=False, to='publishing.ledgerentry')),
                ('salt', models.BinaryField(max_length=16, verbose_name='salt')),
                ('body', models.JSONField(verbose_name='redaction')),
                ('thing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='redactions', to='publishing.publishable', verbose_name='public thing')),
            ],
            options={
                'verbose_name': 'redaction',
                'verbose_name_plural': 'redactions',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='PendingRedaction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fields', models.JSONField(verbose_name='fields')),
                ('also_present', models.BooleanField(default=False, verbose_name='also as it stands now')),
                ('note_en', models.CharField(blank=True, max_length=150, verbose_name='note (English)')),
                ('note_zh', models.CharField(blank=True, max_length=150, verbose_name='note (Chinese)')),
                ('prepared_at', models.DateTimeField(verbose_name='prepared at')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('done', 'done'), ('discarded', 'discarded')], default='waiting', max_length=10, verbose_name='state')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed at')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='closed by')),
                ('prepared_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prepared_redactions', to=settings.AUTH_USER_MODEL, verbose_name='prepared by')),
                ('thing', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pending_redactions', to='publishing.publishable', verbose_name='public thing')),
            ],
            options={
                'verbose_name': 'redaction in preparation',
                'verbose_name_plural': 'redactions in preparation',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['-prepared_at', '-id'], name='pendingredaction_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'done', 'discarded'])), name='pendingredaction_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('closed_at__isnull', False), ('closed_by__isnull', False)), _connector='OR'), name='pendingredaction_closed_by_somebody'), models.CheckConstraint(condition=models.Q(models.Q(('note_en', ''), _negated=True), models.Q(('note_zh', ''), _negated=True), _connector='OR'), name='pendingredaction_with_note', violation_error_message='Say why it is redacted.')],
            },
        ),
        migrations.RunSQL((SQL / "redaction.sql").read_text(), (SQL / "redaction_drop.sql").read_text()),
    ]
