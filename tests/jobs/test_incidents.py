"""Jobs that are not done raise an alarm: once for each time that it happens, from another process than the worker."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from config.health import jobs_state
from config.watching import look
from jobs.models import Incident, JobRun
from jobs.registry import JOBS, QUEUES, get_job
from tests.servers.mail import Mailbox

NOON = datetime(2100, 3, 20, 12, tzinfo=UTC)
LONG_UP = NOON - timedelta(days=30)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


def completed(*names: str, at: datetime) -> None:
    for name in names:
        window = get_job(name).window_start(now=at)
        ended = {"as_of": at, "started_at": at, "finished_at": at, "outcome": "done", "found": 2}
        JobRun.objects.update_or_create(job=name, window_start=window, manual=False, defaults=ended)


def failed(name: str, at: datetime, *, times: int, error: str) -> None:
    window = get_job(name).window_start(now=at)
    JobRun.objects.create(
        job=name, window_start=window, as_of=at, finished_at=at, outcome="failed", failures=times, error=error
    )


@pytest.fixture
def administrators() -> None:
    people = get_user_model().objects
    people.create_superuser("ada", "ada@example.org", language="en")
    people.create_superuser("bo", "bo@example.org", language="zh-hans")
    people.create_superuser("no-address")
    people.create_superuser("closed", "closed@example.org", is_active=False)
    people.create_user("editor", "editor@example.org", is_staff=True)


def subjects(smtp: Mailbox) -> list[tuple[str, str]]:
    return [(to, mail["Subject"]) for (to,), mail in zip(smtp.recipients, smtp.messages, strict=True)]


def test_a_worker_that_takes_nothing_is_told_of_within_five_minutes_once_to_each_administrator(smtp, administrators):
    completed(*JOBS, at=NOON)
    each_minute = sorted(name for name, job in JOBS.items() if job.every == MINUTE)
    assert {get_job(name).queue for name in each_minute} == set(QUEUES)

    assert look(now=NOON + 4 * MINUTE, up_since=LONG_UP) == 0
    assert look(now=NOON + 4 * MINUTE + timedelta(seconds=30), up_since=LONG_UP) == len(each_minute)
    assert look(now=NOON + 5 * MINUTE, up_since=LONG_UP) == 0

    count = len(each_minute)
    assert subjects(smtp) == [
        ("ada@example.org", f"Pactwatch: {count} jobs are not done"),
        ("bo@example.org", f"Pactwatch：{count}项任务未执行"),
    ]
    text = smtp.messages[0].get_body(("plain",)).get_content()
    assert "- heartbeat_upkeep: it is not completed in time." in text
    assert "Last completed: 2100-03-20 12:00 UTC" in text
    told, _moments = jobs_state(now=NOON + 5 * MINUTE, up_since=LONG_UP)
    assert told == f"late: {', '.join(each_minute)}"


def test_an_incident_is_over_when_the_job_was_done_and_the_next_one_is_told_again(smtp, administrators):
    completed(*JOBS, at=NOON)
    later = NOON + 10 * MINUTE
    completed(*JOBS.keys() - {"heartbeat_digests"}, at=later)
    look(now=later, up_since=LONG_UP)

    # A web server that has just started calls nothing late, which ends no incident.
    look(now=later, up_since=later)
    assert Incident.objects.open().count() == 1

    completed("heartbeat_digests", at=later + MINUTE)
    look(now=later + MINUTE, up_since=LONG_UP)
    assert Incident.objects.get().closed_at == later + MINUTE

    completed(*JOBS.keys() - {"heartbeat_digests"}, at=later + 10 * MINUTE)
    look(now=later + 10 * MINUTE, up_since=LONG_UP)
    assert [subject for to, subject in subjects(smtp) if to == "ada@example.org"] == [
        "Pactwatch: 1 job is not done",
        "Pactwatch: 1 job is not done",
    ]


def test_a_job_that_fails_three_times_in_a_row_is_told_of_with_its_error(smtp, administrators):
    completed(*JOBS, at=NOON - timedelta(hours=1))
    completed(*(name for name, job in JOBS.items() if job.every == MINUTE), at=NOON)
    failed("detect_due_soon", NOON, times=2, error="ValueError: no")
    assert look(now=NOON + MINUTE, up_since=LONG_UP) == 0

    JobRun.objects.filter(job="detect_due_soon", outcome="failed").update(failures=3)
    assert look(now=NOON + 2 * MINUTE, up_since=LONG_UP) == 1

    text = smtp.messages[0].get_body(("plain",)).get_content()
    assert "- detect_due_soon: it fails again and again." in text and "ValueError: no" in text
    assert jobs_state(now=NOON + 2 * MINUTE, up_since=LONG_UP)[0] == "failing: detect_due_soon"


def test_an_alarm_that_the_mail_server_did_not_take_is_sent_by_a_later_look(smtp, administrators, settings):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    with pytest.raises(OSError):
        look(now=NOON, up_since=LONG_UP)
    assert smtp.messages == []

    settings.EMAIL_PORT = port
    assert look(now=NOON + MINUTE, up_since=LONG_UP) == 0
    assert len(smtp.messages) == 2


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["never completed", "late by", "failed 3 times in a row"]),
        ("zh-hans", ["从未完成", "迟延", "连续失败3次"]),
    ],
)
def test_the_overview_shows_every_job_that_never_ran_too(admin_client, language, words):
    admin_client.cookies["django_language"] = language
    completed("heartbeat_upkeep", at=datetime(2026, 1, 1, tzinfo=UTC))
    completed("send_messages", at=datetime.now(UTC))
    failed("detect_due_soon", NOON, times=3, error="ValueError: no")

    page = admin_client.get("/admin/jobs/jobrun/overview/").content.decode()

    assert all(f">{name}</a>" in page for name in JOBS)
    assert all(word in page for word in [*words, "ValueError: no"])
    assert "/admin/jobs/jobrun/overview/" in admin_client.get("/admin/jobs/jobrun/").content.decode()


def test_staff_without_the_right_to_see_runs_does_not_see_the_overview(client):
    client.force_login(get_user_model().objects.create_user("stranger", is_staff=True))

    assert client.get("/admin/jobs/jobrun/overview/").status_code == 403
