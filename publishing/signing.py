"""The signed head of the day: whoever keeps one can show whether anything before it was rewritten (docs/ledger.md).

Ed25519 is RFC 8032; the public key is written as a SubjectPublicKeyInfo of RFC 8410, so that openssl reads it.
"""

import base64
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from publishing import ledger
from publishing.models import LedgerEntry, SignedHead
from publishing.verifying import Broken, also_verify


class SigningKeyMissing(Exception):
    """Heads cannot be signed."""


def sign_head(*, key: str, now: datetime) -> bool:
    """Sign the present head of the ledger for the day (UTC) of `now` (aware), unless that day has one.

    `key` is the private key, 32 bytes in base64. Returns whether a head was signed; an empty ledger has none. A day
    that was missed stays without: nobody can say any more what stood then. Raises SigningKeyMissing.
    """
    day, head = now.astimezone(UTC).date(), ledger.head()
    if head.seq == 0 or SignedHead.objects.filter(day=day).exists():
        return False
    if not key:
        raise SigningKeyMissing("SIGNING_KEY is not set. `openssl rand -base64 32` makes one.")
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key))
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    signed = SignedHead(
        day=day, seq=head.seq, hash=head.hash, signed_at=now, public_key=base64.b64encode(public).decode()
    )
    signed.signature = base64.b64encode(private.sign(signed.statement.encode())).decode()
    return bool(SignedHead.objects.bulk_create([signed], ignore_conflicts=True))


def head_as_told(head: SignedHead) -> dict[str, Any]:
    """Return a signed head as the API and the files have it."""
    return {
        "day": head.day.isoformat(),
        "seq": head.seq,
        "hash": head.hash,
        "signed_at": ledger.timestamp(head.signed_at),
        "statement": head.statement,
        "signature": head.signature,
        "public_key": head.public_key,
    }


def write_heads(*, folder: Path) -> int:
    """Write each signed head that the folder lacks as a file, 2026-11-24.json, and return how many.

    A file appears whole or not at all, and one that is there is left alone. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    there = {path.stem for path in folder.glob("*.json")}
    written = 0
    for head in SignedHead.objects.order_by("day").iterator():
        if head.day.isoformat() not in there:
            unfinished = folder / f".{head.day.isoformat()}.{os.getpid()}"
            unfinished.write_bytes(orjson.dumps(head_as_told(head), option=orjson.OPT_INDENT_2) + b"\n")
            unfinished.replace(folder / f"{head.day.isoformat()}.json")
            written += 1
    return written


def is_signed(head: SignedHead) -> bool:
    """Return whether the signature is that of the statement by the key beside it."""
    try:
        key = load_der_public_key(base64.b64decode(head.public_key))
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(base64.b64decode(head.signature), head.statement.encode())
    except (ValueError, InvalidSignature):
        return False
    return True


@also_verify
def verify_heads() -> Iterator[Broken]:
    """Compare each signed head with the ledger, and yield what differs or is not signed by its key."""
    own = LedgerEntry.objects.filter(seq=OuterRef("seq")).values("hash")
    for head in SignedHead.objects.annotate(own=Subquery(own)).order_by("day").iterator():
        where = _("signed head of %(day)s") % {"day": head.day.isoformat()}
        if head.own != head.hash:
            yield Broken(where, _("its hash is not that of its position"))
        if not is_signed(head):
            yield Broken(where, _("its signature is not that of its key"))
