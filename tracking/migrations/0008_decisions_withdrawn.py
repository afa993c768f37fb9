"""A decision that nobody wants can be withdrawn, by whom and why is kept."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tracking', '0007_evidence_rests_on_a_snapshot'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='decision',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='decision',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='decision',
            name='decision_complete_unless_draft',
        ),
        migrations.AddField(
            model_name='decision',
            name='withdrawn_at',
            field=models.DateTimeField(null=True, verbose_name='withdrawn at'),
        ),
        migrations.AddField(
            model_name='decision',
            name='withdrawn_because',
            field=models.TextField(blank=True, db_default='', verbose_name='withdrawn because'),
        ),
        migrations.AddField(
            model_name='decision',
            name='withdrawn_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='withdrawn by'),
        ),
        migrations.AddField(
            model_name='decisionevent',
            name='withdrawn_at',
            field=models.DateTimeField(null=True, verbose_name='withdrawn at'),
        ),
        migrations.AddField(
            model_name='decisionevent',
            name='withdrawn_because',
            field=models.TextField(blank=True, db_default='', verbose_name='withdrawn because'),
        ),
        migrations.AddField(
            model_name='decisionevent',
            name='withdrawn_by',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to=settings.AUTH_USER_MODEL, verbose_name='withdrawn by'),
        ),
        migrations.AlterField(
            model_name='decision',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted'), ('returned', 'returned'), ('approved', 'approved'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='decisionevent',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('submitted', 'submitted'), ('returned', 'returned'), ('approved', 'approved'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='state'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD.* IS DISTINCT FROM NEW.*)', func='INSERT INTO "tracking_decisionevent" ("approved_at", "approved_by_id", "based_on", "changed_at", "changed_by_id", "effective_on", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prepared_at", "prepared_by_id", "publish_not_before", "reason_en", "reason_zh", "record_id", "returned_at", "returned_because", "returned_by_id", "state", "status", "status_change_id", "supersedes_id", "told_how", "told_on", "was_wrong_en", "was_wrong_zh", "withdrawn_at", "withdrawn_because", "withdrawn_by_id") VALUES (OLD."approved_at", OLD."approved_by_id", OLD."based_on", OLD."changed_at", OLD."changed_by_id", OLD."effective_on", OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'update\', OLD."id", OLD."prepared_at", OLD."prepared_by_id", OLD."publish_not_before", OLD."reason_en", OLD."reason_zh", OLD."record_id", OLD."returned_at", OLD."returned_because", OLD."returned_by_id", OLD."state", OLD."status", OLD."status_change_id", OLD."supersedes_id", OLD."told_how", OLD."told_on", OLD."was_wrong_en", OLD."was_wrong_zh", OLD."withdrawn_at", OLD."withdrawn_because", OLD."withdrawn_by_id"); RETURN NULL;', hash='6b892f11633c9c9c9340eaf53eaf431b996dd9c3', operation='UPDATE', pgid='pgtrigger_update_update_4c549', table='tracking_decision', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='decision',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "tracking_decisionevent" ("approved_at", "approved_by_id", "based_on", "changed_at", "changed_by_id", "effective_on", "id", "kind", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "prepared_at", "prepared_by_id", "publish_not_before", "reason_en", "reason_zh", "record_id", "returned_at", "returned_because", "returned_by_id", "state", "status", "status_change_id", "supersedes_id", "told_how", "told_on", "was_wrong_en", "was_wrong_zh", "withdrawn_at", "withdrawn_because", "withdrawn_by_id") VALUES (OLD."approved_at", OLD."approved_by_id", OLD."based_on", OLD."changed_at", OLD."changed_by_id", OLD."effective_on", OLD."id", OLD."kind", _pgh_attach_context(), NOW(), \'delete\', OLD."id", OLD."prepared_at", OLD."prepared_by_id", OLD."publish_not_before", OLD."reason_en", OLD."reason_zh", OLD."record_id", OLD."returned_at", OLD."returned_because", OLD."returned_by_id", OLD."state", OLD."status", OLD."status_change_id", OLD."supersedes_id", OLD."told_how", OLD."told_on", OLD."was_wrong_en", OLD."was_wrong_zh", OLD."withdrawn_at", OLD."withdrawn_because", OLD."withdrawn_by_id"); RETURN NULL;', hash='476d7fb0fc3cc6617bfd02889e7702ce638cab8b', operation='DELETE', pgid='pgtrigger_delete_delete_a278b', table='tracking_decision', when='AFTER')),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'withdrawn']), models.Q(models.Q(('status', ''), _negated=True), ('effective_on__isnull', False), models.Q(models.Q(('reason_en', ''), _negated=True), models.Q(('reason_zh', ''), _negated=True), _connector='OR')), _connector='OR'), name='decision_complete_unless_draft'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'withdrawn'), _negated=True), models.Q(models.Q(('withdrawn_because', ''), _negated=True), ('withdrawn_at__isnull', False), ('withdrawn_by__isnull', False)), _connector='OR'), name='decision_withdrawn_with_reason', violation_error_message='Say why it is withdrawn.'),
        ),
    ]
