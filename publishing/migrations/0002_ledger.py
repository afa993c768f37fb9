"""The ledger refuses every change: functions of the migrating role, triggers that fire always, and fewer rights."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("publishing", "0001_initial")]

    operations = [
        migrations.RunSQL(
            (SQL / "acts.sql").read_text() + (SQL / "ledger.sql").read_text(),
            (SQL / "ledger_drop.sql").read_text(),
        )
    ]
