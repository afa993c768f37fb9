"""Finding what is unpublished, with each answer of an earlier version, without reading all that was ever public."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('publishing', '0017_no_path_as_ref_validated'),
    ]

    operations = [
        migrations.RunSQL("SET lock_timeout = 0", "RESET lock_timeout"),
        AddIndexConcurrently(
            model_name='publishable',
            index=models.Index(condition=models.Q(('state', 'unpublished')), fields=['id'], name='publishable_unpublished'),
        ),
        migrations.RunSQL("RESET lock_timeout", "SET lock_timeout = 0"),
    ]
