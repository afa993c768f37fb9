"""Evidence can name the kept text that it rests on, of its own source only."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sources', '0002_checks_and_snapshots'),
        ('tracking', '0006_guard_decisions'),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='evidence',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='evidence',
            name='delete_delete',
        ),
        migrations.AddField(
            model_name='evidence',
            name='snapshot',
            field=models.ForeignKey(blank=True, help_text='The snapshot of the source that it rests on, if its text is kept.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='sources.snapshot', verbose_name='kept text'),
        ),
        migrations.AddField(
            model_name='evidenceevent',
            name='snapshot',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='The snapshot of the source that it rests on, if its text is kept.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', related_query_name='+', to='sources.snapshot', verbose_name='kept text'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='evidence',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."observed_on" IS DISTINCT FROM (NEW."observed_on") OR OLD."publishable_ptr_id" IS DISTINCT FROM (NEW."publishable_ptr_id") OR OLD."record_id" IS DISTINCT FROM (NEW."record_id") OR OLD."shows_en" IS DISTINCT FROM (NEW."shows_en") OR OLD."shows_zh" IS DISTINCT FROM (NEW."shows_zh") OR OLD."snapshot_id" IS DISTINCT FROM (NEW."snapshot_id") OR OLD."source_id" IS DISTINCT FROM (NEW."source_id") OR OLD."stance" IS DISTINCT FROM (NEW."stance"))', func='INSERT INTO "tracking_evidenceevent" ("observed_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "publishable_ptr_id", "record_id", "shows_en", "shows_zh", "snapshot_id", "source_id", "stance") VALUES (OLD."observed_on", _pgh_attach_context(), NOW(), \'update\', OLD."publishable_ptr_id", OLD."publishable_ptr_id", OLD."record_id", OLD."shows_en", OLD."shows_zh", OLD."snapshot_id", OLD."source_id", OLD."stance"); RETURN NULL;', hash='471a984ff9df6b71a420ada89fdd07a55599ec1a', operation='UPDATE', pgid='pgtrigger_update_update_584e2', table='tracking_evidence', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='evidence',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "tracking_evidenceevent" ("observed_on", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "publishable_ptr_id", "record_id", "shows_en", "shows_zh", "snapshot_id", "source_id", "stance") VALUES (OLD."observed_on", _pgh_attach_context(), NOW(), \'delete\', OLD."publishable_ptr_id", OLD."publishable_ptr_id", OLD."record_id", OLD."shows_en", OLD."shows_zh", OLD."snapshot_id", OLD."source_id", OLD."stance"); RETURN NULL;', hash='ad3de1f77644e0da9ad4185b4560a820c209fffb', operation='DELETE', pgid='pgtrigger_delete_delete_6535d', table='tracking_evidence', when='AFTER')),
        ),
        migrations.RunSQL(
            "ALTER TABLE tracking_evidence ADD CONSTRAINT evidence_snapshot_of_its_source"
            " FOREIGN KEY (snapshot_id, source_id) REFERENCES sources_snapshot (id, source_id)"
            " DEFERRABLE INITIALLY DEFERRED",
            "ALTER TABLE tracking_evidence DROP CONSTRAINT evidence_snapshot_of_its_source",
        ),
    ]
