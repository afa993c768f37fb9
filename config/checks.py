"""The traps of running Pactwatch, each a system check with its id and what to do about it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections


@register(Tags.security)
def check_addresses(app_configs: Sequence[AppConfig] | None, **later_keywords: Any) -> list[CheckMessage]:
    """Name what a laptop may lack and production may not."""
    if not settings.PRODUCTION:
        return []
    host = urlsplit(settings.BASE_URL).hostname
    found: list[CheckMessage] = []
    if host in ("127.0.0.1", "localhost", "::1"):
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
                hint="Put a server with a certificate before it, and set BASE_URL and BEHIND_TLS_PROXY.",
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
                " pg_encoding_to_char(encoding), (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
                " FROM pg_database WHERE datname = current_database()"
            )
            version, provider, locale, ctype, encoding, is_superuser = cursor.fetchone()
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
        if is_superuser and not settings.AS_OWNER:
            found.append(
                Error(
                    "The role of DATABASE_URL is a superuser, whom no trigger stops from rewriting the ledger.",
                    hint="Use two roles as docker-compose.yml does, and give the owner's in DATABASE_OWNER_URL.",
                    id="pactwatch.E007",
                )
            )
    return found
