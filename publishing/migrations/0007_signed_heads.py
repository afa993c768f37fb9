"""The signed heads, which are append-only as the ledger is."""

from pathlib import Path

from django.db import migrations, models

SQL = Path(__file__).parent.parent / "sql"


class Migration(migrations.Migration):

    dependencies = [
        ('publishing', '0006_act_recur'),
    ]

    operations = [
        migrations.CreateModel(
            name='SignedHead',
            fields=[
                ('day', models.DateField(primary_key=True, serialize=False, verbose_name='day')),
                ('seq', models.BigIntegerField(verbose_name='position')),
                ('hash', models.CharField(max_length=64, verbose_name='hash')),
                ('signed_at', models.DateTimeField(verbose_name='signed at')),
                ('public_key', models.CharField(help_text='Ed25519, as PEM has it between its lines.', max_length=60, verbose_name='public key')),
                ('signature', models.CharField(help_text='Ed25519, in base64.', max_length=88, verbose_name='signature')),
            ],
            options={
                'verbose_name': 'signed head',
                'verbose_name_plural': 'signed heads',
            },
        ),
        migrations.RunSQL((SQL / "heads.sql").read_text(), (SQL / "heads_drop.sql").read_text()),
    ]
