#!/usr/bin/env python
"""Run one Pactwatch command.

Where DATABASE_URL or BROKER_URL is not set, the embedded server is up for as long as the command runs. Commands that
alter the schema run with the role that owns it, all others with the one that only uses it.
"""

import os
import sys
from contextlib import ExitStack

OWNER_COMMANDS = {"backup", "createcachetable", "flush", "migrate", "pgtrigger", "restore", "sqlflush", "test"}
COMMANDS_WITHOUT_SERVERS = {"collectstatic", "diffsettings", "findstatic", "help", "version"}


def main(arguments: list[str]) -> int:
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from config import embedded

    command = arguments[1] if len(arguments) > 1 else "help"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if command in OWNER_COMMANDS:
        os.environ["PACTWATCH_AS_OWNER"] = "true"
    needs_servers = command not in COMMANDS_WITHOUT_SERVERS and not {"-h", "--help", "--version"} & set(arguments)
    try:
        with ExitStack() as servers:
            if needs_servers:
                servers.enter_context(embedded.running(data=settings.DATA_DIR, names=embedded.wanted(os.environ)))
            execute_from_command_line(arguments)
    except (embedded.StartError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    except OperationalError as error:
        print(f"The database failed: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
