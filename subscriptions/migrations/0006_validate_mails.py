"""What 0005 asks of mails holds for those that are there, too."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0005_mails_about_keys_and_receipts'),
    ]

    operations = [
        ValidateConstraint(model_name='message', name='message_of_a_subscription'),
    ]
