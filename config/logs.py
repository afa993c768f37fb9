"""How logs look: lines for people on a laptop, JSON for machines on a server. Neither holds personal data.

Each line that belongs to a request or to a run of a job says to which. Mail addresses are hidden wherever they turn up
(a database quotes them in its errors); reader's addresses, search words and paths, some of which are secret links, are
not logged at all.
"""

import logging
import re
import time
from contextvars import ContextVar
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from jobs.context import current_run

current_request: ContextVar[str] = ContextVar("current_request", default="")
"""The id of the request that this thread answers; config.middleware sets it."""

MAIL_ADDRESS = re.compile(r"[^\s\"'<>(),;:=\[\]]+@[^\s\"'<>(),;:=\[\]/]+")


def configuration(*, form: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING: to standard error, as "json" or as "line", from `level` upwards."""
    # Requests have a line of their own, and Celery tells of every wake-up.
    quiet = {"level": level if level == "DEBUG" else "WARNING"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"belonging": {"()": Belonging}},
        "formatters": {"json": {"()": Json}, "line": {"()": Line}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": form, "filters": ["belonging"]}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "NOTSET"},
            "django.request": {"level": "ERROR"},
            "celery": quiet,
            "amqp": quiet,
        },
    }


class Belonging(logging.Filter):
    """Puts on each record the request or the run of a job that it belongs to, and takes the reader's path off it."""

    def filter(self, record: logging.LogRecord) -> bool:
        if request := current_request.get():
            record.request_id = request
        if run := current_run.get():
            record.job, record.job_run = run
        asked = getattr(record, "request", None)
        if asked is not None and isinstance(record.args, tuple):
            record.args = tuple(route_of(asked) if part == asked.path else part for part in record.args)
        return True


def route_of(request: Any) -> str:
    """Return the name of the view that was asked for, such as api-pledges-one; "-" where there is none."""
    match = request.resolver_match
    return (match.view_name or match.route) if match else "-"


def without_addresses(text: str) -> str:
    """Return the text with each mail address hidden."""
    return MAIL_ADDRESS.sub("(hidden)@(hidden)", text)


class Json(JsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "traceback"},
            reserved_attrs=[*RESERVED_ATTRS, "request"],
            json_ensure_ascii=False,
        )
        self.default_time_format, self.default_msec_format = "%Y-%m-%dT%H:%M:%S", "%s.%03dZ"
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return without_addresses(super().format(record))


class Line(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        belongs = getattr(record, "job_run", None) or getattr(record, "request_id", None)
        told = super().format(record)
        return without_addresses(f"{told} [{belongs}]" if belongs and "\n" not in told else told)
