"""Documents can be found by what they link to, at any data version, without reading all of them."""

from django.db import migrations

LINKS = ("record", "instrument", "commitment", "instance_of", "mechanism", "parent", "subject")


class Migration(migrations.Migration):
    dependencies = [("publishing", "0002_ledger")]

    operations = [
        migrations.RunSQL(
            f"CREATE INDEX document_by_{link} ON publishing_document ((body -> '{link}'))"
            f" WHERE (body -> '{link}') IS NOT NULL",
            f"DROP INDEX document_by_{link}",
        )
        for link in LINKS
    ]
