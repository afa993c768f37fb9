"""The door for worker and beat: `celery -A config worker`, `celery -A config beat`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("pactwatch")
app.config_from_object("config.celery_settings")
