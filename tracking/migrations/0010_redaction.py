"""A redaction takes texts out of a status change and its decision, which nothing else alters.

Going back leaves the guard of decisions as it is: without redactions it lets nothing more through.
"""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [("tracking", "0009_guard_withdrawn_decisions"), ("publishing", "0014_redaction")]

    operations = [
        migrations.RunSQL((SQL / "redaction.sql").read_text(), (SQL / "redaction_drop.sql").read_text()),
        migrations.RunSQL((SQL / "decisions.sql").read_text(), migrations.RunSQL.noop),
    ]
