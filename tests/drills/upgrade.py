"""A deploy with readers: `make drill-upgrade FROM=v1.2` (a tag or commit) upgrades that release to this one, and back.

The release before is taken from git, set up on servers of its own in production settings, and filled by its own
commands; FILES=folder loads more records, such as a hundred thousand pledges. Then it goes as docs/operations.md tells:
migrate beneath the old web servers, exchange them one by one, write with both releases, go back to the old one on the
new schema, and forward again. Readers ask all the while, through what a proxy does: another web server when one does
not answer. Printed are their answers for each step; the exit status is 1 when one was not 200 or anything else failed.

Both releases run with the packages that are installed.
"""

from __future__ import annotations

import argparse
import http.client
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from config import embedded
from tests.servers.mail import free_port, receiving_mail
from tests.servers.separate import ROOT, SeparatePostgres, new_postgres, process, valkey_server

HOST = "tracker.example.org"
PATHS = (
    "/en/",
    "/zh-hans/records/?q=%E5%AE%89%E5%85%A8",
    "/en/records/unga-res-79-325.annual-report.un.2026/",
    "/api/v1/pledges/?page_size=50",
    "/api/v1/pledges/unga-res-79-325.annual-report.un.2026/",
    "/api/v1/records/?q=safety&count=true",
    "/api/v1/ledger/?ordering=-seq",
    "/admin/login/",
)
READERS = 3
PAUSE = 0.05
SECONDS_TO_TRY = 5
SECONDS_TO_START = 60
SECONDS_OF_PEACE = 5
RUN_ALL_JOBS = """
from django.core.management import call_command
from jobs.registry import JOBS
for name in JOBS:
    call_command("run_job", name, verbosity=0)
"""


class Failed(Exception):
    """The upgrade does not go as it is told; the message says where."""


def say(line: str) -> None:
    print(line, flush=True)


@dataclass
class Step:
    """What readers met while one step of the deploy went on."""

    name: str
    answers: int = 0
    longest: float = 0
    bad: list[str] = field(default_factory=list)


