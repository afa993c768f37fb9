"""The words of documents name their function with its schema, without which no dump of the database can be restored."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("publishing", "0004_search_and_acts")]

    operations = [migrations.RunSQL((SQL / "search.sql").read_text(), migrations.RunSQL.noop)]
