"""A phrase goes over no end of a field and over no Chinese punctuation: the words of all documents are made anew.

Documents cannot be read while it runs, for about a minute with 100,000 pledges.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("publishing", "0012_merging_indexes")]

    operations = [
        migrations.RunSQL((SQL / "search.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE publishing_document ALTER COLUMN search SET EXPRESSION AS (publishing_search_vector(body))",
            migrations.RunSQL.noop,
        ),
    ]
