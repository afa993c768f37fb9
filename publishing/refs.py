"""Permanent names that are made rather than typed."""

import re
import unicodedata
from collections.abc import Container

from publishing.models import Publishable

LONGEST = 100


def ref_from(words: str) -> str:
    """Return a ref made from words in Latin letters, such as a title; empty when they have none.

    Accents are dropped, everything else but letters and digits becomes “-”; it is cut after a whole word.
    """
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    ref = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-").lstrip("0123456789-")
    if len(ref) <= LONGEST:
        return ref
    return ref[: LONGEST + 1].rpartition("-")[0] or ref[:LONGEST]


def free_ref(wanted: str, *, but: Container[str] = ()) -> str:
    """Return `wanted`, or the first of wanted.2, wanted.3 and so on that is not in `but` and no public thing has."""
    taken = set(Publishable.objects.filter(ref__startswith=wanted).values_list("ref", flat=True))
    ref, number = wanted, 1
    while ref in taken or ref in but:
        number += 1
        ref = f"{wanted}.{number}"
    return ref
