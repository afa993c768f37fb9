"""Finding what a digest told of, and deleting digests, without reading all deadlines that anybody was told of."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('subscriptions', '0007_digest_of_a_deadline'),
    ]

    operations = [
        migrations.RunSQL("SET lock_timeout = 0", "RESET lock_timeout"),
        AddIndexConcurrently(
            model_name='tolddeadline',
            index=models.Index(fields=['digest'], name='tolddeadline_digest'),
        ),
        migrations.RunSQL("RESET lock_timeout", "SET lock_timeout = 0"),
    ]
