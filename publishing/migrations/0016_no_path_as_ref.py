"""Words that are part of the API's addresses are no refs."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

import publishing.models


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0015_first_load'),
    ]

    operations = [
        migrations.AlterField(
            model_name='publishable',
            name='ref',
            field=models.CharField(help_text='Permanent id, the same in every language and format. It cannot be changed once it is public.', max_length=200, validators=[publishing.models.validate_ref], verbose_name='ref'),
        ),
        migrations.AlterField(
            model_name='publishableevent',
            name='ref',
            field=models.CharField(help_text='Permanent id, the same in every language and format. It cannot be changed once it is public.', max_length=200, validators=[publishing.models.validate_ref], verbose_name='ref'),
        ),
        AddConstraintNotValid(
            model_name='publishable',
            constraint=models.CheckConstraint(
                condition=models.Q(('ref__in', ('changes', 'citation', 'facets', 'history', 'proof')), _negated=True),
                name='publishable_ref_no_path',
            ),
        ),
    ]
