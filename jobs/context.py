"""Which run of which job this thread is doing, so that logs can say it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

current_run: ContextVar[tuple[str, int] | None] = ContextVar("current_run", default=None)
"""The job's name and the number of its row in JobRun."""


@contextmanager
def doing(*, job: str, run: int) -> Iterator[None]:
    """Say for the length of the block that this thread does the run of the job."""
    token = current_run.set((job, run))
    try:
        yield
    finally:
        current_run.reset(token)
