"""The database knows the step by which a decision is withdrawn, and refuses any change of one that was.

Going back leaves the triggers as they are: the release before takes none of the further steps that they allow.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):
    dependencies = [("tracking", "0008_decisions_withdrawn")]

    operations = [migrations.RunSQL((SQL / "decisions.sql").read_text(), migrations.RunSQL.noop)]
