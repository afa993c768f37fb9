"""All that the page of one record shows, as it stood at a data version."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from publishing import reading
from publishing.errors import DomainError
from publishing.models import LedgerEntry
from publishing.reading import Answer, NothingThere
from publishing.resource import Asked, registry
from sources.resources import PassageResource, SourceResource
from tracking.models import TRACKED_RESOURCES
from tracking.resources import with_sources
from tracking.statuses import NOT_ASSESSED, STATUSES

# The keys of documents that name other public things.
LINKS = ("actor", "instrument", "commitment", "parent", "instance_of")
MANY_LINKS = ("themes", "hosts", "members", "proposed_by")


class NotYetThere(DomainError):
    """It is public now and was not at the version asked for; `ref` names it."""

    code = "not_yet_there"
    message = _("“%(ref)s” was not public yet at data version %(version)d.")


def record(ref: str, asked: Asked) -> dict[str, Any]:
    """Return what the page of a record shows.

    `record` is the answer, `promise` the commitment of a pledge, `current` the status change that holds; `labels` names
    what is linked to, `number_of` counts the evidence, and the rest are lists as the resource gives them beside its
    answer. A constant number of queries.

    Raises NothingThere, Merged, Unpublished, NotYetThere.
    """
    thing = reading.find(ref, resources=TRACKED_RESOURCES, version=asked.version)
    resource = registry[thing.resource]
    answers = reading.present(resource, [thing.pk], asked)
    if not answers:
        raise NotYetThere(ref=ref, version=asked.named)
    answer = answers[0]
    beside = {"events": [], "parts": [], "instances": [], "promise": None} | resource.beside(thing.pk, answer, asked)
    promise = beside["promise"]
    labels = reading.labels(_linked(answer, promise, beside), version=asked.version)
    sources = {source["ref"]: source for source in reading.named(SourceResource, _sources(answer, beside), asked)}
    history = beside["history"]
    elsewhere = {ref for divergence in beside["divergences"] for ref in divergence["passages"]} - {
        passage["ref"] for passage in beside["passages"]
    }
    passages = beside["passages"] + with_sources(reading.named(PassageResource, elsewhere, asked), asked)
    return beside | {
        "record": answer,
        "resource": resource,
        "status": STATUSES[answer["status"]],
        "current": next((change for change in history if change["holds"]), None),
        "history": _with_status_before(history),
        "passages": passages,
        "passage_of": {passage["ref"]: passage for passage in passages},
        "number_of": {item["ref"]: number for number, item in enumerate(beside["evidence"], 1)},
        "labels": labels,
        "sources": sources,
        "instrument": (promise or answer).get("instrument"),
        "themes": (promise or answer).get("themes", []),
        "bound_actors": _bound(promise),
        "due": answer.get("due") or (promise or {}).get("due"),
        "position": reading.positions([thing.pk], version=asked.version)[thing.pk],
        "wordings": wordings(ref, version=asked.version),
        "taken_in": reading.taken_in(thing.pk, version=asked.version),
    }


def _linked(answer: Answer, promise: Answer | None, beside: Mapping[str, Any]) -> set[str]:
    refs = {document[name] for document in (answer, promise or {}) for name in LINKS if document.get(name)}
    refs.update(_bound(promise))
    for document in (answer, promise or {}):
        for name in MANY_LINKS:
            refs.update(document.get(name, []))
    refs.update(entry["ref"] for entry in answer.get("taken_up_by", []))
    refs.update(outcome for event in beside["events"] for outcome in event["outcomes"])
    refs.update(response["actor"] for response in beside["responses"])
    return refs


def _bound(promise: Answer | None) -> list[str]:
    """Return the actors that a commitment names as bound; none where it binds all signatories or all issuers."""
    bound = (promise or {}).get("bound")
    return bound if isinstance(bound, list) else []


def _sources(answer: Answer, beside: Mapping[str, Any]) -> set[str]:
    documents: Iterator[Mapping[str, Any]] = iter(
        (answer, beside["promise"] or {}, *answer.get("taken_up_by", []), *beside["events"])
    )
    return {ref for document in documents for ref in document.get("sources", [])}


def _with_status_before(history: Iterable[Answer]) -> list[Answer]:
    """Return the changes with the status that each one took the place of, the newest position first."""
    before, changes = NOT_ASSESSED, []
    for change in history:
        changes.append(change | {"before": before})
        before = change["status"]
    return changes[::-1]


class Wording(NamedTuple):
    """One publication of a thing's text: its ledger position, when it was recorded, and the data version with it."""

    seq: int
    recorded_at: datetime
    version: int


def wordings(ref: str, *, version: int) -> list[Wording]:
    """Return the publications of one thing's text up to a version, the newest first. One query."""
    rows = LedgerEntry.objects.filter(ref=ref, seq__lte=version, document__isnull=False).order_by("-seq")
    return [Wording(*row) for row in rows.values_list("seq", "recorded_at", "change__last_seq")]


def recorded_at(version: int) -> datetime | None:
    """Return when a data version was recorded; None before the first one. One query."""
    return LedgerEntry.objects.filter(seq=version).values_list("recorded_at", flat=True).first()


def thing(name: str, ref: str, asked: Asked) -> tuple[int, Answer]:
    """Return the key and the answer of one public thing of a resource. Raises NothingThere, Merged, Unpublished."""
    found = reading.find(ref, resources=[name], version=asked.version)
    answers = reading.present(registry[name], [found.pk], asked)
    if not answers:
        raise NothingThere(ref=ref)
    return found.pk, answers[0]
