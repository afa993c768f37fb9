"""Keys of the API: hashes, and whose they are."""

import django.db.models.functions.text
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('link', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='link')),
                ('email', models.EmailField(max_length=254, verbose_name='e-mail address')),
                ('language', models.CharField(choices=[('en', 'English'), ('zh-hans', 'Chinese (simplified)')], default='en', max_length=10, verbose_name='language')),
                ('prefix', models.CharField(blank=True, editable=False, max_length=20, verbose_name='begins with')),
                ('digest', models.CharField(blank=True, editable=False, max_length=64, verbose_name='SHA-256 of the key')),
                ('requested_at', models.DateTimeField(verbose_name='requested')),
                ('confirmed_at', models.DateTimeField(editable=False, null=True, verbose_name='confirmed at')),
                ('revoked_at', models.DateTimeField(editable=False, null=True, verbose_name='revoked')),
            ],
            options={
                'verbose_name': 'key of the API',
                'verbose_name_plural': 'keys of the API',
                'default_permissions': ('view', 'change'),
                'indexes': [models.Index(django.db.models.functions.text.Lower('email'), name='apikey_address')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('prefix', ''), _negated=True), fields=('prefix',), name='apikey_found_by_prefix'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('digest', ''), ('prefix', ''), ('revoked_at', None)), models.Q(('confirmed_at__isnull', False), ('digest__regex', '^[0-9a-f]{64}$'), models.Q(('prefix', ''), _negated=True)), _connector='OR'), name='apikey_made_when_confirmed'), models.CheckConstraint(condition=models.Q(('language__in', ['en', 'zh-hans'])), name='apikey_language_known')],
            },
        ),
    ]
