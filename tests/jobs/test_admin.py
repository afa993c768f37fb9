"""The runs in the admin: to be read, in both languages."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth import get_user_model

from jobs.models import JobRun

NINE = datetime(2027, 3, 20, 9, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> JobRun:
    return JobRun.objects.create(
        job="find_arrivals",
        window_start=NINE.replace(hour=0),
        as_of=NINE,
        started_at=NINE,
        finished_at=NINE.replace(minute=2),
        outcome="done",
        found=7,
        missed_windows=3,
    )


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_run_is_shown_and_cannot_be_changed(admin_client, run, language):
    admin_client.cookies["django_language"] = language
    listed = admin_client.get("/admin/jobs/jobrun/").content.decode()
    shown = admin_client.get(f"/admin/jobs/jobrun/{run.pk}/change/")

    assert "find_arrivals" in listed and "0:02:00" in listed
    assert shown.status_code == 200
    assert 'name="_save"' not in shown.content.decode()
    assert admin_client.post(f"/admin/jobs/jobrun/{run.pk}/change/", {"found": 1}).status_code == 403
    assert admin_client.post(f"/admin/jobs/jobrun/{run.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.get("/admin/jobs/jobrun/add/").status_code == 403
    assert JobRun.objects.get().found == 7


def test_runs_are_filtered_by_job_and_outcome(admin_client, run):
    JobRun.objects.create(job="find_ghosts", window_start=NINE, as_of=NINE, outcome="running")

    by_job = admin_client.get("/admin/jobs/jobrun/?job=find_arrivals").context["cl"]
    by_outcome = admin_client.get("/admin/jobs/jobrun/?outcome__exact=running").context["cl"]

    assert [run.job for run in by_job.queryset] == ["find_arrivals"]
    assert [run.job for run in by_outcome.queryset] == ["find_ghosts"]


def test_a_run_of_a_job_that_is_gone_can_still_be_read(admin_client):
    JobRun.objects.create(job="find_dodos", window_start=NINE, as_of=NINE)

    assert "This job exists no more." in admin_client.get("/admin/jobs/jobrun/").content.decode()


def test_staff_without_the_right_to_see_runs_sees_none(client, run):
    client.force_login(get_user_model().objects.create_user("stranger", is_staff=True))

    assert client.get("/admin/jobs/jobrun/").status_code == 403
