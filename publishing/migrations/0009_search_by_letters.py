"""Setting Chinese apart in the words of documents takes half as long; what comes out is the same."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("publishing", "0008_pending_edits")]

    operations = [migrations.RunSQL((SQL / "search.sql").read_text(), migrations.RunSQL.noop)]
