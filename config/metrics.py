"""What Prometheus may ask: /metrics, for who says METRICS_TOKEN.

Requests are counted by each process of this web server, in files that they share (config.start makes the folder). What
is told of jobs, queues, mail and the database is asked of PostgreSQL at that moment, so that each web server of a
tracker answers the same, and no job keeps a count.
"""

import hmac
import os
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from config.health import UP_SINCE
from jobs import health
from jobs.registry import JOBS
from publishing import ledger
from subscriptions.models import Message, MessageState

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
REQUESTS = Histogram(
    "pactwatch_request_seconds", "Time from a request to its answer.", labelnames=("method", "route", "status")
)


def count_request(*, method: str, route: str, status: int, seconds: float) -> None:
    """Add one answered request; methods that nobody needs count as one, so that readers cannot make new series."""
    REQUESTS.labels(method if method in METHODS else "other", route, status).observe(seconds)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer in Prometheus' text format; 404 when no token is set, 401 when another one is given."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REGISTRY)
    registry.register(Tracker(now=timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Tracker(Collector):
    """What is true of the whole tracker at `now` (aware). Four queries; without a database it tells just that."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now

    def describe(self) -> list[Gauge]:
        """Return nothing, so that registering asks nothing of the database."""
        return []

    def collect(self) -> Iterator[Gauge]:
        try:
            found = [*self.jobs(), *self.mail(), *self.database()]
        except DatabaseError:
            found = []
        yield Gauge("pactwatch_database_up", "1 when the database answers.", value=bool(found))
        yield from found

    def jobs(self) -> Iterator[Gauge]:
        late = Gauge("pactwatch_job_late", "1 when /readyz calls the job late.", labels=["job"])
        completed = Gauge("pactwatch_job_completed_timestamp_seconds", "When it was last completed.", labels=["job"])
        age = Gauge(
            "pactwatch_queue_age_seconds", "For how long the longest waiting job of the queue is due.", labels=["queue"]
        )
        waiting: dict[str, float] = {job.queue: 0 for job in JOBS.values()}
        for each in health.last_completed(now=self.now, up_since=UP_SINCE):
            late.add_metric([each.job], each.late)
            since = UP_SINCE
            if each.completed_at:
                completed.add_metric([each.job], each.completed_at.timestamp())
                since = JOBS[each.job].window_start(now=each.completed_at) + each.every
            queue = JOBS[each.job].queue
            waiting[queue] = max(waiting[queue], (self.now - since).total_seconds())
        for queue, seconds in waiting.items():
            age.add_metric([queue], seconds)
        yield from (late, completed, age)

    def mail(self) -> Iterator[Gauge]:
        found = Message.objects.aggregate(
            waiting=Count("pk", filter=Q(state=MessageState.WAITING)),
            failed=Count("pk", filter=Q(state=MessageState.FAILED)),
            oldest=Min("created_at", filter=Q(state=MessageState.WAITING)),
        )
        age = (self.now - found["oldest"]).total_seconds() if found["oldest"] else 0
        yield Gauge("pactwatch_mail_waiting", "Mails in the outbox.", value=found["waiting"])
        yield Gauge("pactwatch_mail_failed", "Mails that were given up.", value=found["failed"])
        yield Gauge("pactwatch_mail_age_seconds", "Age of the oldest mail in the outbox.", value=age)

    def database(self) -> Iterator[Gauge]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_database_size(current_database()),"
                " count(*), coalesce(extract(epoch FROM max(clock_timestamp() - xact_start)), 0)"
                " FROM pg_stat_activity WHERE datname = current_database()"
            )
            size, connections, oldest = cursor.fetchone()
        yield Gauge("pactwatch_database_bytes", "Size of the database.", value=size)
        yield Gauge("pactwatch_database_connections", "Connections to the database.", value=connections)
        yield Gauge("pactwatch_database_transaction_seconds", "Age of the oldest transaction.", value=float(oldest))
        yield Gauge("pactwatch_ledger_position", "The data version.", value=ledger.head().seq)
