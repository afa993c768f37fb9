"""A stranger checks the ledger with the program in docs/, over HTTP and on a copy; each way to tamper is named."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from django.core.management import call_command

from publishing import ledger
from publishing.actions import unpublish
from publishing.models import LedgerEntry, Publishable
from tests.commitments.world import decide, load, records
from tests.publishing.test_verifying import VERIFIER

PLEDGE = "accord.report.acme"
HASHED = ("seq", "recorded_at", "action", "resource", "ref", "change", "document_hash", "previous_hash")


def verify(source, *arguments):
    return subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(source), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def last_line(done):
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


@pytest.fixture
def address(transactional_db, tmp_path, django_user_model, live_server):
    """A tracker that has signed a head, and decided a status since."""
    by = django_user_model.objects.create_superuser("reviewer")
    load(tmp_path / "world", records(2026))
    call_command("run_job", "sign_head", "--at", "2026-11-01", verbosity=0)
    decide(PLEDGE, "in_progress", on=date(2026, 11, 2), by=by)
    call_command("run_job", "sign_head", "--at", "2026-11-03", verbosity=0)
    decide(PLEDGE, "fulfilled", on=date(2026, 11, 20), by=by)
    return f"{live_server.url}/api/v1/ledger/"


@pytest.fixture
def copy(address, live_server, client, tmp_path):
    """The same, downloaded."""
    folder = tmp_path / "copy"
    folder.mkdir()
    path = address.removeprefix(live_server.url)
    for asked, name in (
        ("?format=jsonl&documents=true", "ledger.jsonl"),
        ("heads/?format=jsonl", "signed-heads.jsonl"),
    ):
        (folder / name).write_bytes(b"".join(client.get(path + asked)))
    return folder


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def write(path: Path, rows: list[dict]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def chained(rows: list[dict], previous: str) -> None:
    """Hash rows anew, as somebody would who wants to hide what they changed."""
    for row in rows:
        row["previous_hash"] = previous
        previous = row["hash"] = hashlib.sha256(ledger.canonical({name: row[name] for name in HASHED})).hexdigest()


def test_everything_a_range_and_one_record_are_checked_from_outside(address, copy):
    head = ledger.head()
    record = LedgerEntry.objects.filter(ref=PLEDGE).get()

    for source in (address, copy):
        assert last_line(verify(source)) == f"{head.seq}:{head.hash}"
        assert last_line(verify(source, f"{record.seq}:{record.hash}")) == f"{head.seq}:{head.hash}"
        assert last_line(verify(source, "--from", "3", "--to", str(record.seq))) == f"{record.seq}:{record.hash}"
        one = verify(source, "--ref", PLEDGE)
        assert last_line(one) == f"{head.seq}:{head.hash}"
        told = one.stderr.splitlines()
        assert f"position {record.seq} ({PLEDGE})" in told[0] and told[0].endswith("signed on 2026-11-01")
        assert "status in_progress" in told[-2] and told[-2].endswith("signed on 2026-11-03")
        assert "status fulfilled" in told[-1] and told[-1].endswith("not under a signed head yet")
        assert verify(source, "--ref", "nobody").returncode == 1
        assert "ends before position" in verify(source, "--to", str(head.seq + 1)).stderr
        assert "not for both" in verify(source, "--to", "3", "--ref", PLEDGE).stderr


def test_one_actor_is_checked_alone_and_what_was_unpublished_needs_no_text(address, django_user_model):
    assert "signed on 2026-11-01" in verify(address, "--ref", "acme").stderr

    pledge = Publishable.objects.get(ref=PLEDGE)
    unpublish(thing=pledge, note_en="Wrong.", note_zh="", by=django_user_model.objects.get())

    assert last_line(verify(address)) == f"{ledger.head().seq}:{ledger.head().hash}"
    assert "unpublished" in verify(address, "--ref", PLEDGE).stderr


TAMPERED = {
    "a text was altered": "position 4 .*its document does not give its hash",
    "a row was altered": "position 4 .*its fields do not give its hash",
    "a row was altered and hashed anew": "position 5 .*it does not name the hash of the position before",
    "history was rewritten": "its hash is not that of the signed head of 2026-11-01",
    "a row was taken out": "position 5 .*position 4 is missing before it",
    "the tail was cut off": "the ledger ends before the signed head of 2026-11-03",
    "two rows changed places": "position 5 .*position 4 is missing before it",
    "a head was signed by nobody": "signed head of 2026-11-03: its signature is not that of its key",
    "a head says another hash": "signed head of 2026-11-01: what is signed is not what it says",
}


def tamper(folder: Path, how: str) -> None:
    rows, heads = read(folder / "ledger.jsonl"), read(folder / "signed-heads.jsonl")
    fourth = rows[3]
    match how:
        case "a text was altered":
            fourth["document"]["title"] = "Another report"
        case "a row was altered":
            fourth["recorded_at"] = "2026-01-01T00:00:00.000000Z"
        case "a row was altered and hashed anew":
            fourth["recorded_at"] = "2026-01-01T00:00:00.000000Z"
            chained([fourth], rows[2]["hash"])
        case "history was rewritten":
            fourth["document"]["title"] = "Another report"
            salted = bytes.fromhex(fourth["salt"]) + ledger.canonical(fourth["document"])
            fourth["document_hash"] = hashlib.sha256(salted).hexdigest()
            chained(rows[3:], rows[2]["hash"])
        case "a row was taken out":
            del rows[3]
        case "the tail was cut off":
            del rows[heads[1]["seq"] - 1 :]
        case "two rows changed places":
            rows[3], rows[4] = rows[4], rows[3]
        case "a head was signed by nobody":
            heads[1]["signature"] = heads[0]["signature"]
        case "a head says another hash":
            heads[0]["hash"] = rows[0]["hash"]
    write(folder / "ledger.jsonl", rows)
    write(folder / "signed-heads.jsonl", heads)


def test_every_way_to_tamper_with_a_copy_is_named(copy, tmp_path):
    for number, (how, named) in enumerate(TAMPERED.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        for path in copy.iterdir():
            (folder / path.name).write_bytes(path.read_bytes())
        tamper(folder, how)

        done = verify(folder)

        assert done.returncode == 1, how
        assert re.search(named, done.stderr), (how, done.stderr)


def test_a_row_that_was_put_in_or_left_out_shows_in_the_check_of_one_record(copy):
    rows = read(copy / "ledger.jsonl")
    own = next(row for row in rows if row["ref"] == PLEDGE)
    change = [row for row in rows if row["resource"] == "status-changes"][0]
    own["document"]["title_en"] = "Publish nothing"
    write(copy / "ledger.jsonl", rows)
    assert (
        f"position {own['seq']} ({PLEDGE}): its document does not give its hash" in verify(copy, "--ref", PLEDGE).stderr
    )

    rows = [row for row in read(copy / "ledger.jsonl") if row["seq"] != change["seq"]]
    write(copy / "ledger.jsonl", rows)
    assert f"position {change['seq']} is missing before it" in verify(copy, "--from", str(own["seq"] + 1)).stderr
