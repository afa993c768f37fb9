"""All that it takes to check one public thing alone: its claim, and the positions of the ledger that it stands on."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from publishing import ledger, reading
from publishing.models import Document, LedgerEntry, Publishable, Redaction, SignedHead
from publishing.reading import Answer
from publishing.resource import Asked, registry
from publishing.signing import head_as_told
from tracking.models import TRACKED_RESOURCES, Response
from tracking.resources import spans

# What a position's own hash is made of, docs/ledger.md.
HASHED = ("seq", "recorded_at", "action", "resource", "ref", "change", "document_hash", "previous_hash")
# What a record rests on, in the order in which it is told.
ROLES = ("commitment", "status", "evidence", "source")


class Proof(NamedTuple):
    """`rows` are positions with their documents, from the claim down to the sources, then redactions of these.

    `signed_heads` are the first ones that each of the rows is under, and `head` is the position of the data version.
    """

    claim: Answer | None
    rows: list[Answer]
    signed_heads: list[Answer]
    head: Answer


def proof(thing: Publishable, asked: Asked) -> Proof | None:
    """Return what one public thing rests on at a version; None when it did not stand then.

    A constant number of queries.
    """
    resource = registry[thing.resource]
    standing = reading.present(resource, [thing.pk], asked)
    if not standing:
        return None
    (answer,) = standing
    claim, roles = None, {thing.pk: "thing"}
    if thing.resource in TRACKED_RESOURCES:
        claim, roles = _claim(thing, answer, roles, asked)
    rows = _rows(roles, asked)
    days = {row["signed_head"] for row in rows} - {None}
    heads = [head_as_told(head) for head in SignedHead.objects.filter(day__in=days).order_by("day")]
    last = LedgerEntry.objects.filter(seq=asked.version).values("seq", "hash").get()
    return Proof(claim, rows, heads, dict(last))


def _claim(record: Publishable, answer: Answer, roles: dict[int, str], asked: Asked) -> tuple[Answer, dict[int, str]]:
    """Return what is said of a record, and the roles of all that it rests on, by key."""
    refs = {answer["commitment"]: "commitment"} if answer.get("commitment") else {}
    held = spans(asked).filter(record=record.pk).values_list("change", "change__ref").first()
    change = held[1] if held else None
    documents = reading.documents([held[0]], version=asked.version) if held else {}
    for document in documents.values():
        refs |= {document["ref"]: "status"} | dict.fromkeys(document["evidence"], "evidence")
    kept = dict(_keys(refs, asked).values_list("thing__ref", "thing"))
    cited = reading.documents([kept[ref] for ref in kept if refs[ref] == "evidence"], version=asked.version)
    sources = {document["source"]: "source" for document in cited.values()}
    sources = {ref: role for ref, role in sources.items() if ref not in refs}
    under = dict(_keys(sources, asked).values_list("thing__ref", "thing"))
    said = reading.standing(asked.version).filter(thing__resource=Response.collection, body__record=record.ref)
    named = refs | sources
    roles = (
        roles
        | {key: named[ref] for ref, key in sorted((kept | under).items(), key=lambda each: ROLES.index(named[each[0]]))}
        | dict.fromkeys(said.order_by("thing").values_list("thing", flat=True), "response")
    )
    return {"status": answer["status"], "status_since": answer["status_since"], "change": change}, roles


def _keys(refs: Iterable[str], asked: Asked) -> QuerySet[Document]:
    return reading.standing(asked.version).filter(thing__ref__in=list(refs))


def _rows(roles: Mapping[int, str], asked: Asked) -> list[Answer]:
    standing = {
        thing: (seq, body, salt)
        for thing, seq, body, salt in reading.standing(asked.version)
        .filter(thing__in=roles)
        .values_list("thing", "entry", "body", "salt")
    }
    seqs = {standing[key][0]: role for key, role in roles.items() if key in standing}
    texts = {seq: (body, salt) for seq, body, salt in standing.values()}
    redacted: dict[int, str] = {}
    for seq, body, salt in (
        Redaction.objects.filter(thing__in=roles).order_by("entry").values_list("entry", "body", "salt")
    ):
        named = {taken["seq"]: taken["document_hash"] for taken in body["documents"] if taken["seq"] in texts}
        if named:
            redacted |= named
            seqs[seq] = "redaction"
            texts[seq] = (body, salt)
    first_signed = SignedHead.objects.filter(seq__gte=OuterRef("seq")).order_by("day").values("day")[:1]
    entries = {
        entry["seq"]: entry
        for entry in LedgerEntry.objects.filter(seq__in=seqs)
        .annotate(signed=Subquery(first_signed))
        .values(*HASHED, "hash", "signed")
    }
    return [_row(entries[seq], role, *texts[seq], redacted.get(seq)) for seq, role in seqs.items()]


def _row(entry: dict[str, Any], role: str, document: Answer, salt: bytes | memoryview, redacted: str | None) -> Answer:
    signed: date | None = entry.pop("signed")
    return (
        {"role": role}
        | entry
        | {
            "recorded_at": ledger.timestamp(entry["recorded_at"]),
            "change": str(entry["change"]),
            "document": document,
            "salt": bytes(salt).hex(),
            "redacted_hash": redacted,
            "signed_head": signed and signed.isoformat(),
        }
    )
