"""`make drill-jobs`: a whole tracker with two workers and two beats, whose servers and processes are killed.

It takes some minutes of real time, because what it measures is how long it takes until a dead worker is noticed.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.supervisor import every_process
from tests.servers.stack import ROOT, Stack

pytestmark = pytest.mark.skipif(os.environ.get("DRILL") != "whole", reason="make drill-jobs does it")

STANDING = """
from tracking.models import Finding
from publishing.models import SignedHead
rows = Finding.objects.open().select_related("record", "about")
print(sorted((finding.kind, finding.subject.ref) for finding in rows), SignedHead.objects.count())
"""
ADMINISTRATOR = "from accounts.models import User; User.objects.update(email='admin@example.org')"
SECONDS_TO_MAKE_UP = 180
SECONDS_UNTIL_NOTICED = 5 * 60


def told(stack: Stack, code: str) -> str:
    done = stack.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout


def processes(stack: Stack, *words: str) -> list[int]:
    """Return the pids of the stack's processes whose command line has these words.

    Valkey writes its title over its environment, so a process in the data folder counts too.
    """
    found = []
    for pid, _fields in every_process():
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = Path(f"/proc/{pid}/environ").read_bytes()
            folder = Path(f"/proc/{pid}/cwd").readlink()
        except OSError:
            continue
        own = os.fsencode(stack.data) in environment + line.encode() or folder.is_relative_to(stack.data)
        if own and all(word in line for word in words):
            found.append(pid)
    return found


@pytest.fixture
def second() -> Iterator[Callable[[Stack, str], None]]:
    """Start one more worker or beat beside those of a stack."""
    started: list[subprocess.Popen[bytes]] = []

    def start(stack: Stack, name: str) -> None:
        command = [sys.executable, "-m", "config.start", name]
        started.append(subprocess.Popen(command, cwd=ROOT, env=stack.environment, start_new_session=True))

    yield start
    for process in started:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_killed_servers_and_doubled_processes_change_no_finding_and_a_dead_worker_is_noticed(
    run_stack: Any, second: Callable[[Stack, str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    calm = run_stack()
    assert calm.manage("run_job", "--all").returncode == 0
    expected = told(calm, STANDING)
    calm.stop()

    stack = run_stack()
    for name in ("worker", "beat"):
        second(stack, name)
    told(stack, ADMINISTRATOR)
    for victim in (("valkey-server",), ("postgres", "-D"), ("celery", "worker"), ("celery", "beat")):
        killed = processes(stack, *victim)
        assert killed, victim
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        time.sleep(2)
        stack.wait_until_ready()
    until = time.monotonic() + SECONDS_TO_MAKE_UP
    while None in json.loads(stack.get("/readyz")[1])["last_completed"].values():
        assert time.monotonic() < until, stack.get("/readyz")
        time.sleep(1)
    assert told(stack, STANDING) == expected
    assert stack.manage("verify_ledger").returncode == 0

    # Alive and connected, and yet it takes nothing.
    stopped = processes(stack, "celery", "worker")
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    began, mails = time.monotonic(), stack.data / "mail"
    noticed: dict[str, float] = {}
    while len(noticed) < 2 and time.monotonic() - began < SECONDS_UNTIL_NOTICED:
        if stack.get("/readyz")[0] == 503:
            noticed.setdefault("/readyz", time.monotonic() - began)
        if mails.exists() and any("heartbeat_" in mail.read_text() for mail in mails.iterdir()):
            noticed.setdefault("mail", time.monotonic() - began)
        time.sleep(1)
    for pid in stopped:
        os.kill(pid, signal.SIGCONT)
    assert set(noticed) == {"/readyz", "mail"}
    with capsys.disabled():
        print(f"\nA worker that takes nothing was noticed after {noticed} s")
