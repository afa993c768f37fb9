"""Whether the jobs are being done, as plain data: for /readyz, the admin, metrics and mails."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from jobs.registry import JOBS

GRACE = timedelta(minutes=4)
LATE_AFTER_INTERVALS = 3
FAILING_AFTER = 3


@dataclass(frozen=True, kw_only=True)
class LastCompleted:
    """What is known of one job. `found` is of its last completion; `failures` and `error` are of its newest run."""

    job: str
    every: timedelta
    completed_at: datetime | None
    found: int | None
    late: bool
    late_by: timedelta
    failures: int
    error: str

    @property
    def failing(self) -> bool:
        return self.failures >= FAILING_AFTER


def last_completed(*, now: datetime, up_since: datetime) -> list[LastCompleted]:
    """Return for each job, by name, when it was last completed by schedule (aware, UTC; None: never), and whether
    that is too long ago.

    A job is late when its last completion is older than three of its intervals, and than four minutes; `late_by` is
    how much older. None is late in the first four minutes after `up_since`, the moment when the asking process
    started: after a stop the worker needs a while to make up for it. A job is failing when it failed three times in a
    row. Runs by hand do not count. Costs one query.
    """
    # One descent of an index for each: a GROUP BY would read every run that is kept.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT given.name, done.finished_at, done.found, coalesce(newest.failures, 0), coalesce(newest.error, '')
              FROM unnest(%s::text[]) given (name)
              LEFT JOIN LATERAL (
                   SELECT finished_at, found FROM jobs_jobrun WHERE job = given.name AND outcome = 'done' AND NOT manual
                    ORDER BY finished_at DESC LIMIT 1) done ON true
              LEFT JOIN LATERAL (
                   SELECT failures, error FROM jobs_jobrun WHERE job = given.name AND NOT manual
                    ORDER BY window_start DESC LIMIT 1) newest ON true
             ORDER BY given.name
            """,
            [sorted(JOBS)],
        )
        return [_state(*row, now=now, up_since=up_since) for row in cursor.fetchall()]


def _state(
    name: str,
    completed_at: datetime | None,
    found: int | None,
    failures: int,
    error: str,
    *,
    now: datetime,
    up_since: datetime,
) -> LastCompleted:
    every = JOBS[name].every
    due_by = up_since + GRACE
    if completed_at:
        due_by = max(due_by, completed_at + max(GRACE, LATE_AFTER_INTERVALS * every))
    return LastCompleted(
        job=name,
        every=every,
        completed_at=completed_at,
        found=found,
        late=now > due_by,
        late_by=max(now - due_by, timedelta(0)),
        failures=failures,
        error=error,
    )
