"""Migrate beneath running web servers: never make readers wait for long, and give way to them."""

import time
from typing import Any

from django.core.management.commands import migrate
from django.db import OperationalError
from psycopg.errors import DeadlockDetected, LockNotAvailable

SECONDS_TO_TRY = 120
SECONDS_BETWEEN_TRIES = 1


class Command(migrate.Command):
    """Django's command, which begins again with the migration that did not get its lock.

    config/settings.py lets it wait for half a second only, and config/postgres/roles.sh lets readers wait longer than
    that before PostgreSQL ends one of two who wait for each other.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        until = time.monotonic() + SECONDS_TO_TRY
        while True:
            try:
                super().handle(*args, **options)
                return
            except OperationalError as error:
                gave_way = isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)
                if not gave_way or time.monotonic() > until:
                    raise
                self.stderr.write("Somebody else uses a table that is to be changed; the migration is tried again.")
                time.sleep(SECONDS_BETWEEN_TRIES)
