"""Rebuilding everything that the ledger promises, and naming the first thing that is not as it should be."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import Exists, F, Max, OuterRef, Q, Subquery, TextField, Window
from django.db.models.functions import Cast, Lag
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from psycopg import sql

from publishing import ledger
from publishing.ledger import GENESIS
from publishing.models import Action, Change, Document, LedgerEntry, PublicationState, Publishable
from publishing.resource import registry

CHUNK = 5_000
# A document as PostgreSQL writes it, for a reader of JSON that takes a third of the time of Django's.
AS_TEXT = Cast("body", TextField())


class Broken(NamedTuple):
    """The first thing that is wrong: where it is, and what is wrong with it in a sentence."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Verified(NamedTuple):
    """What was checked and found whole."""

    head: ledger.Head
    entries: int
    documents: int
    rows: int


Check = Callable[[], Iterator[Broken]]
# Checks that higher layers add; each yields what it finds broken.
further_checks: list[Check] = []


def also_verify(check: Check) -> Check:
    """Decorate a check of a higher layer, so that verification runs it."""
    further_checks.append(check)
    return check


def verify(*, head: tuple[int, str] | None = None) -> Verified | Broken:
    """Rebuild the chain, the documents' hashes and the documents of all public rows, and run the further checks.

    `head` is a position and its hash that somebody kept elsewhere: it shows a tail that was cut off or rewritten.
    Returns the first thing broken, or what was verified. Reads everything once, in flat memory, and all of it from one
    state: what is published meanwhile does not count. Inside a transaction that is under way, that one's state is read.
    """
    counts = {"entries": 0, "documents": 0, "rows": 0}
    of_the_ledger = [lambda: _chain(counts), lambda: _kept_head(head), _changes, lambda: _documents(counts)]
    of_the_rows = [lambda: _rows(counts), _merged, *further_checks]
    if connection.in_atomic_block:
        broken = _first_broken([*of_the_ledger, *of_the_rows])
        return broken or Verified(ledger.head(), **counts)
    with transaction.atomic(), connection.cursor() as cursor, ThreadPoolExecutor(1) as beside:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        rows = beside.submit(_verify_beside, cursor.fetchone()[0], of_the_rows, language=get_language())
        broken = _first_broken(of_the_ledger) or rows.result()
        return broken or Verified(ledger.head(), **counts)


def _verify_beside(snapshot: str, checks: Iterable[Check], *, language: str) -> Broken | None:
    """Run checks on a connection of this thread's own, on the state that another one has exported: while one side waits
    for PostgreSQL, the other one hashes and compares.
    """
    try:
        with override(language), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot).as_string())
            return _first_broken(checks)
    finally:
        connection.close()


def _first_broken(checks: Iterable[Check]) -> Broken | None:
    return next((broken for check in checks for broken in check()), None)


# The canonical JSON of a position, as `ledger.entry_hash` makes it, hashed where the rows are.
_CHAIN = """
    SELECT seq, ref, seq_before, previous_hash = hash_before, recorded_at >= recorded_before FROM (
        SELECT *,
            lag(seq, 1, 0::bigint) OVER before AS seq_before,
            lag(hash, 1, %(genesis)s::varchar) OVER before AS hash_before,
            lag(recorded_at, 1, '-infinity') OVER before AS recorded_before,
            pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
                '{"action":' || to_json(action)
                || ',"change":' || to_json(change_id)
                || ',"document_hash":' || to_json(document_hash)
                || ',"previous_hash":' || to_json(previous_hash)
                || ',"recorded_at":' || to_json(to_char(recorded_at AT TIME ZONE 'UTC', %(moment)s))
                || ',"ref":' || to_json(ref)
                || ',"resource":' || to_json(resource)
                || ',"seq":' || seq || '}', 'UTF8')), 'hex') AS rebuilt
        FROM publishing_ledgerentry WINDOW before AS (ORDER BY seq)) entry
    WHERE seq <> seq_before + 1 OR previous_hash <> hash_before OR recorded_at < recorded_before
        OR hash IS DISTINCT FROM rebuilt
    ORDER BY seq LIMIT 1
"""


