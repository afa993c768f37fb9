"""The ledger refuses in the database itself what nobody may do, whoever asks."""

import threading
from datetime import date

import psycopg
import pytest
from django.db import connection, transaction

from catalog.models import Actor
from config import embedded
from publishing import ledger
from publishing.actions import publish
from publishing.models import Change, Document, LedgerEntry
from tests.commitments.world import decide, load, records

COPY_LAST = (
    "INSERT INTO publishing_ledgerentry"
    " (seq, recorded_at, action, resource, ref, change_id, document_hash, previous_hash, hash)"
    " SELECT %s, clock_timestamp(), action, resource, ref, change_id, document_hash, %s, hash"
    " FROM publishing_ledgerentry WHERE seq = %s"
)


@pytest.fixture
def committed_world(transactional_db, tmp_path):
    load(tmp_path / "world", records(2026))


REFUSED = [
    "UPDATE publishing_ledgerentry SET action = 'revised' WHERE seq = 1",
    "DELETE FROM publishing_ledgerentry WHERE seq = 1",
    "TRUNCATE publishing_ledgerentry CASCADE",
    "UPDATE publishing_change SET act = 'decide'",
    "DELETE FROM publishing_change",
    "DELETE FROM publishing_document",
    "TRUNCATE publishing_document",
    "UPDATE publishing_document SET body = '{}' WHERE from_seq = 1",
    "UPDATE publishing_document SET until_seq = 999999 WHERE from_seq = 1",
    "DELETE FROM publishing_publishable WHERE ref = 'acme'",
    "UPDATE publishing_publishable SET ref = 'acme-2' WHERE ref = 'acme'",
]


@pytest.mark.parametrize("role", [embedded.APP, embedded.OWNER])
@pytest.mark.parametrize("statement", REFUSED)
def test_what_was_published_can_neither_be_changed_nor_removed(committed_world, connected_as, role, statement):
    before = ledger.head()

    with pytest.raises(psycopg.Error, match="append-only|permission denied|it stays|cannot end"):
        connected_as(role).execute(statement)

    assert ledger.head() == before
    assert Document.objects.count() == before.seq


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "ALTER TABLE publishing_ledgerentry DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_no_change ON publishing_ledgerentry",
        "CREATE OR REPLACE FUNCTION publishing_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "SET ROLE pactwatch",
    ],
)
def test_the_running_role_cannot_switch_the_guards_off(connected_as, statement):
    with pytest.raises(psycopg.Error, match="denied|must be owner"):
        connected_as(embedded.APP).execute(statement)


@pytest.mark.parametrize("seq", [7_000, 3])
def test_a_position_that_does_not_follow_the_last_one_is_refused(committed_world, connected_as, seq):
    before = ledger.head()

    with pytest.raises(psycopg.Error, match="no gaps|duplicate key"):
        connected_as(embedded.APP).execute(COPY_LAST, [seq, before.hash, before.seq])

    assert ledger.head() == before


def test_a_position_that_names_another_hash_is_refused(committed_world, connected_as):
    before = ledger.head()

    with pytest.raises(psycopg.Error, match="does not follow"):
        connected_as(embedded.APP).execute(COPY_LAST, [before.seq + 1, "f" * 64, before.seq])

    assert ledger.head() == before


def test_writers_side_by_side_leave_no_gap(committed_world):
    keys = [
        Actor.objects.create(ref=f"actor-{n}", kind="company", name_en=f"Actor {n}", name_zh=f"主体{n}").pk
        for n in range(12)
    ]
    before = ledger.head().seq

    def write(mine: list[int]) -> None:
        try:
            for key in mine:
                publish(things=[key], by=None)
                with pytest.raises(ZeroDivisionError), transaction.atomic():
                    Actor.objects.filter(pk=key).update(note_en="not to stay")
                    publish(things=[key], by=None)
                    raise ZeroDivisionError
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(keys[n::4],)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    written = list(LedgerEntry.objects.filter(seq__gt=before).order_by("seq").values_list("seq", flat=True))
    assert written == list(range(before + 1, before + 13))
    times = list(LedgerEntry.objects.order_by("seq").values_list("recorded_at", flat=True))
    assert times == sorted(times)


def test_a_whole_import_is_one_change_and_one_version(world):
    change = Change.objects.get()

    assert (change.first_seq, change.last_seq) == (1, ledger.head().seq)
    assert set(LedgerEntry.objects.values_list("change", "recorded_at")) == {(change.pk, change.recorded_at)}


def test_half_an_act_is_no_version(world, reviewer):
    imported = ledger.head().seq
    decide("accord.report.acme", "fulfilled", on=date(2026, 11, 20), by=reviewer)

    assert ledger.whole_version(imported - 1) == 0
    assert ledger.whole_version(imported) == imported
    assert ledger.whole_version(ledger.head().seq + 5) == ledger.head().seq
