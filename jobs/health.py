"""Whether the jobs are being done: the state of the timetable as plain data, for /readyz and the command line."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.models import JobRun
from jobs.registry import JOBS

GRACE = timedelta(minutes=5)
LATE_AFTER_INTERVALS = 3


@dataclass(frozen=True, kw_only=True)
class LastCompleted:
    job: str
    every: timedelta
    completed_at: datetime | None
    late: bool


def last_completed(*, now: datetime, up_since: datetime) -> list[LastCompleted]:
    """Return for each job, by name, when it was last completed by schedule (aware, UTC; None: never), and whether
    that is too long ago.

    A job is late when its last completion is older than three of its intervals, and than five minutes. None is
    late in the first five minutes after `up_since`, the moment when the asking process started: after a stop the
    worker needs a while to make up for it. Runs by hand do not count. Costs one query.
    """
    completed = _completed_at()
    return [
        LastCompleted(
            job=job.name,
            every=job.every,
            completed_at=completed.get(job.name),
            late=now - up_since > GRACE
            and (job.name not in completed or now - completed[job.name] > max(GRACE, LATE_AFTER_INTERVALS * job.every)),
        )
        for job in sorted(JOBS.values(), key=lambda job: job.name)
    ]


def _completed_at() -> dict[str, datetime]:
    # One descent of the index for each job: a GROUP BY would read every run that is kept.
    done = JobRun.objects.scheduled().done()
    newest = [done.filter(job=name).order_by("-finished_at").values_list("job", "finished_at")[:1] for name in JOBS]
    rows = newest[0].union(*newest[1:], all=True) if newest else []
    return {job: finished_at for job, finished_at in rows if finished_at}
