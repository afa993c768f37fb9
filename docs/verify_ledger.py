#!/usr/bin/env python3
"""Check Pactwatch's ledger with nothing of Pactwatch's: Python 3.8 or later and its standard library.

    python3 verify_ledger.py https://tracker.example/api/v1/ledger/ [SEQ:HASH]

Reads every position and its document, rebuilds the hashes, and prints the head that it comes to. Give it a head that
you kept, and it says whether that head is still part of the ledger. Exit status 0 when all is well, 1 when not.
"""

import hashlib
import http.client
import json
import re
import sys
import urllib.request

FIELDS = ("seq", "recorded_at", "action", "resource", "ref", "change", "document_hash", "previous_hash")


class Broken(Exception):
    """The ledger is not what it says it is."""


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def positions(address):
    """Yield the rows of the ledger in order, page by page."""
    page = f"{address}?documents=true&page_size=500"
    while page:
        with urllib.request.urlopen(page, timeout=60) as answer:
            body = json.load(answer)
        yield from body["results"]
        page = body["next"]


def verify(address, kept=None):
    """Return the head as SEQ:HASH; raise Broken naming the first position that is wrong."""
    seq, head, differing = 0, "0" * 64, {}
    for row in positions(address):
        where = f"position {row['seq']} ({row['ref']})"
        if row["seq"] != seq + 1:
            raise Broken(f"{where}: position {seq + 1} is missing before it")
        if row["previous_hash"] != head:
            raise Broken(f"{where}: it does not name the hash of the position before")
        if row["document"] is not None:
            salted = bytes.fromhex(row["salt"]) + canonical(row["document"])
            found = hashlib.sha256(salted).hexdigest()
            if found != row["document_hash"]:
                differing[seq + 1] = (found, f"{where}: its document does not give its hash")
            elif row["action"] == "redacted":
                for taken in row["document"]["documents"]:
                    if differing.get(taken["seq"], ("",))[0] == taken["document_hash"]:
                        del differing[taken["seq"]]
        if hashlib.sha256(canonical({name: row[name] for name in FIELDS})).hexdigest() != row["hash"]:
            raise Broken(f"{where}: its fields do not give its hash")
        seq, head = row["seq"], row["hash"]
        if kept and kept[0] == seq and kept[1] != head:
            raise Broken(f"{where}: its hash is not that of the head that you kept")
    for _found, what in differing.values():
        raise Broken(what)
    if kept and kept[0] > seq:
        raise Broken(f"position {seq}: the ledger ends before the head that you kept")
    return f"{seq}:{head}"


if __name__ == "__main__":
    kept_head = re.fullmatch(r"([0-9]+):([0-9a-f]{64})", sys.argv[2]) if len(sys.argv) == 3 else None
    if len(sys.argv) not in (2, 3) or len(sys.argv) == 3 and not kept_head:
        sys.exit(__doc__)
    try:
        print(verify(sys.argv[1], kept_head and (int(kept_head[1]), kept_head[2])))
    except Broken as wrong:
        sys.exit(f"The ledger is broken. {wrong}")
    except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException) as unreadable:
        sys.exit(f"Nothing was checked: the ledger could not be read at {sys.argv[1]}. {unreadable}")
