"""The services of docker-compose.yml as plain processes in production settings, on servers of their own."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from config import embedded
from tests.server.composed import ROOT, compose, environment_of
from tests.servers.mail import Mailbox, free_port, receiving_mail
from tests.servers.separate import PASSWORDS, SeparatePostgres, new_postgres, process, valkey_server

SECONDS = 90
HOST = "tracker.example.org"
TOKEN = "token-of-the-metrics"
PROXIED = {"Host": HOST, "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


def wait_until(holds: Callable[[], object], told: Callable[[], str]) -> None:
    until = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < until, told()
        time.sleep(0.1)


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Web:
    """One web server, asked as a proxy before it would ask."""

    port: int
    log: Path

    def ask(self, path: str, *, method: str = "GET", body: str | None = None, **headers: str) -> Answer:
        """Ask for a path; header names are written with _ for -. What a proxy adds is there unless given anew."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            line.request(method, path, body, {**PROXIED, **{name.replace("_", "-"): v for name, v in headers.items()}})
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()

    def answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.ask("/healthz").status == 200
        return False


@dataclass
class Deployment:
    """A tracker on servers: its database, its broker, its mail, and how one of its processes is started."""

    folder: Path
    postgres: SeparatePostgres
    broker_url: str
    mailbox: Mailbox
    webs: list[Web] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    @property
    def heads(self) -> Path:
        """What is the volume of that name in docker-compose.yml."""
        return self.folder / "heads"

    def environment(self, service: str, *, database: str = embedded.DATABASE, **more: str) -> dict[str, str]:
        """Return what the service has in its container, with the servers that run here and a data folder of its own."""
        given = {
            "BASE_URL": f"https://{HOST}",
            "SECRET_KEY": "used-by-the-tests-only-0123456789-abcdefghijk-LMNOP",
            "SIGNING_KEY": "dXNlZC1ieS10aGUtdGVzdHMtb25seS0wMTIzNDU2Nzg=",
            "OWNER_PASSWORD": PASSWORDS[embedded.OWNER],
            "APP_PASSWORD": PASSWORDS[embedded.APP],
            "EMAIL_URL": self.mailbox.url,
            "TRUSTED_PROXIES": "127.0.0.1",
            "METRICS_TOKEN": TOKEN,
        }
        composed = {
            name: value.replace("@postgres:5432/pactwatch", f"@127.0.0.1:{self.postgres.port}/{database}")
            for name, value in environment_of(service, given).items()
        }
        if "HEADS_DIR" in composed:
            composed["HEADS_DIR"] = str(self.heads)
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser",
            **composed,
            "BROKER_URL": self.broker_url,
            "PACTWATCH_DATA": str(self.folder / f"{service}-{next(self.numbers)}"),
            **more,
        }

    def run(self, service: str, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command, or else the service's own, to its end; the caller looks at exit status and output."""
        return subprocess.run(
            command or compose()["services"][service]["command"],
            cwd=ROOT,
            env=self.environment(service, **more),
            capture_output=True,
            text=True,
        )

    def manage(self, *arguments: str, service: str = "backup", **more: str) -> subprocess.CompletedProcess[str]:
        return self.run(service, "python", "manage.py", *arguments, **more)

    def start(self, stack: ExitStack, service: str, **more: str) -> Path:
        """Start a service and return its log."""
        log = self.folder / f"{service}-{next(self.numbers)}.log"
        stack.enter_context(
            process(
                compose()["services"][service]["command"],
                stop=signal.SIGTERM,
                environment=self.environment(service, **more),
                log=log,
            )
        )
        return log

    def start_web(self, stack: ExitStack, service: str = "web", **more: str) -> Web:
        """Start a web server and wait until it answers."""
        port = free_port()
        web = Web(port, self.start(stack, service, LISTEN="127.0.0.1", PORT=str(port), **more))
        wait_until(web.answers, web.log.read_text)
        return web


@pytest.fixture(scope="package")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A migrated tracker with the starting records, on which two web servers, two workers and beat run.

    The second web server trusts no proxy that is there.
    """
    folder = tmp_path_factory.mktemp("deployment")
    postgres = compose()["services"]["postgres"]
    with ExitStack() as stack:
        server = stack.enter_context(
            new_postgres(
                folder,
                initdb=postgres["environment"]["POSTGRES_INITDB_ARGS"],
                roles=ROOT / "config" / "postgres" / "roles.sh",
            )
        )
        made = Deployment(
            folder, server, stack.enter_context(valkey_server(folder)), stack.enter_context(receiving_mail())
        )
        statics = subprocess.Popen(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"], cwd=ROOT, env=made.environment("web")
        )
        migrated = made.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        loaded = made.manage("load_records", "fixtures", service="web")
        assert loaded.returncode == 0, loaded.stderr
        assert statics.wait() == 0
        for service in ("worker", "worker", "beat"):
            made.start(stack, service, WORKER_CONCURRENCY="1")
        made.webs = [
            made.start_web(stack, "web"),
            made.start_web(stack, "web2", WEB_WORKERS="1", TRUSTED_PROXIES="10.0.0.0/8"),
        ]
        yield made