def _chain(counts: dict[str, int]) -> Iterator[Broken]:
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"genesis": GENESIS, "moment": 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'})
        broken = cursor.fetchone()
    if broken:
        seq, ref, before, names_hash, in_order = broken
        where = _("position %(seq)d (%(ref)s)") % {"seq": seq, "ref": ref}
        if seq != before + 1:
            yield Broken(where, _("position %(missing)d is missing before it") % {"missing": before + 1})
        elif not names_hash:
            yield Broken(where, _("it does not name the hash of the position before"))
        elif not in_order:
            yield Broken(where, _("it was recorded before the position that precedes it"))
        else:
            yield Broken(where, _("its fields do not give its hash"))
    counts["entries"] = LedgerEntry.objects.count()


def _kept_head(head: tuple[int, str] | None) -> Iterator[Broken]:
    if head is None or head == (0, GENESIS):
        return
    seq, kept = head
    own = LedgerEntry.objects.filter(seq=seq).values_list("hash", flat=True).first()
    where = _("position %(seq)d") % {"seq": seq}
    if own is None:
        yield Broken(where, _("the ledger ends before the head that was kept elsewhere"))
    elif own != kept:
        yield Broken(where, _("its hash is not that of the head that was kept elsewhere"))


def _changes() -> Iterator[Broken]:
    ended = Window(Lag("last_seq", default=0), order_by="first_seq")
    late = Change.objects.annotate(ended=ended).exclude(first_seq=F("ended") + 1).order_by("first_seq").first()
    if late:
        yield Broken(_("change %(id)s") % {"id": late.pk}, _("it does not begin where the change before it ended"))
    own = Change.objects.filter(pk=OuterRef("change_id"), first_seq__lte=OuterRef("seq"), last_seq__gte=OuterRef("seq"))
    stray = LedgerEntry.objects.filter(~Exists(own)).order_by("seq").first()
    if stray:
        around = Change.objects.filter(first_seq__lte=stray.seq, last_seq__gte=stray.seq).first()
        if around is None:
            yield Broken(_("position %(seq)d") % {"seq": stray.seq}, _("it belongs to no change"))
        else:
            yield Broken(
                _("change %(id)s") % {"id": around.pk},
                _("a position between its first and its last belongs to another change"),
            )
    last = Change.objects.aggregate(last=Max("last_seq"))["last"] or 0
    if last != ledger.head().seq:
        yield Broken(_("position %(seq)d") % {"seq": last + 1}, _("it belongs to no change"))


def _documents(counts: dict[str, int]) -> Iterator[Broken]:
    leaving = [Action.UNPUBLISHED, Action.MERGED, Action.REDACTED]
    missing = LedgerEntry.objects.exclude(action__in=leaving).filter(document=None).order_by("seq").first()
    if missing:
        yield Broken(str(missing), _("its document is missing"))
    redacted: dict[int, str] = {}
    yield from _redactions(redacted)
    rows = (
        Document.objects.annotate(
            ends_well=Q(until_seq=None)
            | Exists(LedgerEntry.objects.filter(seq=OuterRef("until_seq"), ref=OuterRef("thing__ref")))
        )
        .order_by("entry")
        .values_list("entry_id", "thing__ref", "salt", AS_TEXT, "entry__ref", "entry__document_hash", "ends_well")
        .iterator(CHUNK)
    )
    for seq, thing, salt, body, ref, named, ends_well in rows:
        document = orjson.loads(body)
        if not thing == ref == document.get("ref"):
            yield Broken(_document_name(seq, ref), _("it is not about what the ledger says"))
        if ledger.document_hash(salt=salt, document=document) != redacted.get(seq, named):
            yield Broken(_document_name(seq, ref), _("it does not give the hash that the ledger has of it"))
        if not ends_well:
            yield Broken(_document_name(seq, ref), _("it ends at a position that is about something else"))
        counts["documents"] += 1


def _document_name(seq: int, ref: str) -> str:
    return _("document of position %(seq)d (%(ref)s)") % {"seq": seq, "ref": ref}


