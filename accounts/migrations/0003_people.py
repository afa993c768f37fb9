"""Staff follow from roles, and accounts that history names cannot be deleted, whoever tries."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_log_ins_and_links"), ("pghistory", "0007_auto_20250421_0444")]

    operations = [
        migrations.RunSQL(
            (SQL / "people.sql").read_text(),
            (SQL / "people_drop.sql").read_text(),
        )
    ]
