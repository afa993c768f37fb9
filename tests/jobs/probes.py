"""Jobs for the tests of jobs. They find arrivals that are due, and nothing but the runner keeps them from finding one
twice. Worker processes load them by `--include tests.jobs.probes`."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from jobs.registry import job

TABLES = """
    CREATE TABLE probe_arrival (name text PRIMARY KEY, due_at timestamptz NOT NULL);
    CREATE TABLE probe_finding (arrival text NOT NULL REFERENCES probe_arrival DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE probe_delay (seconds float NOT NULL);
"""
FIND = """
    INSERT INTO probe_finding
    SELECT name FROM probe_arrival WHERE due_at <= %s AND name NOT IN (SELECT arrival FROM probe_finding)
"""
WAIT = "SELECT pg_sleep(seconds) FROM probe_delay"


@job(every=timedelta(days=1), queue="detectors", summary=_("Arrivals that are due"))
def find_arrivals(*, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(FIND, [now])
        found = cursor.rowcount
        cursor.execute(WAIT)
    return found


@job(every=timedelta(days=1), queue="digests", summary=_("Arrivals that are due, one by one"), atomic=False)
def greet_arrivals(*, now: datetime) -> int:
    found = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO probe_finding SELECT name FROM probe_arrival
                WHERE due_at <= %s AND name NOT IN (SELECT arrival FROM probe_finding) ORDER BY name LIMIT 1
                """,
                [now],
            )
            if not cursor.rowcount:
                return found
        found += 1
        with connection.cursor() as cursor:
            cursor.execute(WAIT)


@job(every=timedelta(minutes=1), queue="detectors", summary=_("Fails, as long as an arrival of tomorrow is there"))
def find_strangers(*, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(FIND, [now])
        found = cursor.rowcount
        cursor.execute("SELECT name FROM probe_arrival WHERE due_at > %s", [now])
        if early := cursor.fetchone():
            raise ValueError(f"{early[0]} is too early")
    return found


@job(every=timedelta(minutes=1), queue="detectors", summary=_("Finds what does not exist, which only the commit tells"))
def find_ghosts(*, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO probe_finding VALUES ('ghost')")
    return 1
