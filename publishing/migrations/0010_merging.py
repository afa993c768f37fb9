"""Things that were merged into others, and the mergers; the guards are in sql/merging.sql."""

from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0009_search_by_letters'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Merger',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('note_en', models.TextField(blank=True, verbose_name='note (English)')),
                ('note_zh', models.TextField(blank=True, verbose_name='note (Chinese)')),
                ('prepared_at', models.DateTimeField(verbose_name='prepared at')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('merged', 'merged'), ('discarded', 'discarded'), ('undone', 'undone')], default='waiting', max_length=10, verbose_name='state')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed at')),
                ('outcome', models.JSONField(default=dict, verbose_name='what it moved')),
            ],
            options={
                'verbose_name': 'merger',
                'verbose_name_plural': 'mergers',
                'default_permissions': ('view',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='publishable',
            name='publishable_state_known',
        ),
        migrations.AddField(
            model_name='publishable',
            name='merged_into',
            field=models.ForeignKey(db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_from', to='publishing.publishable', verbose_name='merged into'),
        ),
        migrations.AlterField(
            model_name='change',
            name='act',
            field=models.CharField(choices=[('import', 'import'), ('publish', 'publication'), ('unpublish', 'unpublication'), ('merge', 'merger'), ('separate', 'undoing of a merger'), ('decide', 'decision'), ('correct', 'correction'), ('revise_method', 'revision of the method'), ('redeclare', 'change of what is published'), ('recur', 'next period of what comes round again')], max_length=20, verbose_name='act'),
        ),
        migrations.AlterField(
            model_name='ledgerentry',
            name='action',
            field=models.CharField(choices=[('published', 'published'), ('revised', 'revised'), ('unpublished', 'unpublished'), ('merged', 'merged'), ('absorbed', 'took another one in')], max_length=12, verbose_name='action'),
        ),
        migrations.AlterField(
            model_name='publishable',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('unpublished', 'unpublished'), ('merged', 'merged')], default='draft', editable=False, max_length=12, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='publishableevent',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('unpublished', 'unpublished'), ('merged', 'merged')], default='draft', editable=False, max_length=12, verbose_name='state'),
        ),
        AddConstraintNotValid(
            model_name='publishable',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'published', 'unpublished', 'merged'])), name='publishable_state_known'),
        ),
        AddConstraintNotValid(
            model_name='publishable',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('state', 'merged'), models.Q(('merged_into', models.F('pk')), _negated=True)), _connector='OR'), name='publishable_merged_into_another'),
        ),
        migrations.AddField(
            model_name='merger',
            name='closed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='closed by'),
        ),
        migrations.AddField(
            model_name='merger',
            name='done_in',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merger', to='publishing.change', verbose_name='done in'),
        ),
        migrations.AddField(
            model_name='merger',
            name='into',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mergers_into_it', to='publishing.publishable', verbose_name='what stays'),
        ),
        migrations.AddField(
            model_name='merger',
            name='old',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mergers', to='publishing.publishable', verbose_name='what goes'),
        ),
        migrations.AddField(
            model_name='merger',
            name='prepared_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prepared_mergers', to=settings.AUTH_USER_MODEL, verbose_name='prepared by'),
        ),
        migrations.AddField(
            model_name='merger',
            name='undone_in',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_merger', to='publishing.change', verbose_name='undone in'),
        ),
        migrations.AddIndex(
            model_name='merger',
            index=models.Index(fields=['-prepared_at', '-id'], name='merger_newest'),
        ),
        migrations.AddConstraint(
            model_name='merger',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'merged', 'discarded', 'undone'])), name='merger_state_known'),
        ),
        migrations.AddConstraint(
            model_name='merger',
            constraint=models.CheckConstraint(condition=models.Q(('old', models.F('into')), _negated=True), name='merger_of_two'),
        ),
        migrations.AddConstraint(
            model_name='merger',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('closed_by', None), ('done_in', None), ('state', 'waiting'), ('undone_in', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), ('done_in', None), ('state', 'discarded'), ('undone_in', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), ('done_in__isnull', False), ('state', 'merged'), ('undone_in', None)), models.Q(('closed_at__isnull', False), ('closed_by__isnull', False), ('done_in__isnull', False), ('state', 'undone'), ('undone_in__isnull', False)), _connector='OR'), name='merger_as_far_as_it_is'),
        ),
        migrations.AddConstraint(
            model_name='merger',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'merged'])), fields=('old',), name='merger_one_at_a_time'),
        ),
        migrations.RunSQL((SQL / "merging.sql").read_text(), (SQL / "merging_drop.sql").read_text()),
    ]
