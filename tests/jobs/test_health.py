"""When a job counts as late, which /readyz tells."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.health import LastCompleted, last_completed
from jobs.models import JobRun
from jobs.registry import get_job

NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)
LONG_UP = NOW - timedelta(days=30)

pytestmark = pytest.mark.django_db


def completed(job: str, finished_at: datetime, *, manual: bool = False) -> None:
    JobRun.objects.create(
        job=job,
        window_start=get_job(job).window_start(now=finished_at),
        as_of=finished_at,
        started_at=finished_at,
        finished_at=finished_at,
        outcome="done",
        found=0,
        manual=manual,
    )


def state_of(job: str, *, up_since: datetime = LONG_UP) -> LastCompleted:
    return next(state for state in last_completed(now=NOW, up_since=up_since) if state.job == job)


@pytest.mark.parametrize(
    ("job", "age", "late"),
    [
        ("find_arrivals", timedelta(days=3), False),
        ("find_arrivals", timedelta(days=3, seconds=1), True),
        ("find_ghosts", timedelta(minutes=4), False),
        ("find_ghosts", timedelta(minutes=4, seconds=1), True),
    ],
)
def test_a_job_is_late_after_three_of_its_intervals_but_not_within_four_minutes(job, age, late):
    completed(job, NOW - age - timedelta(days=1))
    completed(job, NOW - age)

    state = state_of(job)

    assert (state.completed_at, state.late) == (NOW - age, late)


def test_a_job_that_was_never_completed_is_late_once_the_process_is_up_for_four_minutes():
    completed("find_arrivals", NOW, manual=True)

    assert state_of("find_arrivals").completed_at is None
    assert not state_of("find_arrivals", up_since=NOW - timedelta(minutes=4)).late
    assert state_of("find_arrivals", up_since=NOW - timedelta(minutes=4, seconds=1)).late


def test_the_state_of_all_jobs_costs_one_query(django_assert_num_queries):
    completed("find_arrivals", NOW)
    completed("find_ghosts", NOW)

    with django_assert_num_queries(1):
        states = last_completed(now=NOW, up_since=LONG_UP)

    assert {state.job for state in states if state.completed_at} == {"find_arrivals", "find_ghosts"}
