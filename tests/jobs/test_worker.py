"""Real workers on a real broker: messages may be doubled, processes killed and the broker restarted."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection

from config.embedded import broker_url, running
from jobs.models import JobRun
from jobs.registry import QUEUES, get_job

pytestmark = pytest.mark.waits

PATIENCE = timedelta(seconds=30)
YESTERDAY = datetime.now(UTC) - timedelta(days=1)


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE.total_seconds()
    while not holds():
        assert time.monotonic() < deadline, "waited for too long"
        time.sleep(0.05)


class Workshop:
    """A broker of its own, and the processes that are started on it."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.data = data
        self.broker_url = broker_url(data=data)
        self.environment = {**environment, "BROKER_URL": self.broker_url, "LOG_LEVEL": "INFO"}
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "--app", "config", *arguments],
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
        self.processes.append(process)
        return process

    def start_worker(self, concurrency: int = 2) -> subprocess.Popen[bytes]:
        return self.start(
            "worker", "--include=tests.jobs.probes", "--without-mingle", "--without-gossip", f"-c{concurrency}"
        )

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """SIGKILL the process and its children, which all are in its session."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def wake_up(self, name: str, times: int = 1) -> None:
        with Celery(broker=self.broker_url) as app:
            for _time in range(times):
                app.send_task("jobs.wake_up", args=[name], queue=get_job(name).queue)

    def waiting(self) -> int:
        """How many messages no worker has taken."""
        with self.broker() as client:
            return sum(client.llen(queue) for queue in QUEUES)

    def kill_broker(self) -> None:
        """SIGKILL the broker and wait until its keeper has started it again."""
        with self.broker() as client:
            killed = client.info("server")["process_id"]
            os.kill(killed, signal.SIGKILL)
            wait_until(lambda: self.broker_pid() not in (None, killed))

    def broker_pid(self) -> int | None:
        try:
            with self.broker() as client:
                return int(client.info("server")["process_id"])
        except redis.ConnectionError:
            return None

    def broker(self) -> redis.Redis:
        return redis.Redis(unix_socket_path=self.broker_url.removeprefix("redis+socket://"))


@pytest.fixture
def workshop(tmp_path: Path, process_environment: dict[str, str]) -> Iterator[Workshop]:
    with running(data=tmp_path / "broker", names=["valkey"], durable=False):
        workshop = Workshop(tmp_path / "broker", process_environment)
        yield workshop
        for process in workshop.processes:
            workshop.kill(process)


@pytest.mark.parametrize("name", ["find_arrivals", "greet_arrivals"])
def test_a_message_that_comes_five_times_has_its_effect_once(arrivals, workshop, name):
    arrivals.add("Ada", "Bo", due_at=YESTERDAY)
    arrivals.delay(0.5)
    workshop.wake_up(name, times=5)

    workshop.start_worker()

    wait_until(lambda: JobRun.objects.done().exists() and not workshop.waiting())
    assert arrivals.found() == ["Ada", "Bo"]
    assert list(JobRun.objects.values_list("job", "outcome", "found")) == [(name, "done", 2)]


@pytest.mark.parametrize("name", ["find_arrivals", "greet_arrivals"])
def test_a_job_whose_worker_is_killed_halfway_is_done_by_the_next(arrivals, workshop, name):
    arrivals.add("Ada", "Bo", due_at=YESTERDAY)
    arrivals.delay(60)
    worker = workshop.start_worker()
    workshop.wake_up(name)
    wait_until(arrivals.processes_at_work)

    workshop.kill(worker)
    wait_until(lambda: not arrivals.processes_at_work())
    arrivals.delay(0)
    workshop.start_worker()
    workshop.wake_up(name)

    wait_until(JobRun.objects.done().exists)
    assert arrivals.found() == ["Ada", "Bo"]
    assert JobRun.objects.get().job == name


def test_a_worker_outlives_its_broker_and_its_database_connection(arrivals, workshop):
    arrivals.add("Ada", due_at=YESTERDAY)
    workshop.start_worker(concurrency=1)
    workshop.wake_up("find_arrivals")
    wait_until(JobRun.objects.done().exists)

    workshop.kill_broker()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()"
        )
        assert cursor.rowcount == 1
    workshop.wake_up("greet_arrivals")

    wait_until(JobRun.objects.done().filter(job="greet_arrivals").exists)


def test_beat_wakes_every_job_of_the_registry_at_once(arrivals, workshop):
    workshop.start("beat")
    wait_until(workshop.waiting)
    workshop.start_worker()

    wait_until(JobRun.objects.done().filter(job="delete_old_job_runs").exists)
