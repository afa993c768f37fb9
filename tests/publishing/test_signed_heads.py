"""The head of each day, signed: checked with openssl as a stranger would, and never changed."""

import base64
import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from config import embedded
from publishing import ledger
from publishing.models import SignedHead
from publishing.verifying import Broken, Verified, verify
from tests.commitments.world import commitment, load
from tracking.models import Record

ATOM = "{http://www.w3.org/2005/Atom}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

pytestmark = pytest.mark.django_db(transaction=True)


def run(job: str, at: str) -> None:
    call_command("run_job", job, "--at", at, verbosity=0)


def told(client: Any, **asked: str) -> list[dict[str, Any]]:
    return client.get("/api/v1/ledger/heads/", asked).json()["results"]


def openssl_accepts(head: dict[str, Any], folder: Path) -> bool:
    (folder / "statement").write_text(head["statement"])
    (folder / "signature").write_bytes(base64.b64decode(head["signature"]))
    pem = f"-----BEGIN PUBLIC KEY-----\n{head['public_key']}\n-----END PUBLIC KEY-----\n"
    (folder / "key.pem").write_text(pem)
    command = "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement -sigfile signature"
    return subprocess.run(command.split(), cwd=folder, capture_output=True).returncode == 0


def test_the_head_of_each_day_is_signed_once_and_anybody_can_check_it(world, client, tmp_path, settings):
    settings.HEADS_DIR = str(tmp_path / "mirrored" / "heads")
    run("sign_head", "2027-01-01T00:01Z")
    run("sign_head", "2027-01-01T23:59Z")
    first = ledger.head()
    promise = commitment("accord.more", ("More", "更多"), ["labour"], ["acme"], {"kind": "none"})
    load(world / "more", {"commitments": [promise]})
    run("sign_head", "2027-01-04T00:01Z")

    heads = told(client)
    assert [(head["day"], head["seq"], head["hash"]) for head in heads] == [
        ("2027-01-01", first.seq, first.hash),
        ("2027-01-04", ledger.head().seq, ledger.head().hash),
    ]
    assert heads[0]["statement"] == f"pactwatch head 2027-01-01 {first.seq}:{first.hash}"
    assert told(client, day__gte="2027-01-02") == heads[1:]
    assert [openssl_accepts(head, tmp_path) for head in heads] == [True, True]
    assert not openssl_accepts(heads[0] | {"statement": heads[1]["statement"]}, tmp_path)
    files = sorted((tmp_path / "mirrored" / "heads").iterdir())
    assert [path.name for path in files] == ["2027-01-01.json", "2027-01-04.json"]
    assert [json.loads(path.read_text()) for path in files] == heads


@pytest.mark.parametrize(
    ("language", "title", "entry"),
    [
        ("en", "Pactwatch: the signed head of each day", "Signed head of 2027-01-04: position {seq}"),
        ("zh-hans", "Pactwatch：每日已签署的账本头", "2027-01-04已签署的账本头：序号{seq}"),
    ],
)
def test_a_feed_has_all_that_it_takes_to_check_each_head(world, client, tmp_path, language, title, entry):
    run("sign_head", "2027-01-01")
    run("sign_head", "2027-01-04")
    page = client.get(f"/{language}/").content.decode()
    address = f"/{language}/ledger/heads.atom"
    assert '<link rel="alternate" type="application/atom+xml" title="' in page
    assert page.count(f'href="{address}"') == 2

    answer = client.get(address, headers={"Host": "127.0.0.1"})
    feed = ElementTree.fromstring(answer.content)  # noqa: S314 the feed is the tracker's own

    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert (feed.findtext(f"{ATOM}title"), feed.attrib[XML_LANG]) == (title, language)
    assert {link.attrib["href"] for link in feed.findall(f"{ATOM}link")} == {
        f"{configured.BASE_URL}{address}",
        f"{configured.BASE_URL}/api/v1/ledger/heads/",
    }
    entries = feed.findall(f"{ATOM}entry")
    newest, oldest = reversed(told(client))
    assert entries[0].findtext(f"{ATOM}title") == entry.format(seq=newest["seq"])
    for shown, head in zip(entries, (newest, oldest), strict=True):
        summary = shown.findtext(f"{ATOM}summary") or ""
        lines = dict(line.split(": ", 1) for line in summary.removeprefix("<pre>").removesuffix("</pre>").splitlines())
        assert lines == {name: head[name] for name in ("statement", "signature", "public_key", "signed_at")}
        assert openssl_accepts(lines, tmp_path)
        (link,) = shown.findall(f"{ATOM}link")
        assert client.get(link.attrib["href"]).json()["results"] == [head]
    again = client.get(address, headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_file_that_is_missing_is_written_again_and_one_that_is_there_is_left_alone(world, tmp_path, settings):
    settings.HEADS_DIR = str(tmp_path / "heads")
    run("sign_head", "2027-01-01")
    run("sign_head", "2027-01-02")
    first, second = sorted((tmp_path / "heads").iterdir())
    whole = first.read_text()
    first.unlink()
    second.write_text("kept")

    run("sign_head", "2027-01-02")

    assert (first.read_text(), second.read_text()) == (whole, "kept")


def test_a_signed_head_stays_as_it_is_and_is_about_the_ledger(world, connected_as):
    run("sign_head", "2027-01-01")
    as_it_was = SignedHead.objects.get()

    for statement in (
        "UPDATE publishing_signedhead SET seq = 1",
        "DELETE FROM publishing_signedhead",
        "TRUNCATE publishing_signedhead",
        "INSERT INTO publishing_signedhead SELECT day + 1, seq - 1, hash, signed_at, '', '' FROM publishing_signedhead",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        with pytest.raises(psycopg.Error):
            connected_as(embedded.OWNER).execute(statement)

    assert SignedHead.objects.get() == as_it_was


def test_without_a_key_the_job_says_what_to_do(world, settings):
    settings.SIGNING_KEY = ""

    with pytest.raises(CommandError, match="SIGNING_KEY is not set. `openssl rand -base64 32` makes one."):
        run("sign_head", "2027-01-01")

    assert not SignedHead.objects.exists()


def test_the_key_of_a_laptop_is_its_owners_alone():
    key = Path(configured.DATA_DIR) / "signing_key"

    assert stat.S_IMODE(os.stat(key).st_mode) == 0o600
    assert len(base64.b64decode(key.read_text())) == 32


def test_what_verification_finds_broken_fails_its_job(world, connected_as):
    run("sign_head", "2027-01-01")
    run("verify_the_ledger", "2027-01-01")
    assert isinstance(verify(), Verified)

    Record.objects.filter(ref="accord.report.acme").update(title_en="Publish nothing")
    with pytest.raises(CommandError, match="LedgerBroken: row of accord.report.acme"):
        run("verify_the_ledger", "2027-01-02")

    Record.objects.filter(ref="accord.report.acme").update(title_en="Publish a report")
    superuser = connected_as("postgres")
    superuser.execute("ALTER TABLE publishing_signedhead DISABLE TRIGGER head_no_change")
    superuser.execute("UPDATE publishing_signedhead SET day = '2026-12-31'")
    superuser.execute("ALTER TABLE publishing_signedhead ENABLE ALWAYS TRIGGER head_no_change")
    assert verify() == Broken("signed head of 2026-12-31", "its signature is not that of its key")
