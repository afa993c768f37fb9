"""The registry of jobs: what runs by itself, how often, and what it is for.

A job is declared where its work is, in the `tasks.py` of an app. Beat's timetable, /readyz, the admin and
`manage.py jobs` are all read from here.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from django.utils.functional import Promise

QUEUES = ("detectors", "digests", "upkeep")

# A Monday, so that windows of a day begin at midnight UTC and windows of a week on Monday.
_FIRST_WINDOW = datetime(2001, 1, 1, tzinfo=UTC)


class Work(Protocol):
    __name__: str

    def __call__(self, *, now: datetime) -> int: ...


AnyWork = TypeVar("AnyWork", bound=Work)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One kind of work that is done once in every window of the length `every`."""

    name: str
    every: timedelta
    queue: str
    summary: Promise
    atomic: bool
    work: Work

    def window_start(self, *, now: datetime) -> datetime:
        """Return the beginning (aware, UTC) of the half-open window that `now` lies in."""
        return _FIRST_WINDOW + (now - _FIRST_WINDOW) // self.every * self.every


class UnknownJob(Exception):
    """No job has this name; `nearest` is the most similar one that exists, or None."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.nearest = next(iter(difflib.get_close_matches(name, JOBS, n=1, cutoff=0.3)), None)


JOBS: dict[str, Job] = {}


def job(*, every: timedelta, queue: str, summary: Promise, atomic: bool = True) -> Callable[[AnyWork], AnyWork]:
    """Register a function as a job under its own name, and return it as it was.

    The function takes the moment as of which it works, `now` (aware), finds by a query what is due then, and
    returns how many things it found or did. Work that nobody did in time is done by the next call, so a missed
    window needs no call of its own. `summary` is a lazily translated sentence for the operator.

    By default the work is one transaction with the mark that it was done: after a crash neither is there. It may
    then use the network only in `on_commit`. A job that cannot be one transaction says `atomic=False`; it runs in
    autocommit mode, must commit what it has done step by step so that a repeat finds it done, and must not close
    the database connection.

    Raises ValueError if the name is taken, the queue is not in QUEUES, or `every` is not whole minutes.
    """
    if queue not in QUEUES:
        raise ValueError(f"There is no queue {queue!r}; the queues are {', '.join(QUEUES)}.")
    if every <= timedelta(0) or every % timedelta(minutes=1):
        raise ValueError(f"A job runs every so many whole minutes, not every {every}.")

    def register(work: AnyWork) -> AnyWork:
        name = work.__name__
        if name in JOBS:
            raise ValueError(f"There is a job {name!r} already, in {JOBS[name].work.__module__}.")
        JOBS[name] = Job(name=name, every=every, queue=queue, summary=summary, atomic=atomic, work=work)
        return work

    return register


def get_job(name: str) -> Job:
    """Return the job of that name. Raises UnknownJob."""
    try:
        return JOBS[name]
    except KeyError:
        raise UnknownJob(name) from None