@dataclass
class Readers:
    """Several readers who ask one page after the other, and never wait for a web server that is gone."""

    ports: list[int] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def reading(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        say(f"{name} …")
        with self.lock:
            self.steps.append(Step(name))
        began = time.monotonic()
        yield
        say(f"  {time.monotonic() - began:.1f} s")

    def _read(self) -> None:
        while not self.ended.wait(PAUSE):
            path = PATHS[next(self.turns) % len(PATHS)]
            began = time.monotonic()
            told = self._ask(path)
            waited = time.monotonic() - began
            with self.lock:
                step = self.steps[-1]
                step.answers += 1
                step.longest = max(step.longest, waited)
                if told != "200":
                    step.bad.append(f"{path}: {told}")

    def _ask(self, path: str) -> str:
        until = time.monotonic() + SECONDS_TO_TRY
        while True:
            ports = list(self.ports)
            try:
                return str(ask(ports[next(self.turns) % len(ports)], path)[0])
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > until:
                    return repr(error)
            time.sleep(0.02)


def ask(port: int, path: str) -> tuple[int, bytes]:
    """Ask one web server as the proxy before it does, and return status and body."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request("GET", path, headers={"Host": HOST, "X-Forwarded-Proto": "https"})
        answer = line.getresponse()
        return answer.status, answer.read()
    finally:
        line.close()


@dataclass
class Release:
    """The code of one release, and how its commands and web servers are started."""

    name: str
    code: Path
    folder: Path
    environment: dict[str, str]
    owner: dict[str, str]
    stack: ExitStack

    def run(self, *command: str, owner: bool = False) -> str:
        """Run a command of this release to its end and return its last line. Raises Failed."""
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.code,
            env=self.environment | (self.owner if owner else {}),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Failed(f"{self.name}: {' '.join(command)[:200]}\n{done.stdout}{done.stderr}")
        return done.stdout.strip().rpartition("\n")[2]

    def manage(self, *arguments: str, owner: bool = False) -> str:
        return self.run("manage.py", *arguments, owner=owner)

    def prepare(self) -> None:
        self.run("-m", "config.messages", "compile")
        self.manage("collectstatic", "--noinput", "-v0")

    def migrate(self) -> None:
        """Migrate as docker-compose.yml does."""
        self.manage("migrate", "--noinput", owner=True)
        self.manage("redeclare", owner=True)

    def load(self, *folders: Path) -> None:
        self.manage("load_records", *map(str, folders))

    def start_web(self) -> Web:
        web = Web(self, free_port())
        self.stack.callback(web.stop)
        web.start()
        return web


@dataclass
class Web:
    """One web server of a release."""

    release: Release
    port: int
    ending: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        """Start it by the program that each release has, and wait until it answers."""
        log = self.release.folder / f"web-{self.port}.log"
        self.ending.enter_context(
            process(
                [
                    *(str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "--host", "127.0.0.1"),
                    *("--port", str(self.port), "--workers", "1", "--blocking-threads", "4"),
                    *("--log-level", "warning", "config.wsgi:application"),
                ],
                stop=signal.SIGTERM,
                environment=self.release.environment | {"PORT": str(self.port), "DATABASE_POOL": "4"},
                log=log,
                cwd=self.release.code,
            )
        )
        until = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            with suppress(OSError, http.client.HTTPException):
                if ask(self.port, "/healthz")[0] == 200:
                    return
            time.sleep(0.1)
        raise Failed(f"{self.release.name}: the web server does not answer\n{log.read_text()}")

    def stop(self) -> None:
        self.ending.close()


def exchange(readers: Readers, running: list[Web], release: Release) -> list[Web]:
    """Replace web servers one by one, while readers still ask the one that ends; return those that run now."""
    for old in list(running):
        new = release.start_web()
        readers.ports.append(new.port)
        running = [*(web for web in running if web is not old), new]
        old.stop()
        readers.ports.remove(old.port)
    return running


def theme(folder: Path, ref: str) -> Path:
    """Write an import file with one theme and return its folder."""
    (folder / ref).mkdir()
    texts = {"label_en": ref, "label_zh": "演练", "definition_en": "Of the drill.", "definition_zh": "演练用。"}
    (folder / ref / "themes.yaml").write_text(yaml.safe_dump([{"ref": ref, **texts}], allow_unicode=True))
    return folder / ref


def see(running: Sequence[Web], ref: str) -> None:
    """See that each web server answers with what one of the releases wrote. Raises Failed."""
    for web in running:
        status, body = ask(web.port, f"/api/v1/themes/{ref}/")
        if status != 200:
            raise Failed(f"{web.release.name} does not show {ref}: {status} {body[:200]!r}")


def code_of(reference: str, into: Path) -> Path:
    """Take the files of a tag or commit into a folder and return it. Raises Failed."""
    done = subprocess.run(["git", "archive", "--format=tar", reference], cwd=ROOT, capture_output=True)
    if done.returncode:
        raise Failed(done.stderr.decode())
    with tarfile.open(fileobj=BytesIO(done.stdout)) as tar:
        tar.extractall(into, filter="data")
    return into


def environments(folder: Path, postgres: SeparatePostgres, broker: str, mail: str) -> tuple[dict[str, str], ...]:
    """Return the environment of all processes, and what the owner's have beside it."""
    everywhere = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "DATABASE_URL": postgres.url(embedded.APP),
        "BROKER_URL": broker,
        "EMAIL_URL": mail,
        "BASE_URL": f"https://{HOST}",
        "SECRET_KEY": "used-by-the-drill-only-0123456789-abcdefghijk-LMNOP",
        "SIGNING_KEY": "dXNlZC1ieS10aGUtdGVzdHMtb25seS0wMTIzNDU2Nzg=",
        "TRUSTED_PROXIES": "127.0.0.1",
        "PACTWATCH_DATA": str(folder / "data"),
    }
    return everywhere, {"DATABASE_OWNER_URL": postgres.url(embedded.OWNER)}


