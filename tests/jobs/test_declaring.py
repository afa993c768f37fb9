"""What a declaration of a job may say."""

from datetime import datetime, timedelta

import pytest
from django.utils.translation import gettext_lazy as _

from jobs.registry import JOBS, job


def find_nothing(*, now: datetime) -> int:
    return 0


@pytest.mark.parametrize(
    ("every", "queue", "complaint"),
    [
        (timedelta(days=1), "detector", "There is no queue 'detector'; the queues are detectors, digests, upkeep."),
        (timedelta(0), "upkeep", "A job runs every so many whole minutes, not every 0:00:00."),
        (timedelta(seconds=90), "upkeep", "A job runs every so many whole minutes, not every 0:01:30."),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(every, queue, complaint):
    with pytest.raises(ValueError, match=complaint):
        job(every=every, queue=queue, summary=_("Nothing"))(find_nothing)

    assert "find_nothing" not in JOBS


def test_two_jobs_cannot_have_one_name():
    declare = job(every=timedelta(days=1), queue="upkeep", summary=_("Nothing"))
    before = JOBS["delete_old_job_runs"]

    def delete_old_job_runs(*, now: datetime) -> int:
        return 0

    with pytest.raises(ValueError, match="There is a job 'delete_old_job_runs' already, in jobs.tasks."):
        declare(delete_old_job_runs)

    assert JOBS["delete_old_job_runs"] is before
