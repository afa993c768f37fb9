"""What the tracker said at one version and at a later one: what came, what went, and what changed field by field."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from publishing import comparing, reading
from publishing.models import Document, LedgerEntry, Publishable
from publishing.reading import Answer
from publishing.resource import Asked, registry
from tracking.models import TRACKED_RESOURCES, StatusChange
from tracking.resources import spans
from tracking.statuses import NOT_ASSESSED, STATUSES

ADDED, CHANGED, TAKEN_OUT, AS_BEFORE, PASSING = "added", "changed", "taken_out", "as_before", "passing"
KINDS_OF_CHANGE = (ADDED, CHANGED, TAKEN_OUT, AS_BEFORE, PASSING)


def touched(before: Asked, after: Asked) -> QuerySet[Publishable]:
    """Return the things that acts between two versions were about, and the records whose status changes they were.

    The positions in between are found through the ledger's key, and the things by their refs.
    """
    between = LedgerEntry.objects.filter(seq__gt=before.version, seq__lte=after.version)
    changes = between.filter(resource=StatusChange.collection).values("ref")
    own = Publishable.objects.filter(ref__in=between.values("ref")).values("pk")
    records = StatusChange.objects.filter(ref__in=changes).values("record")
    return Publishable.objects.filter(pk__in=own.union(records))


def told(keys: Sequence[int], before: Asked, after: Asked) -> list[Answer]:
    """Return what became of things between two versions, in the order of the keys, named as at the later one.

    `change` is one of KINDS_OF_CHANGE: `as_before` was touched and stands as it did, `passing` came and went in
    between. A constant number of queries.
    """
    things = Publishable.objects.in_bulk(keys)
    stood, stands = (reading.documents(keys, version=asked.version) for asked in (before, after))
    there, here = (set(_standing(keys, asked)) for asked in (before, after))
    was, became = (_statuses(things, asked) for asked in (before, after))
    found = {
        key: comparing.differences(registry[thing.resource], stood.get(key), stands.get(key))
        for key, thing in things.items()
    }
    sentences = iter(comparing.told([each for key in keys for each in found[key]], version=after.version))
    named = reading.labels({things[key].ref for key in keys if key in stands}, version=after.version)
    named |= reading.labels({things[key].ref for key in keys if key not in stands}, version=before.version)
    answers = []
    for key in keys:
        thing = things[key]
        moved = key in here and key in there and was.get(key) != became.get(key)
        answers.append(
            named.get(thing.ref, {"ref": thing.ref, "resource": thing.resource})
            | {
                "change": _change(key in there, key in here, differs=bool(found[key]) or moved),
                "differences": [next(sentences) for _each in found[key]],
                "status_before": was.get(key) if key in there else None,
                "status_after": became.get(key) if key in here else None,
                "status_in_words": _in_words(was[key], became[key]) if moved else "",
            }
        )
    return answers


def _standing(keys: Sequence[int], asked: Asked) -> QuerySet[Document, int]:
    """Return which things were public at a version, also those that have been unpublished since."""
    return Document.objects.at(asked.version).filter(thing__in=keys).values_list("thing_id", flat=True)


def _statuses(things: Mapping[int, Publishable], asked: Asked) -> dict[int, str]:
    """Return the statuses that held on the day asked for, as told at the version asked for, by record."""
    records = [key for key, thing in things.items() if thing.resource in TRACKED_RESOURCES]
    held = dict(spans(asked).filter(record__in=records).values_list("record", "status")) if records else {}
    return {key: held.get(key, NOT_ASSESSED) for key in records}


def _change(there: bool, here: bool, *, differs: bool) -> str:
    if there and here:
        return CHANGED if differs else AS_BEFORE
    return TAKEN_OUT if there else ADDED if here else PASSING


def _in_words(before: str, after: str) -> Any:
    return f"{STATUSES[before].label} → {STATUSES[after].label}"
