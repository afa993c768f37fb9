"""Whether this process lives, and whether the tracker does its work: for load balancers, monitors and people."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection
from kombu.exceptions import KombuError

from jobs import health

UP_SINCE = timezone.now()
SECONDS_FOR_THE_BROKER = 2
OK = "ok"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200: this process takes requests. Touches nothing else."""
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, broker, migrations and jobs are as they should be, and 503 when one is not.

    The body tells which, times in UTC. Costs three queries and one round trip to the broker.
    """
    found = {"database": database_state(), "broker": broker_state()}
    found_jobs: dict[str, Any] = {}
    if found["database"] == OK:
        found["migrations"] = migrations_state()
    if found.get("migrations") == OK:
        found["jobs"], found_jobs = jobs_state(now=timezone.now(), up_since=UP_SINCE)
    is_ready = len(found) == 4 and set(found.values()) == {OK}
    body = {"status": OK if is_ready else "not ready", **found, "last_completed": found_jobs}
    return JsonResponse(body, status=200 if is_ready else 503)


def database_state() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return f"does not answer ({type(error).__name__})"
    return OK


def broker_state() -> str:
    try:
        with Connection(settings.BROKER_URL, connect_timeout=SECONDS_FOR_THE_BROKER) as broker:
            broker.ensure_connection(max_retries=1, interval_start=0, timeout=SECONDS_FOR_THE_BROKER)
    except (OSError, KombuError) as error:
        return f"does not answer ({type(error).__name__})"
    return OK


def migrations_state() -> str:
    """Say whether all migrations are applied. Once they are, this process asks no more."""
    if _Migrations.are_applied:
        return OK
    executor = MigrationExecutor(connection)
    waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _Migrations.are_applied = not waiting
    return f"{waiting} are not applied; run manage.py migrate" if waiting else OK


class _Migrations:
    are_applied = False


def jobs_state(*, now: datetime, up_since: datetime) -> tuple[str, dict[str, Any]]:
    seen = health.last_completed(now=now, up_since=up_since)
    complaints = {
        "late": [job.job for job in seen if job.late],
        "failing": [job.job for job in seen if job.failing],
    }
    told = [f"{what}: {', '.join(names)}" for what, names in complaints.items() if names]
    moments = {
        job.job: job.completed_at.isoformat(timespec="seconds").replace("+00:00", "Z") if job.completed_at else None
        for job in seen
    }
    return "; ".join(told) or OK, moments
