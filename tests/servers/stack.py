"""The whole product in processes of its own, as `make run` starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.mail import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 120
SECONDS_TO_STOP = 30


@dataclass
class Stack:
    """A running tracker: web, worker, beat and their servers on a data folder of their own."""

    url: str
    data: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a manage.py command beside the running tracker; the caller looks at its exit status and output."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True
        )

    def get(self, path: str) -> tuple[int, str]:
        """Ask for a path and return status and body, whatever the status."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:  # noqa: S310 its own address
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def stop(self) -> int:
        """Stop all of it as Ctrl-C does and return the exit status. Raises TimeoutExpired after 30 seconds."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(SECONDS_TO_STOP)

    def wait_until_started(self) -> None:
        """Wait until `make run` says that everything answers."""
        until = time.monotonic() + SECONDS_TO_START
        while "Pactwatch is at" not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"The tracker did not start:\n{self.log.read_text()}")
            time.sleep(0.1)

    def wait_until_ready(self) -> None:
        """Wait until everything is well again after something was broken."""
        until = time.monotonic() + SECONDS_TO_START
        body = "no answer"
        while True:
            with suppress(OSError):
                status, body = self.get("/readyz")
                if status == 200:
                    return
            if time.monotonic() > until:
                raise AssertionError(f"The tracker is not well: {body}\n{self.log.read_text()}")
            time.sleep(0.2)


@contextmanager
def running_stacks(scratch: pytest.TempPathFactory) -> Iterator[Callable[..., Stack]]:
    """Give the function that `run_stack` is, for as long as the block lasts; what still runs then is stopped."""
    with ExitStack() as running:

        def run(*, data: Path | None = None, **variables: str) -> Stack:
            folder = data or scratch.mktemp("stack") / "data"
            port = variables.setdefault("PORT", str(free_port()))
            environment = {
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "config.settings",
                "PACTWATCH_DATA": str(folder),
                "ADMIN_PASSWORD": "admin-of-the-tests",
                **variables,
            }
            log = scratch.mktemp("log") / "run.log"
            with log.open("wb") as written:
                process = subprocess.Popen(
                    [sys.executable, "-m", "config.supervisor"],
                    cwd=ROOT,
                    env=environment,
                    stdout=written,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            stack = Stack(f"http://127.0.0.1:{port}", folder, environment, process, log)
            running.callback(stack.stop)
            stack.wait_until_started()
            return stack

        yield run


@pytest.fixture
def run_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Stack]]:
    """Start the tracker: `run_stack(EMAIL_URL=smtp.url)`; `data=` takes an earlier stack's folder up again.

    The first start on a folder migrates and loads the starting records, a later one takes some seconds. What still
    runs when the test ends is stopped.
    """
    with running_stacks(tmp_path_factory) as run:
        yield run
