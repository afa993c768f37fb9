"""What files say of pledges, completed from the commitments that the pledges follow from."""

from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _

from catalog.models import Actor
from commitments.models import Commitment, Instrument, Pledge, Signature
from commitments.pledging import Bindings, Document, inherit, is_recurring, missing_pledges, taken_slots
from publishing.importing import MADE_ORIGIN, Origin, Plan
from publishing.models import PublicationState
from publishing.resource import Resource
from tracking.resources import no_due


def complete_pledges(plan: Plan, *, resource: type[Resource], today: date) -> None:
    """Fill in what pledges in files leave out, and add those that are missing.

    A pledge takes title and due rule from its commitment unless it has its own. One that exists keeps what a row
    leaves out; it is matched by commitment, actor and period, whatever its ref.
    """
    bindings = _bindings(plan)
    taken = taken_slots(Pledge.objects.all())

    def fill(origins: Sequence[Origin], documents: Sequence[Document]) -> None:
        existing = [plan.existing[d["ref"]] for d in documents if d["ref"] in plan.existing]
        keys = [pledge.key for pledge in existing if pledge.kind == resource.name]
        standing = {document["ref"]: document for document in resource.documents(keys).values()}
        for origin, document in zip(origins, documents, strict=True):
            commitment = bindings.commitments.get(document["commitment"] or "")
            if commitment is None:
                document["due"] = document["due"] or no_due()
                continue
            inherit(document, standing.get(document["ref"], commitment))
            report = plan.report_at(origin)
            slot = (document["commitment"], document["actor"], document["period"])
            if taken.setdefault(slot, document["ref"]) != document["ref"]:
                report("ref", _("This pledge is there already, as “%(ref)s”.") % {"ref": taken[slot]})
            if document["actor"] is None and not commitment["jointly"]:
                report("actor", _("This is needed, unless all are bound jointly."))

    plan.rewrite(resource.name, fill)
    recurring = [document for document in plan.documents(resource.name) if is_recurring(document)]
    for made in missing_pledges(bindings, taken=taken, recurring=recurring, today=today):
        plan.add(resource, MADE_ORIGIN, made)


def _bindings(plan: Plan) -> Bindings:
    """Return who is bound as files and the public records together have it; a draft in the tracker binds nobody."""
    not_public = Actor.objects.exclude(state=PublicationState.PUBLISHED).values_list("ref", flat=True)
    bindings = Bindings(hidden={ref for ref in not_public if ref not in plan.kind_of})
    for model in (Commitment, Instrument, Signature):
        bindings.take_rows(model.objects.public())
        bindings.take(plan.documents(model.collection), resource=model.collection)
    return bindings
