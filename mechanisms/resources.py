"""What is public of mechanisms, proposals and events."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalog.models import validate_country
from mechanisms.models import Event, EventState, Mechanism, MechanismKind, Proposal, TakenUp
from publishing import bulk, reading
from publishing.fields import (
    IN,
    RANGE,
    Choice,
    Duration,
    Field,
    Ids,
    PartialDay,
    Ref,
    Refs,
    Report,
    Translated,
    Validated,
    read_list,
    read_text,
    unknown_word,
)
from publishing.resource import Asked, Beside, Related, Resource, ref_field, registry
from tracking.resources import TrackedResource

# Columns of every record that only promises fill.
PROMISES_ONLY = {
    "actor": "only a promise is one actor's",
    "due_on": "only a promise has a day by which it is due",
    "overdue_from": "only a promise has a day by which it is due",
}


@registry.register
class MechanismResource(TrackedResource):
    help = _("A standing process or body: a summit series, a network, a panel, a dialogue.")
    model, rank = Mechanism, 70
    private = PROMISES_ONLY | {"instrument": "a mechanism stands in no document"}
    accompanied_by = TrackedResource.accompanied_by | {"events": Beside("events"), "parts": Beside("mechanisms")}

    ref = ref_field(_("Permanent id of the mechanism."))
    kind = Choice(MechanismKind, _("What sort of mechanism it is."), required=True, lookups=IN)
    title_ = Translated(_("What it is called."), required=True, searched=True, ordering=True)
    summary = Translated(_("What it is and does, in our words."), required=True, searched=True)
    hosts = Refs("actors", _("Who hosts it."), lookups=IN)
    members = Refs("actors", _("Who takes part."), lookups=IN)
    established_on = PartialDay(_("Day on which it was set up."), lookups=RANGE, ordering=True)
    parent = Ref("mechanisms", _("The mechanism that it is a part of."), hangs_on=True, lookups=IN)
    themes = Refs("themes", _("What it is about."), lookups=IN)
    review_every = Duration(_("How often it is reviewed, as an ISO 8601 duration."), lookups=IN)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)
    theme = Related(
        "themes", _("What it is about; narrower themes are included."), source="themes__ref", path="themes", lookups=IN
    )

    @classmethod
    def beside(cls, key: int, document: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        return super().beside(key, document, asked) | {
            "events": sorted(
                reading.where(EventResource, asked, mechanism=document["ref"]),
                key=lambda event: event["starts_on"] or "",
            ),
            "parts": reading.where(MechanismResource, asked, parent=document["ref"]),
        }


class TakenUpBy(Field):
    """A list of what was read to take a proposal up, each with its note and its sources."""

    KEYS = ("ref", "note_en", "note_zh", "sources")
    RESOURCES = ("mechanisms", "instruments", "commitments")

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        given = row.get(self.name) or []
        if isinstance(given, str):
            given = [{"ref": ref} for ref in read_list(given, self.name, report)]
        if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
            report(self.name, gettext("This must be a list of mappings with ref, note_en, note_zh and sources."))
            return {self.name: []}
        entries = []
        for number, item in enumerate(given, 1):
            column = f"{self.name}.{number}"
            for key in item.keys() - set(self.KEYS):
                report(f"{column}.{key}", unknown_word(str(key), self.KEYS))
            entry: dict[str, Any] = {
                key: read_text(item.get(key), f"{column}.{key}", report) for key in ("ref", "note_en", "note_zh")
            }
            if not entry["ref"]:
                report(f"{column}.ref", gettext("This is needed."))
            entries.append(entry | {"sources": read_list(item.get("sources"), f"{column}.sources", report)})
        return {self.name: sorted(entries, key=lambda entry: entry["ref"])}

    def columns(self) -> tuple[str, ...]:
        return ()

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        return {}

    def refs(self, document: Mapping[str, Any]) -> Iterable[tuple[str, str, Sequence[str]]]:
        for number, entry in enumerate(document[self.name], 1):
            yield f"{self.name}.{number}.ref", entry["ref"], self.RESOURCES
            for source in entry["sources"]:
                yield f"{self.name}.{number}.sources", source, ("sources",)

    def gather(self, model: type[models.Model], ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        """Return the entries of each proposal, in two queries."""
        read_in: dict[int, list[str]] = {}
        through = TakenUp.read_in.through.objects.filter(takenup__proposal__in=ids)
        for key, ref in through.values_list("takenup", "publishable__ref"):
            read_in.setdefault(key, []).append(ref)
        entries: dict[int, list[dict[str, Any]]] = {}
        rows = TakenUp.objects.filter(proposal__in=ids).order_by("by__ref")
        for key, proposal, ref, note_en, note_zh in rows.values_list("pk", "proposal", "by__ref", "note_en", "note_zh"):
            entry = {"ref": ref, "note_en": note_en, "note_zh": note_zh, "sources": sorted(read_in.get(key, []))}
            entries.setdefault(proposal, []).append(entry)
        return entries

    def store_links(
        self, model: type[models.Model], documents: Mapping[int, Mapping[str, Any]], ids: Ids, *, fresh: bool
    ) -> None:
        """Make what the documents say the rows of these proposals."""
        if not fresh:
            TakenUp.objects.filter(proposal__in=documents).delete()
        entries = [(owner, entry) for owner, document in documents.items() for entry in document[self.name]]
        rows = TakenUp.objects.bulk_create(
            TakenUp(proposal_id=owner, by_id=ids[entry["ref"]], note_en=entry["note_en"], note_zh=entry["note_zh"])
            for owner, entry in entries
        )
        links = {
            row.pk: [ids[ref] for ref in entry["sources"]] for row, (_owner, entry) in zip(rows, entries, strict=True)
        }
        bulk.relink(TakenUp.read_in.through, "takenup", "publishable", links, fresh=True)


@registry.register
class ProposalResource(TrackedResource):
    help = _("An idea put forward that may be taken up.")
    model, rank = Proposal, 75
    private = PROMISES_ONLY | {"instrument": "a copy of `tabled_in` for lists; that one stands in the document"}
    accompanied_by = TrackedResource.accompanied_by | {"parts": Beside("proposals")}

    ref = ref_field(_("Permanent id of the proposal."))
    title_ = Translated(_("What is proposed, in a few words."), required=True, searched=True, ordering=True)
    summary = Translated(_("What is proposed, in our words."), required=True, searched=True)
    parent = Ref("proposals", _("The proposal that it is a part of."), hangs_on=True, lookups=IN)
    proposed_by = Refs("actors", _("Who put it forward."), required=True, lookups=IN)
    tabled_on = PartialDay(_("Day on which it was put forward."), lookups=RANGE, ordering=True)
    instrument = Ref("instruments", _("Where it was put forward."), source="tabled_in", lookups=IN)
    taken_up_by = TakenUpBy(_("What was read to take it up, also where that is older; no claim that it caused it."))
    themes = Refs("themes", _("What it is about."), lookups=IN)
    passages = Refs("passages", _("Where it stands in each language version."), lookups=IN)
    review_every = Duration(_("How often it is reviewed, as an ISO 8601 duration."), lookups=IN)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)
    theme = Related(
        "themes", _("What it is about; narrower themes are included."), source="themes__ref", path="themes", lookups=IN
    )

    @classmethod
    def beside(cls, key: int, document: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        return super().beside(key, document, asked) | {
            "parts": reading.where(ProposalResource, asked, parent=document["ref"])
        }

    @classmethod
    def settle(cls, ids: Sequence[int], *, fresh: bool = False) -> None:
        """The parent's column for the instrument, which lists filter by, follows the proposal's."""
        for key, instrument in Proposal.objects.filter(pk__in=ids).values_list("pk", "tabled_in"):
            Proposal.objects.filter(pk=key).exclude(instrument=instrument).update(instrument=instrument)


@registry.register
class EventResource(Resource):
    help = _("A meeting or milestone of a mechanism.")
    model, rank = Event, 80

    ref = ref_field(_("Permanent id of the event."))
    mechanism = Ref("mechanisms", _("The mechanism that it belongs to."), required=True, hangs_on=True, lookups=IN)
    title_ = Translated(_("What it is called."), required=True, searched=True, ordering=True)
    starts_on = PartialDay(_("First day."), lookups=RANGE, ordering=True)
    ends_on = PartialDay(_("Last day."), lookups=RANGE)
    place = Translated(_("Where it takes place."), searched=True)
    country = Validated(_("Country by its two letters of ISO 3166-1."), validator=validate_country, lookups=IN)
    state = Choice(
        EventState,
        _("Whether it is scheduled, held, postponed or cancelled."),
        source="event_state",
        required=True,
        lookups=IN,
    )
    outcomes = Refs("instruments", _("The documents that came out of it."), lookups=IN)
    note = Translated(_("What else a reader should know."), searched=True)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)
