"""How long runs are kept."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from jobs.models import JobRun

NOW = datetime(2027, 3, 20, 12, tzinfo=UTC)


def run_days_ago(days: int, *, job: str = "find_arrivals", found: int = 0, outcome: str = "done") -> None:
    moment = NOW - timedelta(days=days)
    JobRun.objects.create(
        job=job,
        window_start=moment,
        as_of=moment,
        started_at=moment,
        finished_at=moment + timedelta(seconds=2),
        outcome=outcome,
        found=found if outcome == "done" else None,
        error="" if outcome == "done" else "ValueError: no",
    )


@pytest.mark.django_db(transaction=True)
def test_old_runs_are_deleted_but_for_the_last_that_a_job_completed():
    run_days_ago(91, found=3)
    run_days_ago(89, found=3)
    run_days_ago(88, outcome="failed")
    run_days_ago(92, outcome="failed")
    run_days_ago(8)
    run_days_ago(6)
    run_days_ago(5)
    run_days_ago(200, job="find_strangers")
    run_days_ago(150, job="find_strangers")
    run_days_ago(140, job="find_strangers", outcome="failed")

    call_command("run_job", "delete_old_job_runs", at=NOW.isoformat())

    kept = JobRun.objects.filter(manual=False).order_by("job", "as_of", "outcome")
    assert [(run.job, (NOW - run.as_of).days, run.outcome) for run in kept] == [
        ("find_arrivals", 89, "done"),
        ("find_arrivals", 88, "failed"),
        ("find_arrivals", 6, "done"),
        ("find_arrivals", 5, "done"),
        ("find_strangers", 150, "done"),
        ("find_strangers", 140, "failed"),
    ]
    assert JobRun.objects.get(manual=True).found == 4
