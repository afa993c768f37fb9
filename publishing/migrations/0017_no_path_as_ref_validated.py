"""Looks through the refs that stood before, without keeping anybody from writing."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0016_no_path_as_ref'),
    ]

    operations = [
        ValidateConstraint(model_name='publishable', name='publishable_ref_no_path'),
    ]
