"""The pledges that follow from commitments: one for each actor that is bound, and one for each period."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from commitments.dues import periods_of
from commitments.models import Commitment, Instrument, Pledge, Signature
from publishing.importing import CHUNK, MADE_ORIGIN, Origin, Plan, chunks
from publishing.resource import Resource, registry
from tracking.models import DueKind
from tracking.resources import no_due

JOINT = "joint"
Document = dict[str, Any]
# What tells pledges apart: commitment, actor (None when joint) and period.
Slot = tuple[str, str | None, str]


@dataclass
class Bindings:
    """Who is bound by what, as files and tracker together have it."""

    commitments: dict[str, Document] = field(default_factory=dict)
    issuers: dict[str, list[str]] = field(default_factory=dict)
    signatories: dict[str, set[str]] = field(default_factory=dict)

    def actors(self, commitment: Document) -> list[str]:
        """Return the refs of the actors that a commitment binds; none while they are not recorded."""
        if commitment["bound"] == "signatories":
            return sorted(self.signatories.get(commitment["instrument"], ()))
        if commitment["bound"] == "issuers":
            return self.issuers.get(commitment["instrument"], [])
        return commitment["bound"]


def complete_pledges(plan: Plan, *, resource: type[Resource], today: date) -> None:
    """Fill in what pledges in files leave out, and add those that are missing.

    A pledge takes title and due rule from its commitment unless it has its own. One that exists keeps what a row
    leaves out; it is matched by commitment, actor and period, whatever its ref.
    """
    bindings = _bindings(plan)
    taken: dict[Slot, str] = {
        (commitment, actor, period): ref
        for commitment, actor, period, ref in Pledge.objects.values_list(
            "commitment__ref", "actor__ref", "period", "ref"
        ).iterator()
    }

    def fill(origins: Sequence[Origin], documents: Sequence[Document]) -> None:
        keys = [
            plan.existing[d["ref"]][0] for d in documents if plan.existing.get(d["ref"], (0, ""))[1] == resource.name
        ]
        standing = {document["ref"]: document for document in resource.documents(keys).values()}
        for origin, document in zip(origins, documents, strict=True):
            commitment = bindings.commitments.get(document["commitment"] or "")
            if commitment is None:
                document["due"] = document["due"] or no_due()
                continue
            _inherit(document, standing.get(document["ref"], commitment))
            report = plan.report_at(origin)
            slot = (document["commitment"], document["actor"], document["period"])
            if taken.setdefault(slot, document["ref"]) != document["ref"]:
                report("ref", _("This pledge is there already, as “%(ref)s”.") % {"ref": taken[slot]})
            if document["actor"] is None and not commitment["jointly"]:
                report("actor", _("This is needed, unless all are bound jointly."))

    plan.rewrite(resource.name, fill)
    recurring = [
        document
        for document in plan.documents(resource.name)
        if document["due"]["kind"] == DueKind.RECURRING and not document["instance_of"]
    ]
    for commitment in bindings.commitments.values():
        for actor in [None] if commitment["jointly"] else bindings.actors(commitment):
            if (commitment["ref"], actor, "") in taken:
                continue
            made = _made(commitment, actor, resource)
            taken[(commitment["ref"], actor, "")] = made["ref"]
            plan.add(resource, MADE_ORIGIN, made)
            if made["due"]["kind"] == DueKind.RECURRING:
                recurring.append(made)
    for parent in recurring:
        for instance in _instances(parent, today=today):
            if (parent["commitment"], parent["actor"], instance["period"]) not in taken:
                plan.add(resource, MADE_ORIGIN, instance)


def _bindings(plan: Plan) -> Bindings:
    bindings = Bindings()
    for name, model, keep in (
        ("commitments", Commitment, lambda d: bindings.commitments.__setitem__(d["ref"], d)),
        ("instruments", Instrument, lambda d: bindings.issuers.__setitem__(d["ref"], d["issuers"])),
        ("signatures", Signature, lambda d: bindings.signatories.setdefault(d["instrument"], set()).add(d["actor"])),
    ):
        for document in _standing(registry[name], model):
            keep(document)
        for document in plan.documents(name):
            keep(document)
    return bindings


def _standing(resource: type[Resource], model: Any) -> Iterator[Document]:
    for keys in chunks(model.objects.order_by("pk").values_list("pk", flat=True).iterator(), CHUNK):
        yield from resource.documents(keys).values()


def _inherit(document: Document, origin: Mapping[str, Any]) -> None:
    document["title_en"] = document["title_en"] or origin["title_en"]
    document["title_zh"] = document["title_zh"] or origin["title_zh"]
    document["due"] = document["due"] or dict(origin["due"])


def _made(commitment: Document, actor: str | None, resource: type[Resource]) -> Document:
    row = {"ref": f"{commitment['ref']}.{actor or JOINT}", "commitment": commitment["ref"], "actor": actor}
    document = resource.parse(row, lambda column, message: None)
    _inherit(document, commitment)
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
