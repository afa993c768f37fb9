"""How a job comes to its effect exactly once, whatever happens to messages and processes.

A message only wakes a worker up. What is due follows from the clock and the runs in the database. A lock that
PostgreSQL frees when its holder dies keeps a job from running beside itself; the unique row of a window keeps it
from being done again.
"""

import logging
import operator
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import connection, transaction
from django.db.models.functions import Now

from jobs.context import doing
from jobs.models import JobRun, Outcome
from jobs.registry import Job

logger = logging.getLogger(__name__)

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=15)
PATIENCE = timedelta(seconds=30)
LONGEST_ERROR = 2000


class JobNotDue(Exception):
    """The job has nothing to do now: its window is done, or it failed and is to be tried again later."""


class JobBusy(JobNotDue):
    """The job is running in another process."""


def run_due(*, job: Job, now: datetime) -> JobRun:
    """Do the job for the window that `now` lies in, and return its run, which is done or failed.

    `now` is the present moment (aware). An error in the work is logged and kept with the run; the job is then
    tried again after a pause that doubles with each failure in a row, from a minute to a quarter of an hour.

    Raises JobNotDue, JobBusy, and DatabaseError when the database itself fails; nothing is written then.
    """
    with _alone(job, patience=timedelta(0)):
        return _do(job, _claim(job, now))


def run_by_hand(*, job: Job, as_of: datetime) -> JobRun:
    """Do the job as if it were `as_of` (aware), and return its run, which is done or failed.

    It is done even if its window was done before, and leaves that window to the timetable. Waits half a minute
    for a run in another process to end, then raises JobBusy.
    """
    with _alone(job, patience=PATIENCE):
        run = JobRun.objects.create(job=job.name, window_start=job.window_start(now=as_of), manual=True, as_of=as_of)
        return _do(job, run)


def _alone(job: Job, *, patience: timedelta) -> AbstractContextManager[None]:
    return _transaction_alone(job, patience) if job.atomic else _session_alone(job, patience)


@contextmanager
def _transaction_alone(job: Job, patience: timedelta) -> Iterator[None]:
    with transaction.atomic(durable=True):
        _lock(job, "SELECT pg_try_advisory_xact_lock(%s)", patience)
        yield


@contextmanager
def _session_alone(job: Job, patience: timedelta) -> Iterator[None]:
    _lock(job, "SELECT pg_try_advisory_lock(%s)", patience)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_lock_key(job)])


def _lock(job: Job, statement: str, patience: timedelta) -> None:
    with connection.cursor() as cursor:
        # Otherwise PostgreSQL would notice only at the end of a query that its client was killed, and keep the lock.
        cursor.execute("SELECT set_config('client_connection_check_interval', '1s', %s)", [job.atomic])
    deadline = time.monotonic() + patience.total_seconds()
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [_lock_key(job)])
            (locked,) = cursor.fetchone()
        if locked:
            return
        if time.monotonic() >= deadline:
            raise JobBusy(job.name)
        time.sleep(0.1)


def _lock_key(job: Job) -> int:
    return int.from_bytes(sha256(f"jobs.{job.name}".encode()).digest()[:8], signed=True)


@transaction.atomic
def _claim(job: Job, now: datetime) -> JobRun:
    runs = JobRun.objects.scheduled().filter(job=job.name)
    newest = runs.order_by("-window_start").first()
    # A moment that no pause explains was written by a clock that has been set back since.
    if newest and newest.retry_at and now < newest.retry_at <= now + 2 * LONGEST_PAUSE:
        raise JobNotDue(job.name)

    run, is_new = JobRun.objects.select_for_update().get_or_create(
        job=job.name,
        window_start=job.window_start(now=now),
        manual=False,
        defaults={
            "as_of": now,
            "missed_windows": _missed_windows(job, now),
            "failures": newest.failures if newest else 0,
        },
    )
    if run.outcome == Outcome.DONE:
        raise JobNotDue(job.name)
    if not is_new:
        JobRun.objects.filter(pk=run.pk).update(
            outcome=Outcome.RUNNING, as_of=now, started_at=Now(), finished_at=None, retry_at=None, error=""
        )
        run.refresh_from_db()

    # Whoever holds the lock knows that no other run is alive, whatever its row says.
    JobRun.objects.filter(job=job.name, outcome=Outcome.RUNNING).exclude(pk=run.pk).update(
        outcome=Outcome.ABANDONED, finished_at=Now()
    )
    return run


def _missed_windows(job: Job, now: datetime) -> int:
    last_done = JobRun.objects.scheduled().done().filter(job=job.name).order_by("-window_start").first()
    if last_done is None:
        return 0
    return max(0, (job.window_start(now=now) - last_done.window_start) // job.every - 1)


def _do(job: Job, run: JobRun) -> JobRun:
    with doing(job=job.name, run=run.pk):
        return _work(job, run)


def _work(job: Job, run: JobRun) -> JobRun:
    began = time.monotonic()
    try:
        with transaction.atomic() if job.atomic else nullcontext():
            found = operator.index(job.work(now=run.as_of))
            if job.atomic:
                # Constraints that wait for the commit would take the record of the failure away with them.
                connection.check_constraints()
    except Exception as error:
        logger.exception("%s failed as of %s", job.name, run.as_of.isoformat())
        failures = run.failures + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(failures - 1, 10))
        ended_at = run.as_of + timedelta(seconds=time.monotonic() - began)
        ending = {
            "outcome": Outcome.FAILED,
            "error": _describe(error),
            "failures": failures,
            "retry_at": None if run.manual else ended_at + pause,
        }
    else:
        logger.log(
            logging.INFO if found else logging.DEBUG,
            "%s found %d as of %s in %.1f s",
            job.name,
            found,
            run.as_of.isoformat(),
            time.monotonic() - began,
        )
        ending = {"outcome": Outcome.DONE, "found": found, "failures": 0}
    JobRun.objects.filter(pk=run.pk).update(finished_at=Now(), **ending)
    run.refresh_from_db()
    return run


def _describe(error: Exception) -> str:
    # PostgreSQL stores neither NUL nor lone surrogates, and the text of an error may quote anything.
    text = f"{type(error).__name__}: {error}".replace("\0", "\N{REPLACEMENT CHARACTER}")
    return text.encode("utf-8", "replace").decode("utf-8")[:LONGEST_ERROR]
