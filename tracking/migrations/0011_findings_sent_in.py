"""What readers send in is a kind of finding."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('tracking', '0010_redaction'),
    ]

    operations = [
        migrations.AlterField(
            model_name='finding',
            name='kind',
            field=models.CharField(choices=[('deadline_passed', 'deadline passed'), ('due_soon', 'due soon'), ('not_reviewed', 'not reviewed for long'), ('evidence_against', 'evidence against the status'), ('event_came', 'day of an event has come'), ('event_passed', 'event passed without an outcome'), ('translation_old', 'translation out of date'), ('source_uncited', 'source that nothing cites'), ('submitted', 'sent in by a reader')], max_length=30, verbose_name='kind'),
        ),
    ]
