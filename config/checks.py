"""The traps of running Pactwatch, each a system check with its id and what to do about it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections

from config.environment import is_of_this_machine
from publishing.models import Change, Document, LedgerEntry

LEDGER = (LedgerEntry, Change, Document)
# By what a role could alter what was published. A document may be closed, which is a right on one column.
POWERS = """
    SELECT power FROM (
        SELECT 1, 'is a superuser' FROM pg_roles WHERE rolname = current_user AND rolsuper
        UNION ALL
        SELECT 2, 'owns the database or is a member of its owner' FROM pg_database
         WHERE datname = current_database() AND pg_has_role(datdba, 'MEMBER')
        UNION ALL
        SELECT 3, 'owns ' || relname || ' or is a member of its owner' FROM pg_class
         WHERE relname = ANY (%(ledger)s) AND pg_table_is_visible(oid) AND pg_has_role(relowner, 'MEMBER')
        UNION ALL
        SELECT 4, 'may ' || lower(privilege) || ' ' || relname
          FROM pg_class, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) privilege
         WHERE relname = ANY (%(ledger)s) AND pg_table_is_visible(oid) AND has_table_privilege(oid, privilege)
        UNION ALL
        SELECT 5, 'is a member of ' || rolname FROM pg_roles
         WHERE rolname IN ('pg_write_server_files', 'pg_execute_server_program') AND pg_has_role(oid, 'MEMBER')
    ) found (place, power) ORDER BY place, power
"""


@register(Tags.security)
def check_addresses(app_configs: Sequence[AppConfig] | None, **later_keywords: Any) -> list[CheckMessage]:
    """Name what a laptop may lack and production may not."""
    if not settings.PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if is_of_this_machine(settings.BASE_URL):
        found.append(
            Error(
                "BASE_URL is this machine's own address, so links in mails and citations lead nowhere.",
                hint="Set BASE_URL to the address that readers use, such as https://tracker.example.org.",
                id="pactwatch.E001",
            )
        )
    elif not settings.HTTPS:
        found.append(
            Warning(
                "BASE_URL does not begin with https://, so passwords of staff can be read on the way.",
                hint="Put a server with a certificate before it, and set BASE_URL and TRUSTED_PROXIES.",
                id="pactwatch.W002",
            )
        )
    if settings.BROKER_URL.startswith("redis+socket"):
        found.append(
            Error(
                "BROKER_URL is not set, so no job runs.",
                hint="Set BROKER_URL to a Valkey or Redis server, such as redis://valkey:6379/0.",
                id="pactwatch.E003",
            )
        )
    if not settings.EMAIL_URL:
        found.append(
            Warning(
                "EMAIL_URL is not set, so digests are written to a folder and reach nobody.",
                hint="Set EMAIL_URL, such as smtp+tls://user:password@mail.example.org:587.",
                id="pactwatch.W004",
            )
        )
    return found


@register(Tags.database)
def check_database(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **later_keywords: Any
) -> list[CheckMessage]:
    """Name what is wrong with the server behind DATABASE_URL. Asks one query per database."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('server_version_num')::int / 10000, datlocprovider, datlocale, datctype,"
                " pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()"
            )
            version, provider, locale, ctype, encoding = cursor.fetchone()
            cursor.execute(POWERS, {"ledger": [model._meta.db_table for model in LEDGER]})
            powers = [power for (power,) in cursor.fetchall()]
        if version < 18:
            found.append(
                Error(
                    f"The database is PostgreSQL {version}.", hint="Pactwatch needs 18 or later.", id="pactwatch.E005"
                )
            )
        elif (provider, locale, ctype, encoding) != ("b", "C.UTF-8", "C.UTF-8", "UTF8"):
            found.append(
                Error(
                    "The database sorts or reads Chinese text otherwise than a laptop does.",
                    hint="Make it by initdb --encoding=UTF8 --locale-provider=builtin --locale=C.UTF-8 "
                    "--builtin-locale=C.UTF-8, lc_ctype included.",
                    id="pactwatch.E006",
                )
            )
        if powers and not settings.AS_OWNER:
            found.append(
                Error(
                    f"The role of DATABASE_URL could alter the ledger: it {powers[0]}.",
                    hint="Use two roles as docker-compose.yml does, and give the owner's in DATABASE_OWNER_URL.",
                    id="pactwatch.E007",
                )
            )
    return found
