"""Doing a job in a process of its own that is killed before a chosen statement to the database.

Every statement is a step, so the jobs need no marks: the process counts them from outside, by Django's own hook.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import connection

from jobs.models import JobRun
from jobs.registry import get_job
from jobs.running import JobBusy, JobNotDue, run_due

DONE, NOT_DUE, BUSY, FAILED = 0, 3, 4, 5
KILLED = -signal.SIGKILL


def start(name: str, *, now: datetime, dies_before: int | None = None) -> int:
    """Begin to do a job as of a moment in a fork of this process, and return its pid."""
    # A child that used this connection, or closed it, would spoil it for this process.
    connection.close()
    pid = os.fork()
    if pid == 0:
        code = FAILED
        with suppress(BaseException):
            code = _do(name, now, dies_before)
        os._exit(code)
    return pid


def end_of(pid: int) -> int:
    """Wait for a fork, and return its exit status; negative is the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _do(name: str, now: datetime, dies_before: int | None) -> int:
    statements = 0

    def count(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        if statements == dies_before:
            os.kill(os.getpid(), signal.SIGKILL)
        statements += 1
        return execute(sql, params, many, context)

    with connection.execute_wrapper(count):
        try:
            return DONE if run_due(job=get_job(name), now=now).outcome == "done" else FAILED
        except JobBusy:
            return BUSY
        except JobNotDue:
            return NOT_DUE


def kill_at_every_step(name: str, *, now: datetime, every_step: bool) -> int:
    """Do a job again and again, each time killed some statements later, until it is done; return how often it died.

    Without `every_step` the distance doubles each time. The last two do it side by side.
    """
    deaths, step = 0, 0
    while True:
        ended = end_of(start(name, now=now, dies_before=step))
        if ended == BUSY:  # the database has not noticed yet that the one before is dead
            time.sleep(0.02)
            continue
        if ended != KILLED:
            assert ended in (DONE, NOT_DUE), (name, step, JobRun.objects.filter(job=name).latest("id").error)
            break
        deaths += 1
        step = step + 1 if every_step else step * 2 + 1
    both = [start(name, now=now) for _one in range(2)]
    assert {end_of(pid) for pid in both} <= {NOT_DUE, BUSY}
    return deaths
