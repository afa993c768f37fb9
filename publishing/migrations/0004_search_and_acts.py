"""Search costs half, and each act begins where the one before it ended.

The words of documents are worked out without a call, and only documents that have any stand in their index.
"""

from pathlib import Path

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations
from django.db.models import Q

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("publishing", "0003_document_links")]

    operations = [
        migrations.RunSQL((SQL / "search.sql").read_text(), migrations.RunSQL.noop),
        migrations.RunSQL((SQL / "acts.sql").read_text(), migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="document", name="document_search"),
        migrations.AddIndex(
            model_name="document",
            index=GinIndex(
                condition=Q(search__isnull=False),
                fields=["search"],
                gin_pending_list_limit=8192,
                name="document_search",
            ),
        ),
    ]
