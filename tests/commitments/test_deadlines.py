"""Deadlines that have passed or are near become findings: once each, whatever happens to the jobs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from commitments.detectors import find_passed_deadlines
from commitments.models import Pledge
from config import embedded
from publishing import ledger
from publishing.actions import unpublish
from tests.commitments.world import decide, move_deadline
from tracking.actions import dismiss_finding, lapse_findings
from tracking.models import Finding, Record

ACME, BOLT, YEARLY = "accord.report.acme", "accord.report.bolt", "accord.yearly.bolt.2025"
NEW_YEAR = "2027-01-01T12:00Z"


def run(job: str, at: str) -> None:
    call_command("run_job", job, "--at", at, verbosity=0)


def findings(kind: str, *, state: str = "open") -> list[str]:
    found = Finding.objects.filter(kind=kind, state=state).order_by("record__ref", "pk")
    return list(found.values_list("record__ref", flat=True))


def test_a_passed_deadline_is_found_once_with_what_was_seen(world):
    run("detect_passed_deadlines", NEW_YEAR)
    run("detect_passed_deadlines", "2027-01-02T12:00Z")

    assert findings("deadline_passed") == [ACME, BOLT, YEARLY, "accord.yearly.bolt.2026"]
    finding = Finding.objects.get(record__ref=ACME)
    assert finding.fingerprint == "2026-12-31"
    assert finding.found_at == datetime(2027, 1, 1, 12, tzinfo=UTC)
    assert finding.seen == {
        "due_on": "2026-12-31",
        "overdue_from": "2026-12-31T16:00:00Z",
        "status": "not_assessed",
        "title_en": "Publish a report",
        "title_zh": "公布报告",
    }


def test_a_deadline_passes_when_its_day_ends_where_the_actor_is(world):
    run("detect_passed_deadlines", "2026-12-31T15:59:59Z")
    assert ACME not in findings("deadline_passed")

    run("detect_passed_deadlines", "2026-12-31T16:00Z")

    assert ACME in findings("deadline_passed")
    assert BOLT not in findings("deadline_passed")


def test_a_month_passes_with_its_last_day(world):
    run("detect_passed_deadlines", "2027-03-31T15:59:59Z")
    assert "accord.wages.acme" not in findings("deadline_passed")

    run("detect_passed_deadlines", "2027-03-31T16:00Z")

    assert "accord.wages.acme" in findings("deadline_passed")


def test_findings_leave_status_and_ledger_alone(world):
    before = ledger.head()

    run("detect_passed_deadlines", NEW_YEAR)
    run("detect_due_soon", NEW_YEAR)

    assert ledger.head() == before
    assert set(Record.objects.values_list("status", flat=True)) == {"not_assessed"}


def test_what_is_settled_unpublished_or_not_under_review_is_not_found(world, reviewer):
    decide(ACME, "fulfilled", on=date(2026, 11, 20), by=reviewer)
    unpublish(thing=Record.objects.get(ref=BOLT), note_en="It was a mistake.", note_zh="", by=reviewer)
    Pledge.objects.filter(ref=YEARLY).update(state="draft")
    assert Record.objects.get(ref="archive.report.acme").due_on == date(2026, 12, 31)

    run("detect_passed_deadlines", NEW_YEAR)

    assert findings("deadline_passed") == ["accord.yearly.bolt.2026"]


def test_a_recurring_promise_is_found_by_its_periods_and_not_by_itself(world):
    run("detect_passed_deadlines", "2026-07-02T12:00Z")

    assert findings("deadline_passed") == [YEARLY, "accord.yearly.bolt.2026"]


def test_an_open_status_stays_late(world, reviewer):
    decide(ACME, "in_progress", on=date(2026, 11, 20), by=reviewer)

    run("detect_passed_deadlines", NEW_YEAR)

    assert Finding.objects.get(record__ref=ACME).seen["status"] == "in_progress"


def test_a_moved_deadline_is_a_new_finding_and_the_old_one_lapses(world):
    run("detect_passed_deadlines", NEW_YEAR)

    move_deadline(world, "2027-02-28")
    run("detect_passed_deadlines", "2027-01-02T12:00Z")
    assert ACME in findings("deadline_passed", state="lapsed")
    assert ACME not in findings("deadline_passed")
    run("detect_passed_deadlines", "2027-03-02T12:00Z")

    assert list(Finding.objects.filter(record__ref=ACME).order_by("pk").values_list("fingerprint", "state")) == [
        ("2026-12-31", "lapsed"),
        ("2027-02-28", "open"),
    ]


def test_a_dismissed_finding_is_not_raised_again_and_a_lapsed_one_is(world, reviewer):
    run("detect_passed_deadlines", NEW_YEAR)
    now = datetime(2027, 1, 1, 13, tzinfo=UTC)
    dismiss_finding(finding=Finding.objects.get(record__ref=ACME), reason="It is known.", by=reviewer, now=now)
    lapse_findings(records=[Record.objects.get(ref=BOLT).pk], now=now)

    run("detect_passed_deadlines", "2027-01-02T12:00Z")

    assert list(Finding.objects.filter(record__ref=ACME).values_list("state", flat=True)) == ["dismissed"]
    assert list(Finding.objects.filter(record__ref=BOLT).order_by("pk").values_list("state", flat=True)) == [
        "lapsed",
        "open",
    ]


def test_a_near_deadline_is_found_within_thirty_days(world):
    run("detect_due_soon", "2026-12-01T15:59:59Z")
    assert findings("due_soon") == []

    run("detect_due_soon", "2026-12-01T16:00Z")

    assert findings("due_soon") == [ACME]


def test_a_near_deadline_lapses_when_it_passes_or_is_settled(world, reviewer):
    run("detect_due_soon", "2026-12-20T12:00Z")
    assert findings("due_soon") == [ACME, BOLT]

    decide(BOLT, "in_progress", on=date(2026, 11, 20), by=reviewer)
    decide(BOLT, "fulfilled", on=date(2026, 11, 21), by=reviewer)
    run("detect_due_soon", "2026-12-31T16:00Z")

    assert findings("due_soon") == []
    assert findings("due_soon", state="lapsed") == [ACME, BOLT]


def test_a_run_as_of_another_day_takes_nothing_back(world):
    run("detect_passed_deadlines", NEW_YEAR)
    found = findings("deadline_passed")

    run("detect_passed_deadlines", "2026-11-01T12:00Z")

    assert findings("deadline_passed") == found


def test_a_day_that_was_missed_is_made_up(world):
    run("detect_passed_deadlines", "2027-01-09T12:00Z")

    assert findings("deadline_passed") == [ACME, BOLT, YEARLY, "accord.yearly.bolt.2026"]


def test_the_number_of_queries_does_not_grow_with_the_records(world, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert find_passed_deadlines(now=datetime(2027, 1, 1, 12, tzinfo=UTC)) == 4


class Detectors:
    """The job in processes of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "run_job", "detect_passed_deadlines", "--at", NEW_YEAR],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
        )


