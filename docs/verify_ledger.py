#!/usr/bin/env python3
"""Check Pactwatch's ledger with nothing of Pactwatch's: Python 3.8 or later and its standard library.

    python3 verify_ledger.py SOURCE                        everything, and all signed heads
    python3 verify_ledger.py SOURCE SEQ:HASH               the same, and whether a head that you kept is still part of it
    python3 verify_ledger.py SOURCE --from SEQ --to SEQ    some positions
    python3 verify_ledger.py SOURCE --ref REF              one thing alone, with what belongs to it, down to signed heads

SOURCE is the ledger's address, https://tracker.example/api/v1/ledger/, or a folder that was downloaded: ledger.jsonl
(what that address gives with ?format=jsonl&documents=true) and, for the signatures, signed-heads.jsonl (the same of
ledger/heads/). It prints the head that it comes to. Exit status 0 when all is well, 1 when not.
"""

import argparse
import base64
import hashlib
import http.client
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

FIELDS = ("seq", "recorded_at", "action", "resource", "ref", "change", "document_hash", "previous_hash")
HEADS = ("signed-heads.jsonl", "heads.jsonl")


class Broken(Exception):
    """The ledger is not what it says it is."""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Address:
    """The ledger over HTTP."""

    def __init__(self, address):
        self.address = address

    def rows(self, **asked):
        yield from self._pages(self.address, dict(asked, page_size=500))

    def belonging(self, ref):
        """Return the ref and, of a record, those of its evidence, status changes and responses."""
        history = urllib.parse.urljoin(self.address, "../records/%s/history/" % urllib.parse.quote(ref))
        try:
            return {ref, *(row["ref"] for row in self._pages(history, {"page_size": 500, "fields": "ref"}))}
        except urllib.error.HTTPError as error:
            if error.code not in (404, 410):
                raise
            return {ref}  # no record, or unpublished

    def heads(self):
        yield from self._pages(urllib.parse.urljoin(self.address, "heads/"), {"page_size": 500})

    def _pages(self, address, asked):
        page = address + "?" + urllib.parse.urlencode(asked)
        while page:
            with urllib.request.urlopen(page, timeout=60) as answer:
                body = json.load(answer)
            yield from body["results"]
            page = body["next"]


class Folder:
    """The ledger as it was downloaded."""

    def __init__(self, folder):
        self.folder = folder

    def rows(self, seq__gte=1, seq__lte=None, ref=None, action=None, documents=None):
        for row in self._lines("ledger.jsonl"):
            wanted = seq__gte <= row["seq"] and (seq__lte is None or row["seq"] <= seq__lte)
            if wanted and ref in (None, row["ref"]) and action in (None, row["action"]):
                yield row

    def belonging(self, ref):
        """Return the ref and, of a record, those of its evidence, status changes and responses."""
        rows = self._lines("ledger.jsonl")
        return {ref, *(row["ref"] for row in rows if row["document"] and row["document"].get("record") == ref)}

    def heads(self):
        for name in HEADS:
            if os.path.exists(os.path.join(self.folder, name)):
                yield from self._lines(name)
                return

    def _lines(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)


def where(row):
    return "position %s (%s)" % (row["seq"], row["ref"])


def check_hash(row):
    if hashlib.sha256(canonical({name: row[name] for name in FIELDS})).hexdigest() != row["hash"]:
        raise Broken(where(row) + ": its fields do not give its hash")


def check_document(row, redacted):
    """Texts that were taken out leave another hash, which the redaction names."""
    if row["document"] is None:
        return
    found = hashlib.sha256(bytes.fromhex(row["salt"]) + canonical(row["document"])).hexdigest()
    if found not in (row["document_hash"], redacted.get(row["seq"])):
        raise Broken(where(row) + ": its document does not give its hash")


def redactions(source):
    """Return the hash that each document has which texts were taken out of: that of the last redaction."""
    hashes: dict = {}
    for row in source.rows(action="redacted", documents="true"):
        check_hash(row)
        if row["document"] is not None:
            check_document(row, {})
            hashes.update((taken["seq"], taken["document_hash"]) for taken in row["document"]["documents"])
    return hashes


def check_chain(rows, first, kept, redacted, documents):
    """Yield rows that follow on each other from a position on; `kept` are hashes by position, each with what it is."""
    seq, head = first - 1, "0" * 64 if first == 1 else None
    for row in rows:
        if row["seq"] != seq + 1:
            raise Broken("%s: position %d is missing before it" % (where(row), seq + 1))
        if head is not None and row["previous_hash"] != head:
            raise Broken(where(row) + ": it does not name the hash of the position before")
        if documents:
            check_document(row, redacted)
        check_hash(row)
        seq, head = row["seq"], row["hash"]
        if seq in kept and kept[seq][0] != head:
            raise Broken("%s: its hash is not that of %s" % (where(row), kept[seq][1]))
        yield row


def signed_heads(source):
    """Return the signed heads in order, when the signature of each is that of its key."""
    heads = sorted(source.heads(), key=lambda head: head["day"])
    for head in heads:
        if head["statement"] != "pactwatch head %s %s:%s" % (head["day"], head["seq"], head["hash"]):
            raise Broken("signed head of %s: what is signed is not what it says" % head["day"])
        if not is_signed(head["public_key"], head["signature"], head["statement"]):
            raise Broken("signed head of %s: its signature is not that of its key" % head["day"])
    return heads


