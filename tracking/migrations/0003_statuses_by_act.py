"""The database looks at the statuses of a whole act at once, when it ends; spans need no constraint on their links."""

from pathlib import Path

from django.db import migrations, models
from django.db.models.deletion import PROTECT

SQL = Path(__file__).parent.parent / "sql"
DROP = (SQL / "statuses_drop.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_statuses"), ("publishing", "0002_ledger")]

    operations = [
        migrations.RunSQL(DROP + (SQL / "statuses.sql").read_text(), DROP),
        migrations.AlterField(
            model_name="statusspan",
            name="change",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=PROTECT,
                related_name="spans",
                to="tracking.statuschange",
                verbose_name="status change",
            ),
        ),
        migrations.AlterField(
            model_name="statusspan",
            name="record",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=PROTECT,
                related_name="status_spans",
                to="tracking.record",
                verbose_name="record",
            ),
        ),
    ]
