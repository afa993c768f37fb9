import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from django.db import connection

from config import embedded
from jobs.registry import JOBS
from tests.jobs import probes

PROBES = {name: JOBS.pop(name) for name, job in list(JOBS.items()) if job.work.__module__ == probes.__name__}


class Arrivals:
    """The tables that the probe jobs work on."""

    def add(self, *names: str, due_at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO probe_arrival VALUES (%s, %s)", [(name, due_at) for name in names])

    def delay(self, seconds: float) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM probe_delay")
            cursor.execute("INSERT INTO probe_delay VALUES (%s)", [seconds])

    def remove(self, name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM probe_arrival WHERE name = %s", [name])

    def found(self) -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT arrival FROM probe_finding ORDER BY arrival")
            return [arrival for (arrival,) in cursor.fetchall()]

    def processes_at_work(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT count(*) FROM pg_stat_activity
                WHERE datname = current_database() AND state = 'active' AND query = %s
                """,
                [probes.WAIT],
            )
            return int(cursor.fetchone()[0])


@pytest.fixture(autouse=True)
def probe_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, job in PROBES.items():
        monkeypatch.setitem(JOBS, name, job)


@pytest.fixture
def arrivals(connected_as: Callable[[str], psycopg.Connection[Any]]) -> Iterator[Arrivals]:
    owner = connected_as(embedded.OWNER)
    owner.execute(probes.TABLES)
    yield Arrivals()
    owner.execute("DROP TABLE probe_finding, probe_arrival, probe_delay")


@pytest.fixture
def process_environment() -> dict[str, str]:
    """The environment of a process that works on the database of the tests."""
    database = connection.settings_dict
    where = {"host": database["HOST"], "port": database["PORT"], "user": database["USER"], **database["OPTIONS"]}
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgresql:///{database['NAME']}?{urlencode(where)}",
        "DEBUG": "true",
    }
