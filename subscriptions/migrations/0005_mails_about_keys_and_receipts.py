"""Mails about keys of the API and receipts, which belong to no subscription. 0006 validates what is asked here."""


from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0004_links_for_staff'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='message',
            name='message_of_a_subscription',
        ),
        migrations.AlterField(
            model_name='message',
            name='kind',
            field=models.CharField(choices=[('confirmation', 'confirmation'), ('digest', 'digest'), ('alarm', 'alarm to administrators'), ('password', 'link for staff'), ('key', 'link for a key of the API'), ('receipt', 'receipt for something sent in')], max_length=12, verbose_name='kind'),
        ),
        AddConstraintNotValid(
            model_name='message',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['alarm', 'password', 'key', 'receipt']), ('subscription', None)), models.Q(models.Q(('kind__in', ['alarm', 'password', 'key', 'receipt']), _negated=True), ('subscription__isnull', False)), _connector='OR'), name='message_of_a_subscription'),
        ),
    ]
