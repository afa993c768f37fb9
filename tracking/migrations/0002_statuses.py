"""What the database refuses about statuses comes with 0003, which makes it as it stands now."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]

    operations = []
