"""The database refuses statuses without evidence, from days to come, altered, or other than the ledger gives."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / "statuses.sql").read_text(),
            (SQL / "statuses_drop.sql").read_text(),
        )
    ]
