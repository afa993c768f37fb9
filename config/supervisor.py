"""`make run`: the whole tracker in the foreground of a terminal.

Starts PostgreSQL and Valkey, brings the database up to date, then starts the web server, the worker and beat, and
waits until each answers. Stops them in reverse. What dies is started again. Each child has a session of its own, so
that Ctrl-C reaches this process only, and the kernel ends the child when this process dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from config import embedded, start
from config.embedded import StartError, dies_with_parent

ROOT = Path(__file__).resolve().parent.parent
MARK = "PACTWATCH_SUPERVISED_ON"
"""The variable by which a process that some run on a data folder left behind is known."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 what somebody else chose is recognised here
SECONDS_BETWEEN_LOOKS = 2
SECONDS_TO_ANSWER = 60
LONGEST_PAUSE = 30
ROOT_IS_FINE = "ignore:You're running the worker with superuser"
STOPPING = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Stopped(Exception):
    """Somebody asked for the end while the start was still under way."""


def say(line: str) -> None:
    print(line, flush=True)


@dataclass(kw_only=True)
class Child:
    """One process of the tracker, and how it is started, asked and stopped."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    answers: Callable[[], bool]
    seconds_to_stop: int
    process: subprocess.Popen[bytes] | None = None
    pause: float = 1
    not_before: float = 0

    def start(self) -> subprocess.Popen[bytes]:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )
        return self.process

    def stop(self) -> None:
        """Let it finish what it does, and end it when it takes too long."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.seconds_to_stop)
        except subprocess.TimeoutExpired:
            say(f"{self.name} did not stop within {self.seconds_to_stop} s and is ended.")
            self.process.kill()
            self.process.wait()

    def start_again_if_dead(self, *, now: float) -> None:
        """Start it again when it died, at first after a second, then less and less often."""
        if self.process is not None and self.process.poll() is not None:
            say(f"{self.name} ended with status {self.process.returncode} and is started again in {self.pause:.0f} s.")
            kill_session(self.process.pid)
            self.process, self.not_before = None, now + self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
        if self.process is None and now >= self.not_before:
            self.start()


def kill_session(leader: int) -> None:
    """End what a dead leader left in its session."""
    for pid, fields in every_process():
        if fields[3] == str(leader):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def every_process() -> Iterator[tuple[int, list[str]]]:
    """Yield each living process with the fields of /proc/PID/stat that follow its name (state, parent, group, session).

    Source: proc_pid_stat(5).
    """
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    yield int(folder.name), fields


def left_behind(data: Path) -> list[int]:
    """Return the processes that some run on this data folder started."""
    mark = f"{MARK}={data}".encode()
    found = []
    for pid, _ in every_process():
        with suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(pid)
    return found


def sweep(data: Path, *, seconds: float) -> None:
    """End what an earlier run on this data folder left behind: politely, and after `seconds` by force."""
    until = time.monotonic() + seconds
    while pids := left_behind(data):
        how = signal.SIGTERM if time.monotonic() < until else signal.SIGKILL
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, how)
        time.sleep(0.2)


@contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the place of the one supervisor of a data folder, or raise StartError."""
    embedded.private_folder(data)
    path = embedded.private_folder(data / "locks") / "supervisor"
    with embedded.explained(path), ExitStack() as stack:
        try:
            mine = stack.enter_context(embedded.locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB))
        except BlockingIOError:
            raise StartError(
                f"Pactwatch runs already on {data} (process {path.read_text()}). Stop it by `kill {path.read_text()}`, "
                "or choose another folder by PACTWATCH_DATA."
            ) from None
        os.truncate(mine, 0)
        os.write(mine, str(os.getpid()).encode())
        yield


def refuse_a_taken_port(listen: str, port: int) -> None:
    try:
        socket.create_server((listen, port)).close()
    except PermissionError:
        raise StartError(f"Only root may use port {port}. Take one above 1023: make run PORT=8000") from None
    except OSError:
        raise StartError(f"Port {port} is in use. Take another one: make run PORT={port % 65535 + 1}") from None


def fingerprint_of_the_schema() -> str:
    """Return a text that changes whenever a migration, the starting records or the pinned packages do."""
    digest = hashlib.sha256()
    for pattern in ("*/migrations/*.py", "*/sql/*.sql", "fixtures/**/*", "requirements/base.txt"):
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and ".venv" not in path.parts:
                digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


def web_answers(listen: str, port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1" if listen in EVERYWHERE else listen, port, timeout=5)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


class Supervisor:
    def __init__(self, *, data: Path, listen: str, port: int, base_url: str, environment: dict[str, str]) -> None:
        self.data = data
        self.listen = listen
        self.port = port
        self.base_url = base_url
        self.environment = {
            "PYTHONWARNINGS": ROOT_IS_FINE,
            **environment,
            "PACTWATCH_DATA": str(data),
            "PORT": str(port),
            MARK: str(data),
        }
        self.children: list[Child] = []

    def run(self) -> None:
        """Bring everything up, keep it up until a signal comes, and take everything down. Raises StartError."""
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPPING)
        with suppress(Stopped), ExitStack() as stack:
            stack.enter_context(only_one(self.data))
            sweep(self.data, seconds=10)
            refuse_a_taken_port(self.listen, self.port)
            names = embedded.wanted(self.environment)
            say("Starting the servers …")
            revive = stack.enter_context(embedded.running(data=self.data, names=names, say=say))
            self.prepare()
            stack.callback(self.stop)
            say("Starting web server, worker and beat …")
            self.children = list(self.make_children())
            for child in self.children:
                child.start()
            for child in self.children:
                self.wait_for(child)
            say(f"Pactwatch is at {self.base_url}/ (Ctrl-C stops it)")
            self.keep(revive)

    def prepare(self) -> None:
        """Migrate and fill the database, unless this very release has done so before.

        The mark lies inside the embedded database's folder, so that it goes where the data go. With a database from
        DATABASE_URL there is none, and both steps look each time.
        """
        mark = self.data / "postgres" / "prepared.txt"
        is_embedded = embedded.Postgres.name in embedded.wanted(self.environment)
        release = fingerprint_of_the_schema()
        if is_embedded and mark.exists() and mark.read_text() == release:
            return
        say("Bringing the database up to date …")
        self.finish([sys.executable, "manage.py", "migrate", "--verbosity=0"])
        self.finish([sys.executable, "-m", "config.preparing"])
        if is_embedded:
            with embedded.explained(mark):
                embedded.write_private(mark, release)

    def finish(self, command: Sequence[str]) -> None:
        """Run a step of the start to its end."""
        child = Child(
            name=command[-1], command=command, environment=self.environment, answers=lambda: True, seconds_to_stop=10
        )
        process = child.start()
        try:
            while process.poll() is None:
                self.wait(0.05)
        finally:
            child.stop()
        if process.returncode != 0:
            raise StartError(f"`{' '.join(command[1:])}` failed; the lines above say why.")

    def make_children(self) -> Iterable[Child]:
        ready = embedded.private_folder(self.data / "run")
        for file in ready.iterdir():
            file.unlink()
        seconds_to_stop = {"web": 7, "worker": 12, "beat": 3}
        for name in start.NAMES:
            told = ready / f"{name}.ready"
            yield Child(
                name=name,
                command=[sys.executable, "-m", "config.start", name],
                environment={**self.environment, "PACTWATCH_READY_FILE": str(told)},
                answers=(lambda: web_answers(self.listen, self.port)) if name == "web" else told.exists,
                seconds_to_stop=seconds_to_stop[name],
            )

    def wait_for(self, child: Child) -> None:
        """Wait until a child that was started answers."""
        until = time.monotonic() + SECONDS_TO_ANSWER
        while not child.answers():
            if child.process is None or child.process.poll() is not None:
                raise StartError(f"{child.name} did not start; the lines above say why.")
            if time.monotonic() > until:
                raise StartError(f"{child.name} did not answer within {SECONDS_TO_ANSWER} s.")
            self.wait(0.1)

    def wait(self, seconds: float) -> None:
        """Wait, and raise Stopped when a signal asks for the end."""
        if signal.sigtimedwait(STOPPING, seconds) is not None:
            raise Stopped

    def keep(self, revive: Callable[[], None]) -> None:
        while True:
            self.wait(SECONDS_BETWEEN_LOOKS)
            try:
                revive()
            except StartError as error:
                say(str(error))
            for child in self.children:
                child.start_again_if_dead(now=time.monotonic())

    def stop(self) -> None:
        say("Stopping …")
        for child in reversed(self.children):
            child.stop()
        sweep(self.data, seconds=0)


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured

    if "MAKELEVEL" in os.environ:
        # make may be killed; nobody would be left who could stop this process by Ctrl-C.
        dies_with_parent(signal.SIGTERM)()
    try:
        from config import settings

        Supervisor(
            data=settings.DATA_DIR,
            listen=settings.LISTEN,
            port=settings.PORT,
            base_url=settings.BASE_URL,
            environment=dict(os.environ),
        ).run()
    except (StartError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
