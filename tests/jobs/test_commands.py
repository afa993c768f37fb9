"""What an operator types: `manage.py jobs` and `manage.py run_job`."""

from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from jobs.models import JobRun

FIRST_OF_MARCH = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "as_of"),
    [
        ("2027-03-20", datetime(2027, 3, 20, tzinfo=UTC)),
        ("2027-03-20T09:30", datetime(2027, 3, 20, 9, 30, tzinfo=UTC)),
        ("2027-03-20T09:30Z", datetime(2027, 3, 20, 9, 30, tzinfo=UTC)),
        ("2027-03-20T09:30:15+08:00", datetime(2027, 3, 20, 1, 30, 15, tzinfo=UTC)),
    ],
)
def test_a_job_runs_by_hand_as_of_the_given_moment(arrivals, capsys, at, as_of):
    arrivals.add("Ada", "Bo", due_at=FIRST_OF_MARCH)

    call_command("run_job", "find_arrivals", at=at)

    moment = f"{as_of:%Y-%m-%dT%H:%M:%SZ}"
    assert capsys.readouterr().out == f"The job “find_arrivals” found or did 2 things as of {moment}.\n"
    run = JobRun.objects.get()
    assert (run.manual, run.as_of, run.found, run.outcome) == (True, as_of, 2, "done")
    assert arrivals.found() == ["Ada", "Bo"]


def test_without_a_moment_a_job_runs_as_of_now(arrivals):
    arrivals.add("Ada", due_at=datetime.now(UTC))

    call_command("run_job", "find_arrivals")

    assert arrivals.found() == ["Ada"]


def test_an_unknown_job_is_refused_with_the_nearest_one(arrivals):
    with pytest.raises(CommandError, match="There is no job “find_arival”. Did you mean “find_arrivals”?"):
        call_command("run_job", "find_arival")

    assert not JobRun.objects.exists()


def test_a_name_like_no_other_is_refused_with_the_way_to_the_list(arrivals):
    with pytest.raises(CommandError, match="^There is no job “”. “manage.py jobs” lists them.$"):
        call_command("run_job", "")

    assert not JobRun.objects.exists()


@pytest.mark.parametrize("at", ["", "tomorrow", "2027-02-30", "20:15", "9999-12-31", "0001-01-01", "2027-03-20T25:00"])
def test_what_is_no_moment_is_refused(arrivals, at):
    arrivals.add("Ada", due_at=FIRST_OF_MARCH)

    with pytest.raises(CommandError, match="is not a moment between 1970 and 2199"):
        call_command("run_job", "find_arrivals", at=at)

    assert (arrivals.found(), JobRun.objects.count()) == ([], 0)


def test_a_job_that_fails_by_hand_says_why_and_leaves_the_timetable_alone(arrivals):
    arrivals.add("Ada", due_at=FIRST_OF_MARCH)
    arrivals.add("Zoe", due_at=datetime(2027, 3, 9, tzinfo=UTC))

    with pytest.raises(CommandError, match="failed as of 2027-03-03T00:00:00Z: ValueError: Zoe is too early"):
        call_command("run_job", "find_strangers", at="2027-03-03")

    assert arrivals.found() == []
    assert list(JobRun.objects.values_list("manual", "outcome", "retry_at")) == [(True, "failed", None)]


def test_the_jobs_are_listed_with_interval_and_purpose(arrivals, capsys):
    call_command("jobs")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("  ")[0] == "JOB"
    assert [line for line in lines if line.startswith("find_arrivals")][0].split() == [
        *("find_arrivals", "1", "day", "detectors", "never"),
        *("Arrivals", "that", "are", "due"),
    ]
    assert any(line.startswith("delete_old_job_runs") for line in lines)


def test_all_jobs_run_one_after_the_other_and_a_failure_keeps_none_from_running(arrivals, capsys):
    arrivals.add("Ada", due_at=FIRST_OF_MARCH)
    arrivals.add("Zoe", due_at=datetime(2027, 3, 9, tzinfo=UTC))

    with pytest.raises(CommandError, match="“find_strangers” failed"):
        call_command("run_job", all=True, at="2027-03-03")

    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0]: line.split()[1] for line in lines[:-1]}.items() >= {
        ("find_arrivals", "1"),
        ("find_strangers", "failed"),
        ("heartbeat_upkeep", "0"),
    }
    assert lines[-1].startswith("All jobs took ")
