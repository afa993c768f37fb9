"""Which digest told of a deadline, so that one that has not left yet can be written again."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0006_validate_mails'),
    ]

    operations = [
        migrations.AddField(
            model_name='tolddeadline',
            name='digest',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='told_deadlines', to='subscriptions.digest'),
        ),
    ]
