"""A tracker on servers: what its processes share, refuse and tell; its backup, restored; its replica.

One file, so that one process of a test run makes one deployment for all of it.
"""

import json
import re
import subprocess
import tarfile
from contextlib import ExitStack
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from config import embedded
from config.backups import NotABackup, read_manifest
from config.checks import LEDGER, POWERS
from tests.server.composed import ROOT
from tests.server.conftest import HOST, TOKEN, wait_until
from tests.servers.mail import free_port
from tests.servers.separate import PASSWORDS, postgres_server

READER = "reader@example.org"


def metric(text: str, name: str, **labels: str) -> float:
    """Return the sum of a metric's series that have these labels."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = [line for line in text.splitlines() if re.match(rf"{name}[ {{]", line)]
    return sum(float(line.rpartition(" ")[2]) for line in lines if all(each in line for each in wanted))


def metrics(web) -> str:
    answer = web.ask("/metrics", Authorization=f"Bearer {TOKEN}")
    assert answer.status == 200
    return answer.text


def test_web_servers_and_workers_share_nothing_but_database_and_broker(deployment):
    first, second = deployment.webs
    wish = urlencode({"email": READER, "frequency": "daily", "language": "en", "time_zone": "UTC"})

    asked = first.ask(
        "/en/subscribe/",
        method="POST",
        body=wish,
        Content_Type="application/x-www-form-urlencoded",
        Origin=f"https://{HOST}",
    )
    assert (asked.status, asked.headers["Location"]) == (302, "/en/subscribe/sent/")
    wait_until(lambda: deployment.mailbox.messages, first.log.read_text)
    (link,) = re.findall(r"https://\S+/confirm/", deployment.mailbox.messages[0].get_body(("plain",)).get_content())
    assert link.startswith(f"https://{HOST}/en/subscriptions/")
    assert second.ask(urlsplit(link).path).status == 200

    wait_until(lambda: json.loads(second.ask("/readyz").body)["last_completed"].values(), second.log.read_text)
    assert [web.ask("/readyz").status for web in deployment.webs] == [200, 200]
    one, other = (web.ask("/api/v1/pledges/") for web in deployment.webs)
    assert (one.body, one.headers["ETag"]) == (other.body, other.headers["ETag"])
    assert json.loads(one.body)["results"][0]["url"].startswith(f"https://{HOST}/api/v1/pledges/")


def form_of(page) -> tuple[str, str]:
    """Return the cookies that came with a page, as a browser sends them back, and the token in its form."""
    assert page.status == 200
    jar = SimpleCookie("; ".join(each.partition(";")[0] for each in page.headers.get_all("Set-Cookie", [])))
    (token, *_same) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in jar.items()), token


def test_who_logs_in_at_one_web_server_is_known_at_the_other(deployment):
    first, second = deployment.webs
    made = deployment.manage(
        *("shell", "-v0", "-c"),
        "from accounts.models import User; "
        f"User.objects.create_user('colleague', password='{PASSWORDS[embedded.APP]}', is_staff=True)",
        service="web",
    )
    assert made.returncode == 0, made.stderr

    def send(web, path: str, cookies: str, **values: str):
        headers = {"Content_Type": "application/x-www-form-urlencoded", "Origin": f"https://{HOST}"}
        return web.ask(path, method="POST", body=urlencode(values), Cookie=cookies, **headers)

    cookies, token = form_of(first.ask("/admin/login/"))
    word = {"username": "colleague", "password": PASSWORDS[embedded.APP]}
    assert send(second, "/admin/login/", cookies, **word).status == 403
    answer = send(second, "/admin/login/?next=/admin/", cookies, csrfmiddlewaretoken=token, **word)
    assert (answer.status, answer.headers["Location"]) == (302, "/admin/")
    session = "; ".join(each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie"))

    assert second.ask("/admin/").status == 302
    assert [web.ask("/admin/", Cookie=session).status for web in (first, second, first)] == [200] * 3
    (token, *_same) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', first.ask("/admin/", Cookie=session).text)
    assert send(second, "/admin/logout/", session, csrfmiddlewaretoken=token).status == 200
    assert first.ask("/admin/", Cookie=session).status == 302


def test_any_worker_writes_the_signed_head_to_the_folder_that_others_mirror(deployment):
    wait_until(lambda: list(deployment.heads.glob("*.json")), deployment.webs[0].log.read_text)

    told = json.loads(deployment.webs[1].ask("/api/v1/ledger/heads/").body)["results"]
    files = {file.stem: json.loads(file.read_text()) for file in deployment.heads.glob("*.json")}
    assert files == {head["day"]: head for head in told}


def test_processes_leave_nothing_on_their_own_disk_that_another_needs(deployment):
    kept = {path.relative_to(deployment.folder).parts[1] for path in deployment.folder.glob("*-*/*")}

    assert {re.sub(r"-\d+$", "", name) for name in kept} <= {"metrics"}


def test_answers_keep_to_https_and_to_their_own_scripts(deployment):
    page = deployment.webs[0].ask("/admin/login/")

    assert page.headers["Strict-Transport-Security"] == "max-age=2592000"
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert all("Secure" in cookie for cookie in page.headers.get_all("Set-Cookie", []))
    assert deployment.webs[0].ask("/", Host="elsewhere.example.org").status == 400


def test_what_a_proxy_says_is_believed_from_a_trusted_one_only(deployment):
    trusting, distrustful = (web.ask("/healthz") for web in deployment.webs)

    assert "Strict-Transport-Security" in trusting.headers
    assert "Strict-Transport-Security" not in distrustful.headers


def test_the_checks_of_a_deployment_find_nothing(deployment):
    done = deployment.manage("check", "--deploy", "--database", "default", "--fail-level", "WARNING", service="web")

    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_starts_with_a_role_that_could_alter_the_ledger(deployment):
    done = deployment.run("web", DATABASE_URL=deployment.postgres.url(embedded.OWNER))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "The role of DATABASE_URL could alter the ledger: it owns the database or is a member of its owner. Use two "
        "roles as docker-compose.yml does, and give the owner's in DATABASE_OWNER_URL. (pactwatch.E007)\n"
    )


@pytest.mark.parametrize(
    ("role", "grant", "powers"),
    [
        (embedded.SUPERUSER, "", "is a superuser"),
        (embedded.APP, "UPDATE ON publishing_ledgerentry", "may update publishing_ledgerentry"),
        (embedded.APP, "TRUNCATE ON publishing_document", "may truncate publishing_document"),
        (embedded.APP, "pg_write_server_files", "is a member of pg_write_server_files"),
        (embedded.APP, embedded.OWNER, "owns the database or is a member of its owner"),
        (embedded.APP, "", None),
    ],
)
def test_each_way_to_alter_the_ledger_is_noticed(deployment, role, grant, powers):
    with deployment.postgres.connect(embedded.SUPERUSER) as superuser:
        superuser.execute("BEGIN")
        if grant:
            superuser.execute(f"GRANT {grant} TO {role}")
        superuser.execute(f"SET LOCAL ROLE {role}")

        found = superuser.execute(POWERS, {"ledger": [model._meta.db_table for model in LEDGER]}).fetchone()

        superuser.execute("ROLLBACK")
    assert found == ((powers,) if powers else None)


def test_no_worker_starts_without_the_key_that_it_signs_with(deployment):
    done = deployment.run("worker", SIGNING_KEY="")

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert done.stderr.startswith("SIGNING_KEY must be set for the worker in production")
    assert "`openssl rand -base64 32` makes one" in done.stderr


def test_without_its_database_a_process_ends_in_one_line(deployment):
    url = deployment.postgres.url(embedded.APP).replace(PASSWORDS[embedded.APP], "a-wrong-word")

    done = deployment.run("worker", DATABASE_URL=url)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "password authentication failed" in done.stderr
    assert "a-wrong-word" not in done.stderr


def test_logs_are_json_with_the_id_of_the_request_and_without_personal_data(deployment):
    web = deployment.webs[0]
    answer = web.ask("/en/records/?q=a-secret-wish", X_Request_ID="forged-by-a-reader")
    missing = web.ask(f"/en/subscriptions/{READER}/")

    def lines() -> list[dict[str, object]]:
        return [json.loads(line) for line in web.log.read_text().splitlines()]

    def told(id: str) -> list[dict[str, object]]:
        return [line for line in lines() if line.get("request_id") == id]

    wait_until(lambda: told(missing.headers["X-Request-ID"]), web.log.read_text)
    (line,) = told(answer.headers["X-Request-ID"])
    assert (line["logger"], line["method"], line["status"]) == ("pactwatch.requests", "GET", answer.status)
    everything = "".join(log.read_text() for log in deployment.folder.glob("*.log") if log.stem != "cluster")
    assert READER not in everything
    assert "a-secret-wish" not in everything
    assert "192.0.2.7" not in everything

    def jobs_told() -> bool:
        logs = [log.read_text() for log in deployment.folder.glob("worker-*.log")]
        runs = [json.loads(line) for log in logs for line in log[: log.rfind("\n") + 1].splitlines()]
        return {run["job"] for run in runs if "job_run" in run} >= {"detect_passed_deadlines", "send_messages"}

    wait_until(jobs_told, lambda: "The workers tell of no job.")


def test_metrics_are_told_to_whom_knows_the_token_by_all_processes_together(deployment):
    web = deployment.webs[0]
    before = metric(metrics(web), "pactwatch_request_seconds_count", route="api-root")

    for _ in range(20):
        assert web.ask("/api/v1/").status == 200

    found = metrics(web)
    assert metric(found, "pactwatch_request_seconds_count", route="api-root", status="200") == before + 20
    assert metric(found, "pactwatch_database_up") == 1
    assert metric(found, "pactwatch_ledger_position") > 4000
    assert metric(found, "pactwatch_job_late") == 0
    assert metric(found, "pactwatch_mail_failed") == 0
    assert 0 <= metric(found, "pactwatch_queue_age_seconds", queue="detectors") < 300
    for given in ({}, {"Authorization": "Bearer another"}, {"Authorization": TOKEN}):
        assert web.ask("/metrics", **given).status == 401


def test_metrics_are_no_address_where_no_token_is_set(client, settings, db):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics").status_code == 404


def test_the_running_role_cannot_alter_the_ledger(deployment):
    with deployment.postgres.connect(embedded.APP) as app:
        for forbidden in (
            "UPDATE publishing_ledgerentry SET hash = ''",
            "DELETE FROM publishing_change",
            "TRUNCATE publishing_document",
            "ALTER TABLE publishing_ledgerentry DISABLE TRIGGER ALL",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(forbidden)


COPY = "restored"
PATHS = (
    "/api/v1/pledges/?format=jsonl&version={version}&as_of=2026-11-24",
    "/api/v1/records/?q=安全&version={version}&as_of=2026-11-24&count=true",
    "/api/v1/pledges/unga-res-79-325.annual-report.un.2026/?version={version}&as_of=2026-11-24",
)


@pytest.fixture(scope="module")
def backup(deployment, tmp_path_factory) -> Path:
    """A backup that was made while two web servers and two workers ran, with something in the folder of snapshots."""
    data = tmp_path_factory.mktemp("data")
    (data / "snapshots" / "ab").mkdir(parents=True)
    (data / "snapshots" / "ab" / "page.html").write_text("what a page showed")

    done = deployment.manage("backup", PACTWATCH_DATA=str(data))

    assert done.returncode == 0, done.stderr
    file = Path(done.stdout.splitlines()[-1])
    assert (file.parent, [each.name for each in file.parent.iterdir()]) == (data / "backups", [file.name])
    assert file.stat().st_mode & 0o777 == 0o600
    return file


@pytest.fixture
def empty(deployment):
    """The name of a database that holds nothing, and is gone afterwards."""
    deployment.postgres.tool("createdb", "--owner", embedded.OWNER, COPY)
    yield COPY
    deployment.postgres.tool("dropdb", "--force", COPY)


def shape(deployment, database: str) -> str:
    """Return tables, generated columns, functions, triggers that fire always, owners and rights, as pg_dump tells them.

    Casts and brackets are left out: PostgreSQL writes those of a check anew when it reads them.
    """
    told = deployment.postgres.tool("pg_dump", "--schema-only", "--restrict-key=same", database)
    return re.sub(r"::character varying|::text(\[\])?|[()]", "", told)


def test_a_restored_tracker_is_the_one_that_it_was(deployment, backup, empty, tmp_path):
    done = deployment.manage("restore", str(backup), database=empty, PACTWATCH_DATA=str(tmp_path))

    assert (done.returncode, done.stderr) == (0, "")
    head = done.stdout.splitlines()[-1]
    verified = deployment.manage("verify_ledger", f"--head={head}", service="web", database=empty)
    assert verified.stdout.splitlines()[-1] == head
    assert (tmp_path / "snapshots" / "ab" / "page.html").read_text() == "what a page showed"

    assert shape(deployment, empty) == shape(deployment, embedded.DATABASE)
    assert "ENABLE ALWAYS TRIGGER ledger_no_change" in shape(deployment, empty)
    rows = "SELECT count(*), min(search::text) FROM publishing_document"
    with deployment.postgres.connect(embedded.APP) as here, deployment.postgres.connect(embedded.APP, empty) as there:
        assert there.execute(rows).fetchone() == here.execute(rows).fetchone()
        assert there.execute("SELECT count(*) FROM django_session").fetchone() == (0,)

    with ExitStack() as stack:
        web = deployment.start_web(stack, database=empty, WEB_WORKERS="1")
        for path in PATHS:
            asked = path.format(version=head.partition(":")[0])
            answer = web.ask(asked.replace("安全", "%E5%AE%89%E5%85%A8"))
            assert (answer.status, len(answer.body) > 100) == (200, True)
            same = deployment.webs[0].ask(asked.replace("安全", "%E5%AE%89%E5%85%A8"))
            assert (answer.body, answer.headers["ETag"]) == (same.body, same.headers["ETag"])


def test_a_migration_gives_way_to_who_uses_its_table_and_is_tried_again(deployment, empty):
    with deployment.postgres.connect(embedded.OWNER, empty) as somebody:
        somebody.execute("BEGIN")
        somebody.execute("CREATE TABLE django_content_type (id int)")
        migrating = subprocess.Popen(
            ["python", "manage.py", "migrate", "accounts"],
            cwd=ROOT,
            env=deployment.environment("migrate", database=empty),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert migrating.stderr
        told = migrating.stderr.readline()
        somebody.execute("ROLLBACK")
        _, more = migrating.communicate()

    assert told == "Somebody else uses a table that is to be changed; the migration is tried again.\n"
    assert (migrating.returncode, set(more.splitlines()) <= {told.strip()}) == (0, True)


def test_a_tracker_that_holds_something_is_left_as_it_is(deployment, backup):
    before = deployment.webs[0].ask("/api/v1/ledger/").body

    done = deployment.manage("restore", str(backup))

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("CommandError: The database is not empty.")
    assert deployment.webs[0].ask("/api/v1/ledger/").body == before


def altered(backup: Path, into: Path, **manifest: object) -> Path:
    """Write the backup anew with other words in its manifest."""
    file = into / "altered.tar"
    (into / "parts").mkdir()
    with tarfile.open(backup) as tar:
        tar.extractall(into / "parts", filter="data")
    told = into / "parts" / "manifest.json"
    told.write_text(json.dumps({**json.loads(told.read_text()), **manifest}))
    with tarfile.open(file, "w") as tar:
        for name in ("manifest.json", "database.dump", "snapshots"):
            tar.add(into / "parts" / name, arcname=name)
    return file


def test_what_is_no_backup_of_this_release_is_refused(deployment, backup, empty, tmp_path):
    for file, why in ((tmp_path / "missing.tar", "No such file or directory"), (Path("README.md"), "invalid header")):
        with pytest.raises(NotABackup, match=why):
            read_manifest(file)

    newer = altered(backup, tmp_path, migrations=["publishing.9999_of_next_year"])
    done = deployment.manage("restore", str(newer), database=empty)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "The backup is of a newer release: it has publishing.9999_of_next_year" in done.stderr


@pytest.mark.parametrize("harm", ["cut", "changed"])
def test_a_harmed_backup_is_refused_and_nothing_is_written(deployment, backup, empty, tmp_path, harm):
    content = bytearray(backup.read_bytes())
    if harm == "cut":
        del content[-40_000:]
    else:
        content[len(content) // 2] ^= 1
    harmed = tmp_path / "harmed.tar"
    harmed.write_bytes(content)

    done = deployment.manage("restore", str(harmed), database=empty)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "is no backup of Pactwatch, or it is broken" in done.stderr
    with deployment.postgres.connect(embedded.SUPERUSER, empty) as database:
        assert database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


THEME = """
- ref: of-the-replica
  label_en: Told a moment later
  label_zh: 稍后得知
  definition_en: What a replica tells later.
  definition_zh: 副本稍后才得知的内容。
