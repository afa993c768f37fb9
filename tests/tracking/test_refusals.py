"""What the database itself refuses about statuses, whoever asks: told in SQL, as the role that runs the product."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from accounts.models import User
from config import embedded
from publishing import ledger
from publishing.models import Publishable
from tests.commitments.world import decide, load, records
from tracking.models import Record, StatusChange, StatusSpan

ACME, BOLT = "accord.report.acme", "accord.report.bolt"
ACT = uuid.UUID("00000000-0000-4000-8000-000000000001")
Running = psycopg.Connection[Any]


@pytest.fixture
def tracker(transactional_db: None, tmp_path: Path, reviewer: User) -> StatusChange:
    """The small world with one status, which the tests try to go round."""
    load(tmp_path / "world", records(2026))
    return decide(ACME, "in_progress", on=date(2026, 11, 20), by=reviewer)


@pytest.fixture
def running(tracker: StatusChange, connected_as: Callable[[str], Running]) -> Running:
    return connected_as(embedded.APP)


@pytest.fixture(autouse=True)
def nothing_is_written(tracker: StatusChange) -> Any:
    """After each refusal all is as it was."""
    before = told()
    yield
    assert told() == before


def told() -> list[Any]:
    return [
        ledger.head(),
        list(Publishable.objects.order_by("pk").values_list("pk", "ref", "state")),
        list(StatusChange.objects.order_by("pk").values()),
        list(StatusChange.evidence.through.objects.order_by("pk").values()),
        list(StatusSpan.objects.order_by("pk").values()),
        list(Record.objects.order_by("pk").values_list("ref", "status", "status_since")),
    ]


def insert(running: Running, table: str, **values: Any) -> Any:
    """Insert one row and return its key."""
    statement = sql.SQL("INSERT INTO {} ({}) VALUES ({}) RETURNING {}").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, values)),
        sql.SQL(", ").join([sql.Placeholder()] * len(values)),
        sql.Identifier("id" if "publishable_ptr_id" not in values else "publishable_ptr_id"),
    )
    row = running.execute(statement, list(values.values())).fetchone()
    assert row
    return row[0]


def insert_thing(running: Running, ref: str, resource: str) -> int:
    return insert(
        running,
        "publishing_publishable",
        ref=ref,
        resource=resource,
        state="draft",
        unpublished_note_en="",
        unpublished_note_zh="",
    )


def made_up(record: str) -> dict[str, Any]:
    return {
        "record_id": Record.objects.get(ref=record).pk,
        "kind": "assessment",
        "status": "fulfilled",
        "effective_on": date(2026, 11, 21),
        "reason_en": "It seems so.",
        "reason_zh": "",
        "was_wrong_en": "",
        "was_wrong_zh": "",
        "supersedes_id": None,
    }


def claim(
    running: Running,
    *,
    record: str = ACME,
    evidence: Sequence[str] = ("evd-acme",),
    seq: Sequence[int | None] = (),
    **others: Any,
) -> None:
    """Write a status change past every action, with an act of the ledger for it, and commit it.

    `seq` gives it another position than its own.
    """
    with running.transaction():
        thing = insert_thing(running, "chg.made-up", "status-changes")
        insert(running, "tracking_statuschange", publishable_ptr_id=thing, **(made_up(record) | others))
        for ref in evidence:
            cited = Publishable.objects.get(ref=ref).pk
            insert(running, "tracking_statuschange_evidence", statuschange_id=thing, evidence_id=cited)
        version = append(running, "chg.made-up")
        running.execute(
            "UPDATE tracking_statuschange SET seq = %s, first_version = %s WHERE publishable_ptr_id = %s",
            [seq[0] if seq else version, version, thing],
        )
        end_act(running, version)


def append(running: Running, ref: str) -> int:
    """Write a sound position of the ledger past every action, and return it."""
    last = ledger.head()
    entry: dict[str, Any] = {
        "seq": last.seq + 1,
        "action": "published",
        "resource": "status-changes",
        "ref": ref,
        "recorded_at": ledger.timestamp(datetime.now(UTC)),
    }
    own = ledger.entry_hash(**entry, change=str(ACT), document="", previous=last.hash)
    values = entry | {"change_id": ACT, "document_hash": "", "previous_hash": last.hash, "hash": own}
    running.execute(
        sql.SQL("INSERT INTO publishing_ledgerentry ({}) VALUES ({})").format(
            sql.SQL(", ").join(map(sql.Identifier, values)), sql.SQL(", ").join([sql.Placeholder()] * len(values))
        ),
        list(values.values()),
    )
    return last.seq + 1


def end_act(running: Running, version: int) -> None:
    running.execute(
        "INSERT INTO publishing_change (id, act, first_seq, last_seq, recorded_at)"
        " SELECT change_id, 'decide', seq, seq, recorded_at FROM publishing_ledgerentry WHERE seq = %s",
        [version],
    )


def test_a_status_needs_a_reason(running):
    with pytest.raises(psycopg.Error, match="statuschange_with_reason"):
        claim(running, reason_en="")


def test_a_status_needs_evidence(running):
    with pytest.raises(psycopg.Error, match="at least one evidence row"):
        claim(running, evidence=[])


def test_the_evidence_of_a_status_is_about_the_same_record(running):
    with pytest.raises(psycopg.Error, match="evidence of a status is about the same record"):
        claim(running, evidence=["evd-acme", "evd-bolt"])


def test_a_status_cannot_hold_from_a_day_to_come(running):
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)

    with pytest.raises(psycopg.Error, match=f"cannot hold from {tomorrow}, a day to come"):
        claim(running, effective_on=tomorrow)


def test_nobody_decides_on_what_is_no_status(running):
    for status in ["not_assessed", "overdue", ""]:
        with pytest.raises(psycopg.Error, match="statuschange_status_decidable"):
            claim(running, status=status)


def test_a_status_stands_in_the_ledger_at_its_own_position(running):
    for seq in [None, 1, 1_000_000]:
        with pytest.raises(psycopg.Error, match="a status change stands in the ledger"):
            claim(running, seq=[seq])


def test_a_status_cannot_take_its_position_from_an_act_that_has_ended(running, tracker):
    with pytest.raises(psycopg.Error, match="a status change stands in the ledger"):
        claim(running, seq=[tracker.seq])


def test_a_status_is_not_published_without_the_end_of_its_act(running):
    with pytest.raises(psycopg.Error, match="a status change stands in the ledger"), running.transaction():
        thing = insert_thing(running, "chg.made-up", "status-changes")
        version = append(running, "chg.made-up")
        insert(running, "tracking_statuschange", publishable_ptr_id=thing, seq=version, **made_up(ACME))


def test_the_record_follows_a_status_in_the_same_act(running):
    with pytest.raises(psycopg.Error, match="shows the status in_progress, and the ledger gives fulfilled"):
        claim(running)


def test_a_correction_says_what_was_wrong(running, tracker):
    with pytest.raises(psycopg.Error, match="statuschange_correction_supersedes_one"):
        claim(running, kind="correction", supersedes_id=tracker.pk)


def test_a_correction_names_what_it_corrects(running):
    with pytest.raises(psycopg.Error, match="statuschange_correction_supersedes_one"):
        claim(running, kind="correction", was_wrong_en="The other report was meant.")


def test_only_a_correction_takes_the_place_of_a_change(running, tracker):
    with pytest.raises(psycopg.Error, match="statuschange_correction_supersedes_one"):
        claim(running, kind="revision", supersedes_id=tracker.pk)


def test_a_correction_is_about_the_record_whose_status_was_wrong(running, tracker):
    with pytest.raises(psycopg.Error, match="same record as what it corrects"):
        claim(
            running,
            record=BOLT,
            evidence=["evd-bolt"],
            kind="correction",
            supersedes_id=tracker.pk,
            was_wrong_en="It was the other company.",
        )


class TestSecondCorrection:
    @pytest.fixture
    def tracker(self, transactional_db: None, tmp_path: Path, reviewer: User) -> StatusChange:
        """The world with a status that was corrected once."""
        load(tmp_path / "world", records(2026))
        wrong = decide(ACME, "fulfilled", on=date(2026, 11, 20), by=reviewer)
        day = date(2026, 11, 21)
        decide(ACME, "in_progress", on=day, by=reviewer, kind="correction", supersedes=wrong, was_wrong_en="A part.")
        return wrong

    def test_a_change_is_corrected_once(self, running, tracker):
        with pytest.raises(psycopg.Error, match="duplicate key.*supersedes"):
            claim(running, kind="correction", supersedes_id=tracker.pk, was_wrong_en="All of it.")


ALTERED = [
    "UPDATE tracking_statuschange SET status = 'fulfilled'",
    "UPDATE tracking_statuschange SET effective_on = '2026-11-01'",
    "UPDATE tracking_statuschange SET reason_en = 'Another reason.'",
    "UPDATE tracking_statuschange SET reason_zh = ''",
    "UPDATE tracking_statuschange SET record_id = record_id + 1",
    "UPDATE tracking_statuschange SET kind = 'revision'",
    "UPDATE tracking_statuschange SET seq = seq + 1",
    "UPDATE tracking_statuschange SET first_version = 1",
    "UPDATE tracking_statuschange SET seq = NULL, first_version = NULL",
]


def test_a_published_status_is_never_altered(running):
    for statement in ALTERED:
        with pytest.raises(psycopg.Error, match="never altered"):
            running.execute(statement)


REMOVED = [
    "DELETE FROM tracking_statuschange",
    "TRUNCATE tracking_statuschange CASCADE",
    "DELETE FROM tracking_statuschange_evidence",
    "TRUNCATE tracking_statuschange_evidence",
    "UPDATE tracking_statuschange_evidence SET evidence_id = evidence_id",
]


def test_a_published_status_and_what_it_cites_stay(running, connected_as):
    owner = connected_as(embedded.OWNER)
    for statement in REMOVED:
        with pytest.raises(psycopg.Error, match="permission denied"):
            running.execute(statement)
        with pytest.raises(psycopg.Error, match="what was published stays"):
            owner.execute(statement)


def test_evidence_cannot_be_put_under_a_status_afterwards(running, tracker):
    cited = Publishable.objects.get(ref="evd-bolt").pk

    with pytest.raises(psycopg.Error, match="never altered"):
        insert(running, "tracking_statuschange_evidence", statuschange_id=tracker.pk, evidence_id=cited)


OTHER_STATUSES = [
    (ACME, "SET status = 'fulfilled'"),
    (ACME, "SET status = 'not_assessed', status_since = NULL"),
    (ACME, "SET status_since = '2026-11-01'"),
    (BOLT, "SET status = 'not_fulfilled', status_since = '2026-11-20'"),
    (BOLT, "SET status_since = '2026-11-20'"),
]


def test_a_record_shows_no_status_but_that_of_the_ledger(running):
    for ref, change in OTHER_STATUSES:
        with pytest.raises(psycopg.Error, match="and the ledger gives"):
            running.execute(
                f"UPDATE tracking_record {change}"  # noqa: S608 the words stand above
                " WHERE publishable_ptr_id = (SELECT id FROM publishing_publishable WHERE ref = %s)",
                [ref],
            )


def test_a_record_begins_without_a_status(running):
    day = date(2026, 11, 20)
    for status, since in [("in_progress", day), ("in_progress", None), ("not_assessed", day)]:
        with pytest.raises(psycopg.Error, match="and the ledger gives not_assessed"), running.transaction():
            insert(
                running,
                "tracking_record",
                publishable_ptr_id=insert_thing(running, "made-up", "pledges"),
                title_en="Made up",
                title_zh="虚构",
                status=status,
                status_since=since,
                contested=False,
                review_every="",
            )


def test_two_statuses_cannot_hold_on_the_same_day_at_the_same_version(running, tracker):
    version = tracker.first_version
    for valid, known in [
        ("[2026-11-22,2026-11-23)", f"[{version},)"),
        ("[2026-11-01,)", f"[{version},{version + 1})"),
    ]:
        with pytest.raises(psycopg.Error, match="statusspan_no_overlap"):
            insert(
                running,
                "tracking_statusspan",
                record_id=tracker.record_id,
                change_id=tracker.pk,
                status="fulfilled",
                valid=valid,
                known=known,
            )


def test_the_guards_cannot_be_switched_off(running):
    with pytest.raises(psycopg.Error, match="permission denied"):
        running.execute("SET session_replication_role = replica")
    with pytest.raises(psycopg.Error, match="must be owner"):
        running.execute("ALTER TABLE tracking_record DISABLE TRIGGER record_shows_current")
