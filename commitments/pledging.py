"""Who is bound by what, and the pledges that follow: one for each actor that is bound, and one for each period."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet

from commitments.dues import periods_of
from commitments.models import Pledge
from publishing.resource import registry
from tracking.models import DueKind

JOINT = "joint"
CHUNK = 5_000
Document = dict[str, Any]
# What tells pledges apart: commitment, actor (None when joint) and period.
Slot = tuple[str, str | None, str]


@dataclass
class Bindings:
    """Who is bound by what, by ref. Actors that are `hidden` are left out."""

    commitments: dict[str, Document] = field(default_factory=dict)
    issuers: dict[str, list[str]] = field(default_factory=dict)
    signatories: dict[str, set[str]] = field(default_factory=dict)
    hidden: Collection[str] = ()

    def take(self, documents: Iterable[Document], *, resource: str) -> None:
        """Take documents of commitments, instruments or signatures into account."""
        for document in documents:
            if resource == "commitments":
                self.commitments[document["ref"]] = document
            elif resource == "instruments":
                self.issuers[document["ref"]] = document["issuers"]
            else:
                self.signatories.setdefault(document["instrument"], set()).add(document["actor"])

    def take_rows(self, rows: QuerySet[Any]) -> None:
        """Take rows of one of these models into account as they stand."""
        resource = registry[rows.model.collection]
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(keys), CHUNK):
            self.take(resource.documents(keys[start : start + CHUNK]).values(), resource=resource.name)

    def actors(self, commitment: Document) -> list[str]:
        """Return the refs of the actors that a commitment binds; none while they are not recorded."""
        if commitment["bound"] == "signatories":
            bound = sorted(self.signatories.get(commitment["instrument"], ()))
        elif commitment["bound"] == "issuers":
            bound = self.issuers.get(commitment["instrument"], [])
        else:
            bound = commitment["bound"]
        return [actor for actor in bound if actor not in self.hidden]


def taken_slots(pledges: QuerySet[Pledge]) -> dict[Slot, str]:
    """Return which pledges there are, drafts and unpublished ones included, with their refs."""
    rows = pledges.values_list("commitment__ref", "actor__ref", "period", "ref")
    return {(commitment, actor, period): ref for commitment, actor, period, ref in rows.iterator()}


def missing_pledges(
    bindings: Bindings, *, taken: dict[Slot, str], recurring: Iterable[Document], today: date
) -> Iterator[Document]:
    """Yield the pledges that follow from the bindings and are not `taken`, which they are added to.

    Those of the periods of a recurring pledge come after all others, for what is new and for `recurring`, those that
    stand already.
    """
    parents = list(recurring)
    for commitment in bindings.commitments.values():
        for actor in [None] if commitment["jointly"] else bindings.actors(commitment):
            if (commitment["ref"], actor, "") in taken:
                continue
            made = _made(commitment, actor)
            taken[(commitment["ref"], actor, "")] = made["ref"]
            yield made
            if made["due"]["kind"] == DueKind.RECURRING:
                parents.append(made)
    for parent in parents:
        for instance in _instances(parent, today=today):
            slot = (parent["commitment"], parent["actor"], instance["period"])
            if slot not in taken:
                taken[slot] = instance["ref"]
                yield instance


def is_recurring(document: Document) -> bool:
    """Whether a pledge is one that has periods, and not one of them."""
    return document["due"]["kind"] == DueKind.RECURRING and not document["instance_of"]


def inherit(document: Document, origin: Mapping[str, Any]) -> None:
    """Let a pledge take title and due rule from its commitment, or from itself as it stood, unless it has its own."""
    document["title_en"] = document["title_en"] or origin["title_en"]
    document["title_zh"] = document["title_zh"] or origin["title_zh"]
    document["due"] = document["due"] or dict(origin["due"])


def _made(commitment: Document, actor: str | None) -> Document:
    row = {"ref": f"{commitment['ref']}.{actor or JOINT}", "commitment": commitment["ref"], "actor": actor}
    document = registry[Pledge.collection].parse(row, lambda column, message: None)
    inherit(document, commitment)
    return document


def _instances(parent: Document, *, today: date) -> Iterator[Document]:
    for period in periods_of(parent["due"], today=today):
        yield parent | {
            "ref": f"{parent['ref']}.{period.label}",
            "instance_of": parent["ref"],
            "period": period.label,
            "due": parent["due"] | {"kind": DueKind.FIXED.value, "date": period.due, "every": "", "until": None},
            "note_en": "",
            "note_zh": "",
        }
