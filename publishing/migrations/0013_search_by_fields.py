"""A phrase goes over no end of a field and over no Chinese punctuation.

It holds for documents that are written from now on. Making the words of earlier ones anew would rewrite the table,
which readers would have to wait for.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("publishing", "0012_merging_indexes")]

    operations = [migrations.RunSQL((SQL / "search.sql").read_text(), migrations.RunSQL.noop)]