def drill(reference: str, files: Sequence[Path], folder: Path, stack: ExitStack) -> list[Step]:
    code = code_of(reference, folder / "old")
    compose = yaml.safe_load((code / "docker-compose.yml").read_text())
    postgres = stack.enter_context(
        new_postgres(
            folder,
            initdb=compose["services"]["postgres"]["environment"]["POSTGRES_INITDB_ARGS"],
            roles=ROOT / "config" / "postgres" / "roles.sh",
        )
    )
    mail = stack.enter_context(receiving_mail())
    environment, owner = environments(folder, postgres, stack.enter_context(valkey_server(folder)), mail.url)
    old = Release(f"the release before ({reference})", code, folder, environment, owner, stack)
    new = Release("this release", ROOT, folder, environment, owner, stack)

    say(f"Filling the database by {old.name} …")
    old.prepare()
    new.prepare()
    old.migrate()
    old.load(code / "fixtures")
    for each in files:
        old.load(each)
    running = [old.start_web(), old.start_web()]
    readers = Readers(ports=[web.port for web in running])
    with postgres.connect(embedded.SUPERUSER) as database:
        (bytes_,) = database.execute("SELECT pg_database_size(current_database())").fetchone() or (0,)
    say(f"  a database of {int(str(bytes_)) / 1e6:.0f} MB")

    readers.steps.append(Step("before"))
    with readers.reading():
        with readers.step("nothing happens"):
            time.sleep(SECONDS_OF_PEACE)
        with readers.step("migrate beneath the old web servers"):
            new.migrate()
        with readers.step("both side by side: each writes, each shows what the other wrote, the old jobs run"):
            side = new.start_web()
            readers.ports.append(side.port)
            running.append(side)
            for release, ref in ((old, "written-by-the-old"), (new, "written-by-the-new")):
                release.load(theme(folder, ref))
                see(running, ref)
            old.manage("shell", "-v0", "-c", RUN_ALL_JOBS)
            running.remove(side)
            readers.ports.remove(side.port)
            side.stop()
        with readers.step("exchange the web servers for the new ones"):
            running = exchange(readers, running, new)
        with readers.step("the new jobs run, the ledger is verified"):
            new.manage("shell", "-v0", "-c", RUN_ALL_JOBS)
            new.manage("verify_ledger")
        with readers.step("back to the release before, on the new schema"):
            running = exchange(readers, running, old)
            old.load(theme(folder, "written-after-going-back"))
            see(running, "written-after-going-back")
            old.manage("shell", "-v0", "-c", RUN_ALL_JOBS)
        with readers.step("forward again, as a first deploy"):
            new.migrate()
            running = exchange(readers, running, new)
            see(running, "written-after-going-back")
            say(f"  {new.manage('verify_ledger')}")
    if any(step.bad for step in readers.steps):
        for log in sorted(folder.glob("web-*.log")):
            for line in log.read_text().splitlines():
                if "rror" in line or "DETAIL" in line:
                    say(f"{log.name}: {line}")
    return readers.steps[1:]


def main() -> int:
    parser = argparse.ArgumentParser(description="Upgrade a release to this one and back while readers ask.")
    parser.add_argument("reference", metavar="FROM", help="the release before: a tag or commit")
    parser.add_argument("files", metavar="FOLDER", nargs="*", type=Path, help="import files to load beside fixtures/")
    given = parser.parse_args()
    try:
        with TemporaryDirectory(prefix="pactwatch-upgrade-") as folder, ExitStack() as stack:
            steps = drill(given.reference, [each.resolve() for each in given.files], Path(folder), stack)
    except Failed as failure:
        print(f"The upgrade failed. {failure}", file=sys.stderr)
        return 1
    say(f"\n{'answers':>8} {'not 200':>8} {'longest wait':>13}  while")
    for step in steps:
        say(f"{step.answers:>8} {len(step.bad):>8} {step.longest:>11.2f} s  {step.name}")
        for bad in sorted(set(step.bad)):
            say(f"         {bad}")
    return int(any(step.bad for step in steps))


if __name__ == "__main__":
    sys.exit(main())
