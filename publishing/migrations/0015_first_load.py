"""A first load sets indexes and references aside; see sql/first_load.sql."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0014_redaction'),
    ]

    operations = [
        migrations.RunSQL(
            (SQL / "first_load.sql").read_text(), (SQL / "first_load_drop.sql").read_text()
        ),
    ]