def named(heads, kept):
    found = {head["seq"]: (head["hash"], "the signed head of " + head["day"]) for head in heads}
    for seq, head in kept:
        if seq in found and found[seq][0] != head:
            raise Broken("position %d: the head that you kept is not %s" % (seq, found[seq][1]))
        found[seq] = (head, "the head that you kept")
    return found


def verify_range(source, first, last, kept):
    """Check positions in order, all of them by default. Return what was found in words."""
    heads = signed_heads(source)
    asked = {"documents": "true", "seq__gte": first}
    if last is not None:
        asked["seq__lte"] = last
    row, number, documents = None, 0, 0
    for row in check_chain(source.rows(**asked), first, named(heads, kept), redactions(source), True):
        number += 1
        documents += row["document"] is not None
    end = row["seq"] if row else first - 1
    if last is not None and end < last:
        raise Broken("position %d: the ledger ends before position %d" % (end, last))
    if last is None:
        for seq, (_head, what) in sorted(named(heads, kept).items()):
            if seq > end:
                raise Broken("position %d: the ledger ends before %s" % (end, what))
    print("%d positions, %d documents, %d signed heads." % (number, documents, len(heads)), file=sys.stderr)
    return "%d:%s" % (end, row["hash"] if row else "0" * 64)


def verify_one(source, ref, kept):
    """Check all positions of one thing and of what belongs to it, each down to the first signed head after it."""
    rows = {row["seq"]: row for each in source.belonging(ref) for row in source.rows(ref=each, documents="true")}
    if not rows:
        raise Broken("%s: the ledger has no position about it" % ref)
    refs = {row["ref"] for row in rows.values()}
    heads, redacted = signed_heads(source), redactions(source)
    segments: dict = {}
    for seq in sorted(rows):
        check_document(rows[seq], redacted)
        check_hash(rows[seq])
        head = next((head for head in heads if head["seq"] >= seq), None)
        segments.setdefault(head and head["seq"], []).append(seq)
    for last, seqs in segments.items():
        asked, end = {"seq__gte": seqs[0]}, seqs[0] - 1
        if last is not None:
            asked["seq__lte"] = last
        for row in check_chain(source.rows(**asked), seqs[0], named(heads, kept), {}, False):
            end = row["seq"]
            if row["ref"] in refs and end not in rows:
                raise Broken(where(row) + ": it is about the same and was left out")
            if end in rows and row["hash"] != rows[end]["hash"]:
                raise Broken(where(row) + ": another row was shown for it")
        if end < max(seqs[-1], last or 0):
            raise Broken("position %d: the ledger ends before position %d" % (end, max(seqs[-1], last or 0)))
    for seq in sorted(rows):
        print(said(rows[seq], next((head for head in heads if head["seq"] >= seq), None)), file=sys.stderr)
    return "%d:%s" % (max(rows), rows[max(rows)]["hash"])


def said(row, head):
    document = row["document"] or {}
    words = [where(row), row["resource"], row["action"], row["recorded_at"]]
    words += ["%s %s" % (name, document[name]) for name in ("status", "snapshot_hash") if document.get(name)]
    return ", ".join(words + ["signed on " + head["day"] if head else "not under a signed head yet"])


# Ed25519 as in RFC 8032, section 5.1: a point is (X, Y, Z, T) with x = X/Z, y = Y/Z and x * y = T/Z.
P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493


def add(one, other):
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * one[3] * other[3] * D, 2 * one[2] * other[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def decoded(text):
    """Return the point of 32 bytes, or None when they are none."""
    number = int.from_bytes(text, "little")
    y, sign = number & (2**255 - 1), number >> 255
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public_key, signature, statement):
    """Say whether the signature of a text is that of a key; both are base64, the key as a PEM file has it."""
    key, signed = base64.b64decode(public_key)[-32:], base64.b64decode(signature)
    point, commitment = decoded(key), decoded(signed[:32])
    scalar = int.from_bytes(signed[32:], "little")
    if len(signed) != 64 or point is None or commitment is None or scalar >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signed[:32] + key + statement.encode()).digest(), "little") % ORDER
    one, other = times(scalar, BASE), add(commitment, times(challenge, point))
    return not ((one[0] * other[2] - other[0] * one[2]) % P or (one[1] * other[2] - other[1] * one[2]) % P)


class Usage(argparse.ArgumentParser):
    def error(self, message):
        sys.exit("%s\n%s" % (self.format_usage(), message))


def main():
    usage = Usage(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    usage.add_argument("source", metavar="SOURCE")
    usage.add_argument("kept", metavar="SEQ:HASH", nargs="?")
    usage.add_argument("--ref")
    usage.add_argument("--from", dest="first", type=int)
    usage.add_argument("--to", dest="last", type=int)
    given = usage.parse_args()
    head = re.fullmatch("([0-9]+):([0-9a-f]{64})", given.kept or "")
    if given.kept and not head:
        usage.error("a head that you kept is SEQ:HASH, a number and 64 hexadecimal digits")
    if given.ref and (given.first or given.last):
        usage.error("ask for one thing (--ref) or for positions (--from, --to), not for both")
    kept = [(int(head[1]), head[2])] if head else []
    source = Folder(given.source) if os.path.isdir(given.source) else Address(given.source)
    try:
        if given.ref:
            print(verify_one(source, given.ref, kept))
        else:
            print(verify_range(source, given.first or 1, given.last, kept))
    except Broken as wrong:
        sys.exit("The ledger is broken. %s" % wrong)
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException) as unreadable:
        sys.exit("Nothing was checked: the ledger could not be read at %s. %s" % (given.source, unreadable))


if __name__ == "__main__":
    main()