def _redactions(hashes: dict[int, str]) -> Iterator[Broken]:
    """Check what the redactions say, and put aside which hash each redacted document has since, by its position."""
    said = LedgerEntry.objects.filter(action=Action.REDACTED).order_by("seq").select_related("redaction__thing")
    for entry in said.iterator(CHUNK):
        redaction = getattr(entry, "redaction", None)
        if redaction is None:
            yield Broken(str(entry), _("what it took out is not said"))
            continue
        told = redaction.body
        hashed = ledger.document_hash(salt=bytes(redaction.salt), document=told)
        if hashed != entry.document_hash or not entry.ref == told["ref"] == redaction.thing.ref:
            yield Broken(str(entry), _("what it says does not give the hash that the ledger has of it"))
        for document in told["documents"]:
            if document["seq"] < entry.seq:
                hashes[document["seq"]] = document["document_hash"]


def _rows(counts: dict[str, int]) -> Iterator[Broken]:
    public = Publishable.objects.public()
    # Not with `exclude(pk__in=…)`: NOT IN compares every row with every other when there are many.
    documents = Document.objects.current().filter(thing=OuterRef("pk"))
    stray = public.filter(~Exists(documents)).order_by("pk").first()
    if stray:
        yield Broken(str(stray.ref), _("it is shown in public, and the ledger has no document of it"))
    hidden = Document.objects.current().exclude(thing__state=PublicationState.PUBLISHED).order_by("entry").first()
    if hidden:
        yield Broken(str(hidden.thing.ref), _("the ledger has it as public, and its row does not"))
    for row in public_rows():
        if row.rebuilt != row.standing:
            yield row.broken()
        counts["rows"] += 1


def _merged() -> Iterator[Broken]:
    """Compare where merged things lead with the ledger: right after the row of one stands what took it in, if any."""
    last = LedgerEntry.objects.filter(ref=OuterRef("ref")).order_by("-seq")
    things = Publishable.objects.filter(state=PublicationState.MERGED).annotate(
        seq=Subquery(last.values("seq")[:1]), action=Subquery(last.values("action")[:1])
    )
    rows = {row.ref: row for row in things.select_related("merged_into").order_by("pk")}
    following = LedgerEntry.objects.filter(seq__in=[row.seq + 1 for row in rows.values()], action=Action.ABSORBED)
    taken_in_by = {entry.seq - 1: entry.ref for entry in following}
    for ref, row in rows.items():
        if row.action != Action.MERGED:
            yield Broken(ref, _("its row says that it was merged, and the ledger does not"))
        other = taken_in_by.get(row.seq)
        while other in rows and rows[other].seq in taken_in_by:
            other = taken_in_by[rows[other].seq]
        if other != (row.merged_into and row.merged_into.ref):
            yield Broken(ref, _("it leads to something else than the ledger says"))
    left = LedgerEntry.objects.filter(action=Action.MERGED).exclude(ref__in=rows)
    for entry in left.order_by("seq"):
        if not LedgerEntry.objects.filter(ref=entry.ref, seq__gt=entry.seq).exists():
            yield Broken(entry.ref, _("the ledger says that it was merged, and its row does not"))


class PublicRow(NamedTuple):
    """A public thing: the document that stands in the ledger, and what its row gives now (None when that is gone)."""

    resource: str
    key: int
    standing: dict[str, Any]
    rebuilt: dict[str, Any] | None

    def broken(self) -> Broken:
        """Return what is wrong, when the two differ."""
        return Broken(_row_name(self.resource, self.standing), _difference(self.standing, self.rebuilt))


def public_rows() -> Iterator[PublicRow]:
    """Yield all public things, a few queries for each 5,000 of a resource, in flat memory."""
    for resource in registry:
        last = 0
        public = Publishable.objects.public().filter(resource=resource.name)
        while keys := list(public.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
            last = keys[-1]
            rebuilt = resource.documents(keys)
            standing = Document.objects.current().filter(thing__among=keys).values_list("thing_id", AS_TEXT)
            for key, body in standing:
                yield PublicRow(resource.name, key, orjson.loads(body), rebuilt.get(key))


def _row_name(resource: str, body: dict[str, Any]) -> str:
    return _("row of %(ref)s (%(resource)s)") % {"ref": body["ref"], "resource": resource}


def _difference(kept: dict[str, Any], found: dict[str, Any] | None) -> str:
    if found is None:
        return _("the row is gone, and the ledger has its document")
    names = ", ".join(sorted(name for name in kept.keys() | found.keys() if kept.get(name) != found.get(name)))
    return _("it was changed behind the ledger: %(fields)s") % {"fields": names}