"""


@pytest.fixture
def standby(deployment, tmp_path):
    """A standby of the deployment's database, in a stack that ends it."""
    copy = tmp_path / "standby"
    deployment.postgres.tool(
        "pg_basebackup", f"--pgdata={copy}", "--checkpoint=fast", "--write-recovery-conf", "--no-sync"
    )
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server(copy, free_port(), "hot_standby_feedback=on"))
        yield server, stack


def version_of(answer) -> int:
    assert answer.status == 200, answer.text
    return int(answer.headers["Data-Version"])


def test_the_api_reads_from_a_replica_and_never_calls_an_old_answer_the_last_word(deployment, standby, tmp_path):
    server, ending = standby
    main = deployment.webs[0]
    with ExitStack() as stack, server.connect(embedded.SUPERUSER) as inside:
        web = deployment.start_web(stack, WEB_WORKERS="1", DATABASE_REPLICA_URL=server.url(embedded.APP))
        before = version_of(web.ask("/api/v1/themes/"))
        readers = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'pactwatch_app'"
        assert inside.execute(readers).fetchone() == (1,)

        inside.execute("SELECT pg_wal_replay_pause()")
        (tmp_path / "more").mkdir()
        (tmp_path / "more" / "themes.yaml").write_text(THEME)
        loaded = deployment.manage("load_records", str(tmp_path / "more"), service="web")
        assert loaded.returncode == 0, loaded.stderr
        after = version_of(main.ask("/api/v1/themes/"))
        assert after == before + 1

        behind = web.ask("/api/v1/themes/?page_size=7")  # one that the main one has not answered, and kept for all
        assert (version_of(behind), behind.headers["Cache-Control"]) == (before, "public, no-cache")
        newest = web.ask(f"/api/v1/themes/?version={after}")
        assert "of-the-replica" in {each["ref"] for each in json.loads(newest.body)["results"]}
        assert web.ask("/readyz").status == 200

        inside.execute("SELECT pg_wal_replay_resume()")
        wait_until(lambda: version_of(web.ask("/api/v1/themes/?page_size=8")) == after, web.log.read_text)

        inside.close()
        ending.close()
        assert version_of(web.ask("/api/v1/themes/?page_size=9")) == after
        assert "The replica does not answer" in web.log.read_text()
