"""The database refuses steps that the life of a decision does not have, and any change of an approved one."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0005_life_of_a_decision")]

    operations = [
        migrations.RunSQL(
            (SQL / "decisions.sql").read_text(),
            (SQL / "decisions_drop.sql").read_text(),
        )
    ]
