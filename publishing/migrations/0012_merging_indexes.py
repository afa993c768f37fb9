"""Finding what was merged, without reading all that is public."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('publishing', '0011_merging_validated'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='publishable',
            index=models.Index(condition=models.Q(('state', 'merged')), fields=['resource', 'ref'], name='publishable_merged'),
        ),
        AddIndexConcurrently(
            model_name='publishable',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='publishable_merged_into'),
        ),
    ]
