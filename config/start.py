"""One process of the tracker: `python -m config.start web`, `worker` or `beat`.

The one place of their command lines: `make run`, docker-compose.yml and whoever runs them by hand go through here. In
production nothing starts that must not: what a system check calls an error is told in a line each, and the exit status
is 1. The worker needs SIGNING_KEY too, which the others do without. Then the process becomes the program, so that
signals reach it without a go-between.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import django
from django.conf import settings
from django.core.checks import ERROR, Tags, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

NAMES = ("web", "worker", "beat")


def command(name: str) -> list[str]:
    """Return the command line of one of NAMES, its program beside the Python that runs this."""
    programs = Path(sys.executable).parent
    if name == "web":
        return [
            *(str(programs / "granian"), "--interface", "wsgi"),
            *("--host", settings.LISTEN, "--port", str(settings.PORT)),
            *("--workers", str(settings.WEB_WORKERS), "--respawn-failed-workers", "--workers-kill-timeout", "5"),
            *("--blocking-threads", str(settings.WEB_THREADS), "--log-level", "warning", "config.wsgi:application"),
        ]
    options = {"worker": (), "beat": ("--pidfile", "")}[name]
    return [str(programs / "celery"), "-A", "config", "--quiet", name, *options]


def what_forbids_the_start(name: str) -> list[str]:
    """Return what this process must not run with on a server, in a line each.

    Asks the database; raises OperationalError without it.
    """
    django.setup()
    found = run_checks(tags=[Tags.security, Tags.database], include_deployment_checks=True, databases=["default"])
    reasons = [
        f"{each.msg} {each.hint or ''} ({each.id})" for each in found if each.level >= ERROR and not each.is_silenced()
    ]
    if name == "worker" and not settings.SIGNING_KEY:
        reasons.append(
            "SIGNING_KEY must be set for the worker in production, or it cannot sign the head of the ledger. "
            "`openssl rand -base64 32` makes one; keep a copy elsewhere, it is in no backup."
        )
    return reasons


def environment(name: str) -> dict[str, str]:
    """Return what the process adds to its environment."""
    if name != "web":
        return {}
    # Each thread of the web server keeps its connection; the files are where its processes add up their metrics.
    added = {"DATABASE_POOL": os.environ.get("DATABASE_POOL", "").strip() or str(settings.WEB_THREADS)}
    if settings.METRICS_TOKEN:
        folder = settings.DATA_DIR / f"metrics-{settings.PORT}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, parents=True)
        added["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    return added


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in NAMES:
        print(f"Say which: python -m config.start {'|'.join(NAMES)}", file=sys.stderr)
        return 2
    (name,) = arguments
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        reasons = what_forbids_the_start(name) if settings.PRODUCTION else []
    except ImproperlyConfigured as error:
        reasons = [str(error)]
    except OperationalError as error:
        reasons = [f"The database failed: {' '.join(str(error).split())}"]
    if reasons:
        print(*reasons, sep="\n", file=sys.stderr)
        return 1
    line = command(name)
    os.execve(line[0], line, {**os.environ, **environment(name)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