@pytest.fixture
def detectors(process_environment: dict[str, str]) -> Detectors:
    return Detectors(process_environment)


@pytest.mark.django_db(transaction=True)
def test_two_processes_at_once_find_each_deadline_once(world, detectors):
    both = [detectors.start(), detectors.start()]

    assert [process.wait(60) for process in both] == [0, 0]
    assert findings("deadline_passed") == [ACME, BOLT, YEARLY, "accord.yearly.bolt.2026"]


@pytest.mark.django_db(transaction=True)
def test_a_process_that_is_killed_halfway_leaves_nothing_and_the_next_finds_all(
    world: Path, detectors: Detectors, connected_as: Callable[[str], psycopg.Connection[Any]]
) -> None:
    superuser = connected_as("postgres")
    with superuser.transaction():
        superuser.execute("LOCK TABLE tracking_finding IN SHARE MODE")
        process = detectors.start()
        wait_until(lambda: waiting_for_a_lock() == 1)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    wait_until(lambda: waiting_for_a_lock() == 0)
    assert Finding.objects.count() == 0

    assert detectors.start().wait(60) == 0

    assert findings("deadline_passed") == [ACME, BOLT, YEARLY, "accord.yearly.bolt.2026"]


def waiting_for_a_lock() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = %s AND wait_event_type = 'Lock'",
            [embedded.APP],
        )
        return int(cursor.fetchone()[0])


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.05)
