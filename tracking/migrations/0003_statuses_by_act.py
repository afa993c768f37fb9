"""The database looks at the statuses of a whole act at once, when it ends."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"
DROP = (SQL / "statuses_drop.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_statuses"), ("publishing", "0002_ledger")]

    operations = [
        migrations.RunSQL(DROP + (SQL / "statuses.sql").read_text(), DROP),
    ]
