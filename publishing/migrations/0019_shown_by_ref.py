"""Walking a list of an earlier version along its refs, a page at a time."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('publishing', '0018_unpublished_index'),
    ]

    operations = [
        migrations.RunSQL("SET lock_timeout = 0", "RESET lock_timeout"),
        AddIndexConcurrently(
            model_name='publishable',
            index=models.Index(condition=models.Q(('state__in', ['published', 'merged'])), fields=['resource', 'ref'], name='publishable_shown'),
        ),
        RemoveIndexConcurrently(
            model_name='publishable',
            name='publishable_merged',
        ),
        migrations.RunSQL("RESET lock_timeout", "SET lock_timeout = 0"),
    ]
