"""The door for worker and beat: `celery -A config worker`, `celery -A config beat`."""

import os
from pathlib import Path

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("pactwatch")
app.config_from_object("config.celery_settings")


@setup_logging.connect
def leave_logging_alone(**later_keywords: object) -> None:
    """Keep what Django's settings say of logging; Celery would else bring its own."""


@worker_ready.connect
@beat_init.connect
def tell_supervisor(**later_keywords: object) -> None:
    """Make the file by which `make run` learns that this process takes work."""
    if path := os.environ.get("PACTWATCH_READY_FILE"):
        Path(path).touch()
