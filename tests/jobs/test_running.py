"""A job has its effect once in a window, whatever happens to the one who does it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from jobs.models import JobRun, Outcome
from jobs.registry import get_job
from jobs.running import JobBusy, JobNotDue, run_by_hand, run_due


def march(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC)


def both_at_once(call: Callable[[], JobRun]) -> list[JobRun | JobNotDue]:
    start = threading.Barrier(2)
    results: list[JobRun | JobNotDue] = []

    def one() -> None:
        try:
            start.wait(10)
            results.append(call())
        except JobNotDue as refusal:
            results.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return results


@pytest.mark.parametrize("name", ["find_arrivals", "greet_arrivals"])
def test_two_processes_at_once_do_a_job_once(arrivals, name):
    arrivals.add("Ada", "Bo", due_at=march(1))
    arrivals.delay(0.3)

    results = both_at_once(lambda: run_due(job=get_job(name), now=march(3, 9)))

    assert {type(result) for result in results} == {JobRun, JobBusy}
    assert arrivals.found() == ["Ada", "Bo"]
    assert list(JobRun.objects.values_list("outcome", "found")) == [("done", 2)]


@pytest.mark.parametrize("name", ["find_arrivals", "greet_arrivals"])
def test_a_job_that_is_done_waits_for_its_next_window(arrivals, name):
    arrivals.add("Ada", due_at=march(1))
    arrivals.add("Bo", due_at=march(3, 12))
    run_due(job=get_job(name), now=march(3, 9))

    with pytest.raises(JobNotDue):
        run_due(job=get_job(name), now=march(3, 23, 59))
    assert arrivals.found() == ["Ada"]

    run = run_due(job=get_job(name), now=march(4))
    assert (run.found, run.window_start, run.missed_windows) == (1, march(4), 0)
    assert arrivals.found() == ["Ada", "Bo"]


def test_days_that_were_missed_are_made_up_for_by_the_next_run(arrivals):
    arrivals.add("Ada", due_at=march(1))
    arrivals.add("Bo", due_at=march(2))
    arrivals.add("Cy", due_at=march(3))
    run_due(job=get_job("find_arrivals"), now=march(1, 9))

    run = run_due(job=get_job("find_arrivals"), now=march(4, 7))

    assert (run.found, run.missed_windows) == (2, 2)
    assert arrivals.found() == ["Ada", "Bo", "Cy"]


def test_a_failure_undoes_the_work_and_says_why(arrivals, caplog):
    arrivals.add("Ada", due_at=march(1))
    arrivals.add("Zoe", due_at=march(9))

    run = run_due(job=get_job("find_strangers"), now=march(3))

    assert (run.outcome, run.error, run.found) == (Outcome.FAILED, "ValueError: Zoe is too early", None)
    assert arrivals.found() == []
    assert "Traceback" in caplog.text


def test_a_failed_job_is_tried_again_after_pauses_that_grow_to_a_quarter_of_an_hour(arrivals):
    arrivals.add("Ada", due_at=march(1))
    arrivals.add("Zoe", due_at=march(9))
    strangers = get_job("find_strangers")
    tried_at = []

    for minute in range(60):
        try:
            run_due(job=strangers, now=march(3) + timedelta(minutes=minute, seconds=minute))
            tried_at.append(minute)
        except JobNotDue:
            continue
    assert tried_at == [0, 1, 3, 7, 15, 30, 45]

    arrivals.remove("Zoe")
    run = run_due(job=strangers, now=march(3, 1, 2))
    assert (run.outcome, run.found, run.failures, run.error) == (Outcome.DONE, 1, 0, "")
    assert arrivals.found() == ["Ada"]
    assert run_due(job=strangers, now=march(3, 1, 3)).outcome == Outcome.DONE


def test_a_failure_that_only_the_commit_would_show_is_kept_too(arrivals):
    run = run_due(job=get_job("find_ghosts"), now=march(3))

    assert run.outcome == Outcome.FAILED
    assert "foreign key" in run.error
    assert arrivals.found() == []


@pytest.mark.parametrize("name", ["find_arrivals", "greet_arrivals"])
def test_a_run_by_hand_waits_for_the_one_that_is_under_way(arrivals, name):
    arrivals.add("Ada", "Bo", due_at=march(1))
    arrivals.delay(0.3)

    runs = both_at_once(lambda: run_by_hand(job=get_job(name), as_of=march(3, 9)))

    assert {run.found for run in runs if isinstance(run, JobRun)} == {0, 2}
    assert arrivals.found() == ["Ada", "Bo"]


def test_a_run_by_hand_leaves_the_window_to_the_timetable(arrivals):
    arrivals.add("Ada", due_at=march(1))
    arrivals.add("Bo", due_at=march(20))

    by_hand = run_by_hand(job=get_job("find_arrivals"), as_of=march(20, 9))
    again = run_by_hand(job=get_job("find_arrivals"), as_of=march(20, 9))
    by_timetable = run_due(job=get_job("find_arrivals"), now=march(20, 10))

    assert [(run.manual, run.found) for run in (by_hand, again, by_timetable)] == [(True, 2), (True, 0), (False, 0)]
    assert arrivals.found() == ["Ada", "Bo"]
