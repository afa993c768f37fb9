"""Whatever is altered behind Django's back is found and named."""

import json
import subprocess
import sys
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from config import embedded
from publishing import ledger
from tests.commitments.world import decide, load, records

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_ledger.py"


@pytest.fixture
def tracker(transactional_db, tmp_path, django_user_model):
    load(tmp_path / "world", records(2026))
    decide(
        "accord.report.acme",
        "fulfilled",
        on=date(2026, 11, 20),
        by=django_user_model.objects.create_superuser("reviewer"),
    )


@pytest.fixture
def superuser(connected_as):
    """Somebody with all rights, who switches the guards off."""
    connection = connected_as(embedded.SUPERUSER)
    guards = connection.execute(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
    ).fetchall()
    connection.execute("SET session_replication_role = replica")
    for table, trigger in guards:
        connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")
    yield connection
    for table, trigger in guards:
        connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {trigger}")


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_ledger", *arguments, stdout=out)
    return out.getvalue()


def test_an_untouched_ledger_is_whole_and_its_head_is_printed_last(tracker):
    head = ledger.head()

    said = verify()

    assert said.splitlines()[-1] == f"{head.seq}:{head.hash}"
    assert verify("--head", f"{head.seq}:{head.hash}") == said


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE publishing_ledgerentry SET ref = 'bolt' WHERE seq = 3", "position 3 (bolt): its fields do not give"),
        ("DELETE FROM publishing_ledgerentry WHERE seq = 4", "position 4 is missing"),
        (
            'UPDATE publishing_document SET body = body || \'{"title": "Another"}\' WHERE from_seq = 4',
            "document of position 4 (src-report): it does not give the hash",
        ),
        ("DELETE FROM publishing_document WHERE from_seq = 5", "its document is missing"),
        (
            "UPDATE commitments_pledge SET note_en = 'x' WHERE record_ptr_id ="
            " (SELECT id FROM publishing_publishable WHERE ref = 'accord.report.bolt')",
            "row of accord.report.bolt (pledges): it was changed behind the ledger: note_en",
        ),
        (
            "UPDATE tracking_record SET status = 'withdrawn' WHERE publishable_ptr_id ="
            " (SELECT id FROM publishing_publishable WHERE ref = 'accord.report.bolt')",
            "accord.report.bolt: it shows a status that the ledger does not give",
        ),
        ("UPDATE tracking_statusspan SET status = 'withdrawn'", "accord.report.acme: its status spans are not those"),
        (
            "UPDATE publishing_publishable SET state = 'draft' WHERE ref = 'bolt'",
            "bolt: the ledger has it as public, and its row does not",
        ),
        (
            "UPDATE publishing_change SET last_seq = 5 WHERE first_seq = 1",
            "it does not begin where the change before it ended",
        ),
    ],
)
def test_what_is_altered_with_the_guards_off_is_named(tracker, superuser, statement, named):
    superuser.execute(statement)

    with pytest.raises(CommandError) as broken:
        verify()

    assert named in str(broken.value)


def test_a_tail_that_was_cut_off_shows_against_a_head_kept_elsewhere(tracker, superuser):
    kept = ledger.head()
    superuser.execute("DELETE FROM tracking_statusspan")
    superuser.execute("UPDATE tracking_record SET status = 'not_assessed', status_since = NULL")
    superuser.execute("DELETE FROM tracking_statuschange_evidence")
    superuser.execute("UPDATE tracking_decision SET status_change_id = NULL, state = 'submitted'")
    superuser.execute("DELETE FROM tracking_statuschange")
    superuser.execute("DELETE FROM publishing_publishable WHERE resource = 'status-changes'")
    superuser.execute("DELETE FROM publishing_document WHERE from_seq = %s", [kept.seq])
    superuser.execute("DELETE FROM publishing_change WHERE last_seq = %s", [kept.seq])
    superuser.execute("DELETE FROM publishing_ledgerentry WHERE seq = %s", [kept.seq])

    assert "whole" in verify()
    with pytest.raises(CommandError, match="ends before the head that was kept"):
        verify("--head", f"{kept.seq}:{kept.hash}")


def test_a_head_that_is_not_one_is_refused(tracker):
    with pytest.raises(CommandError, match="SEQ:HASH"):
        verify("--head", "17")


def test_a_strangers_verifier_comes_to_the_same_head_and_finds_what_was_altered(tracker, live_server, superuser):
    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", str(VERIFIER), f"{live_server.url}/api/v1/ledger/", *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    head = ledger.head()
    first = ask()
    superuser.execute(
        "UPDATE publishing_document SET body = %s WHERE from_seq = 4", [json.dumps({"ref": "src-report"})]
    )
    second = ask()

    assert (first.returncode, first.stdout.splitlines()[-1]) == (0, f"{head.seq}:{head.hash}")
    assert second.returncode == 1
    assert "position 4" in second.stderr


@pytest.mark.parametrize(
    "arguments", [("http://127.0.0.1:9/api/v1/ledger/",), ("/nowhere",), ("http://127.0.0.1:9/", "seven")]
)
def test_the_verifier_for_outsiders_calls_no_ledger_broken_that_it_could_not_read(arguments):
    asked = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), *arguments], capture_output=True, text=True, timeout=60, check=False
    )

    assert asked.returncode == 1
    assert "broken" not in asked.stderr and "Traceback" not in asked.stderr
    assert "Nothing was checked" in asked.stderr or "SEQ:HASH" in asked.stderr
