"""The chain: how documents and positions are hashed, and the one way to append. docs/ledger.md describes the format."""

import hashlib
import os
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction

from accounts.models import User
from publishing import bulk
from publishing.lookups import key_array
from publishing.models import Action, Change, Document, LedgerEntry

GENESIS = "0" * 64
SALT_BYTES = 16
# Any fixed number will do; it is taken last in a transaction, so that no writer waits for a lock while holding it.
LEDGER_LOCK = 0x7061637477617463


class Head(NamedTuple):
    """The last position of the ledger: `seq` is the data version."""

    seq: int
    hash: str
    recorded_at: datetime | None


class Item(NamedTuple):
    """What is to be written about one thing; `document` is None when it ceases to be public.

    `kept_hash` is the hash of what a redaction says: that is kept beside the documents, and ends none of them.
    """

    thing: int
    resource: str
    ref: str
    action: Action
    document: dict[str, Any] | None
    kept_hash: str = ""


def canonical(value: Any) -> bytes:
    """Return the canonical JSON of a document: UTF-8, keys sorted, no white space (RFC 8785; no floats occur)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def document_hash(*, salt: bytes, document: dict[str, Any]) -> str:
    """Return the hex SHA-256 of the salt followed by the canonical document."""
    return hashlib.sha256(salt + canonical(document)).hexdigest()


def timestamp(moment: datetime) -> str:
    """Return an aware moment as UTC text with microseconds, as it is hashed: 2026-11-24T08:00:00.000000Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_hash(
    *,
    seq: int,
    recorded_at: str,
    action: str,
    resource: str,
    ref: str,
    change: str,
    document: str,
    previous: str,
) -> str:
    """Return the hex SHA-256 of one position's canonical fields; `recorded_at` is written as by `timestamp`."""
    return hashlib.sha256(
        canonical(
            {
                "seq": seq,
                "recorded_at": recorded_at,
                "action": action,
                "resource": resource,
                "ref": ref,
                "change": change,
                "document_hash": document,
                "previous_hash": previous,
            }
        )
    ).hexdigest()


def head() -> Head:
    """Return the last position; seq 0 and the zero hash before the first one. One indexed query."""
    last = LedgerEntry.objects.order_by("-seq").values_list("seq", "hash", "recorded_at").first()
    return Head(*last) if last else Head(0, GENESIS, None)


def version_at(moment: datetime) -> int:
    """Return the data version that stood at an aware moment; 0 before the first change."""
    return (
        Change.objects.filter(recorded_at__lte=moment).order_by("-last_seq").values_list("last_seq", flat=True).first()
        or 0
    )


def whole_version(seq: int) -> int:
    """Return the highest data version not above `seq` that ends a change: half an act was never public."""
    return (
        Change.objects.filter(last_seq__lte=seq).order_by("-last_seq").values_list("last_seq", flat=True).first() or 0
    )


class Prepared(NamedTuple):
    """Rows of the ledger and of documents, and the (thing, position) at which documents that stood end."""

    entries: list[tuple[Any, ...]]
    documents: list[tuple[Any, ...]]
    closed: list[tuple[int, int]]


@dataclass
class Appending:
    """One act under way: it holds the ledger's lock and knows the next position."""

    id: uuid.UUID
    act: str
    by: User | None
    recorded_at: datetime
    first_seq: int
    seq: int
    hash: str
    seq_of: dict[int, int] = field(default_factory=dict)

    def append(self, items: Sequence[Item]) -> None:
        """Write one position for each item, close the document that stood, and keep the new one.

        `seq_of` tells afterwards at which position each thing was written last.
        """
        self.write(self.prepare(items))

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Take the next positions for the items and hash them, without asking the database."""
        prepared = Prepared([], [], [])
        salts = os.urandom(SALT_BYTES * len(items))
        recorded_at, change = timestamp(self.recorded_at), str(self.id)
        for number, item in enumerate(items):
            self.seq += 1
            hashed = item.kept_hash
            if item.document is not None:
                salt = salts[number * SALT_BYTES : (number + 1) * SALT_BYTES]
                written = canonical(item.document)
                hashed = hashlib.sha256(salt + written).hexdigest()
                prepared.documents.append((self.seq, None, item.thing, salt, written.decode()))
            if item.action not in (Action.PUBLISHED, Action.REDACTED):
                prepared.closed.append((item.thing, self.seq))
            action, previous = item.action.value, self.hash
            self.hash = entry_hash(
                seq=self.seq,
                recorded_at=recorded_at,
                action=action,
                resource=item.resource,
                ref=item.ref,
                change=change,
                document=hashed,
                previous=previous,
            )
            self.seq_of[item.thing] = self.seq
            prepared.entries.append(
                (self.seq, recorded_at, action, item.resource, item.ref, change, hashed, previous, self.hash)
            )
        return prepared

    def write(self, prepared: Prepared) -> None:
        """Write what was prepared last."""
        bulk.copy(LedgerEntry._meta.db_table, ENTRY_COLUMNS, prepared.entries)
        self._close(prepared.closed)
        bulk.copy(Document._meta.db_table, DOCUMENT_COLUMNS, prepared.documents)

    def _close(self, closed: list[tuple[int, int]]) -> None:
        if not closed:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE publishing_document d SET until_seq = closed.seq"
                " FROM unnest(%s::bigint[], %s::bigint[]) AS closed(thing, seq)"
                " WHERE d.thing_id = closed.thing AND d.until_seq IS NULL",
                [key_array(thing for thing, _seq in closed), key_array(seq for _thing, seq in closed)],
            )


ENTRY_COLUMNS = (
    "seq",
    "recorded_at",
    "action",
    "resource",
    "ref",
    "change_id",
    "document_hash",
    "previous_hash",
    "hash",
)
DOCUMENT_COLUMNS = ("from_seq", "until_seq", "thing_id", "salt", "body")


@contextmanager
def appending(*, act: str, by: User | None = None) -> Iterator[Appending]:
    """Open one act on the ledger, inside one transaction, and close it with its row in Change.

    Other writers wait until the transaction ends. Nothing is written when nothing was appended. Take every other lock
    before this one.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LEDGER_LOCK])
            cursor.execute(
                "SELECT coalesce(l.seq, 0), coalesce(l.hash, %s), greatest(clock_timestamp(), l.recorded_at)"
                " FROM (VALUES (1)) one LEFT JOIN LATERAL"
                " (SELECT seq, hash, recorded_at FROM publishing_ledgerentry ORDER BY seq DESC LIMIT 1) l ON true",
                [GENESIS],
            )
            seq, last_hash, recorded_at = cursor.fetchone()
        act_under_way = Appending(
            id=uuid.uuid4(),
            act=act,
            by=by,
            recorded_at=recorded_at,
            first_seq=seq + 1,
            seq=seq,
            hash=last_hash,
        )
        yield act_under_way
        if act_under_way.seq >= act_under_way.first_seq:
            Change.objects.create(
                id=act_under_way.id,
                act=act,
                by=by,
                first_seq=act_under_way.first_seq,
                last_seq=act_under_way.seq,
                recorded_at=recorded_at,
            )
