"""The constraints of 0010, checked for the rows that were there before, without keeping writers out."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0010_merging'),
    ]

    operations = [
        ValidateConstraint(model_name='publishable', name='publishable_state_known'),
        ValidateConstraint(model_name='publishable', name='publishable_merged_into_another'),
    ]
