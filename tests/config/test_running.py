import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.supervisor import every_process
from tests.servers.mail import free_port
from tests.servers.stack import running_stacks

pytestmark = pytest.mark.waits

ROOT = Path(__file__).resolve().parents[2]


def processes_on(data: Path) -> list[str]:
    """Return the command lines of the processes that have to do with a data folder."""
    found = []
    for pid, _ in every_process():
        folder = Path(f"/proc/{pid}")
        try:
            told = (folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()
        except OSError:
            continue
        if any(os.fsencode(data) in each for each in told):
            found.append(told[0].replace(b"\0", b" ").decode())
    return found


def run(data: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PACTWATCH_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings", **variables}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)


COUNT = ["shell", "--no-imports", "-c", "from accounts.models import User; print(User.objects.count())"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The data folder of a tracker that was started, looked at and stopped."""
    with running_stacks(tmp_path_factory) as run_stack:
        stack = run_stack()

        status, body = stack.get("/readyz")
        assert (status, json.loads(body)["status"]) == (200, "ok")
        assert stack.manage(*COUNT).stdout == "1\n"

        assert stack.stop() == 0
        assert processes_on(stack.data) == []
        return stack.data


def test_a_second_start_is_quick_and_keeps_the_data(run_stack, data):
    began = time.monotonic()
    stack = run_stack(data=data)

    assert time.monotonic() - began < 20
    assert "Bringing the database up to date" not in stack.log.read_text()
    assert stack.manage(*COUNT).stdout == "1\n"


def test_a_second_tracker_on_the_same_data_is_refused(run_stack, data):
    stack = run_stack(data=data)

    refused = run(data, "-m", "config.supervisor", PORT=str(free_port()))

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"Pactwatch runs already on {data} (process {stack.process.pid}). Stop it by "
        f"`kill {stack.process.pid}`, or choose another folder by PACTWATCH_DATA.\n"
    )


def test_a_command_without_a_running_tracker_leaves_no_server_behind(data):
    assert run(data, "manage.py", *COUNT).stdout == "1\n"

    assert processes_on(data) == []


def test_what_is_killed_comes_back_and_after_a_killed_run_the_next_one_starts(run_stack, data):
    stack = run_stack(data=data)

    for pid, fields in list(every_process()):
        if fields[1] == str(stack.process.pid):
            os.kill(pid, signal.SIGKILL)
    time.sleep(1)
    stack.wait_until_ready()

    stack.process.kill()
    stack.process.wait()
    again = run_stack(data=data, PORT=stack.environment["PORT"])

    assert again.get("/readyz")[0] == 200
    assert again.stop() == 0
    assert processes_on(data) == []


def test_a_port_in_use_is_named_with_another_one_to_take(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path, "-m", "config.supervisor", PORT=str(port))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Port {port} is in use. Take another one: make run PORT={port + 1}\n"


def test_a_database_of_another_version_is_left_alone(tmp_path):
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("17\n")

    done = run(tmp_path, "manage.py", "migrate")

    assert done.returncode == 1
    assert done.stderr.startswith(f"The data in {cluster} are of PostgreSQL 17, but PostgreSQL 18 is installed.")
    assert [path.name for path in cluster.iterdir()] == ["PG_VERSION"]


def test_commands_share_one_server_and_the_last_one_stops_it(tmp_path):
    data = tmp_path / ("a folder with spaces, and a long path" * 4)
    query = "from django.db import connection as c; k = c.cursor(); k.execute('SELECT pg_sleep(%s)')"
    environment = {**os.environ, "PACTWATCH_DATA": str(data), "DJANGO_SETTINGS_MODULE": "config.settings"}

    commands = [
        subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", query % seconds], cwd=ROOT, env=environment
        )
        for seconds in (0, 1, 2, 60)
    ]
    commands[3].kill()
    commands[3].wait()

    assert [command.wait(60) for command in commands[:3]] == [0, 0, 0]
    assert processes_on(data) == []
