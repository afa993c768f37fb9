"""What is public of instruments, signatures, commitments and pledges."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commitments.actions import derive_pledges, settle_commitments, settle_pledges, take_themes
from commitments.importing import complete_pledges
from commitments.models import Bound, Commitment, Instrument, InstrumentKind, LegalForce, Pledge, Signature
from publishing import reading
from publishing.fields import (
    FLAG,
    IN,
    RANGE,
    Choice,
    Derived,
    Duration,
    Field,
    Flag,
    Ids,
    PartialDay,
    Ref,
    Refs,
    Report,
    Text,
    Translated,
    read_list,
)
from publishing.importing import Plan
from publishing.ledger import timestamp
from publishing.resource import Asked, Beside, Related, Resource, ref_field, registry
from sources.models import Language
from tracking.resources import Due, TrackedResource, no_due


@registry.register
class InstrumentResource(Resource):
    help = _("A document that holds commitments: declaration, law, voluntary commitments, resolution, speech.")
    model, rank = Instrument, 50

    ref = ref_field(_("Permanent id of the instrument."))
    kind = Choice(InstrumentKind, _("What sort of document it is."), required=True, lookups=IN)
    title_ = Translated(_("Its title."), required=True, searched=True, ordering=True)
    summary = Translated(_("What it holds, in our words."), required=True, searched=True)
    legal_force = Choice(LegalForce, _("Whether it binds by law."), required=True, lookups=IN)
    issuers = Refs("actors", _("Who issued it."), lookups=IN)
    adopted_on = PartialDay(_("Day on which it was adopted."), lookups=RANGE, ordering=True)
    in_force_on = PartialDay(_("Day from which it is in force."), lookups=RANGE)
    ended_on = PartialDay(_("Day on which it ended."), lookups=RANGE)
    supersedes = Ref("instruments", _("The earlier version that it replaces."), lookups=IN)
    tracked = Flag(_("Whether its pledges are kept under review."), lookups=FLAG)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)

    @classmethod
    def parse(cls, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        return super().parse({"tracked": True} | dict(row), report)


@registry.register
class SignatureResource(Resource):
    help = _("An actor that signed on to an instrument.")
    model, rank, label = Signature, 55, "note"

    ref = ref_field(_("Permanent id of the signature: signature, instrument and actor."))
    instrument = Ref("instruments", _("What was signed."), required=True, hangs_on=True, lookups=IN)
    actor = Ref("actors", _("Who signed."), required=True, hangs_on=True, lookups=IN)
    signed_on = PartialDay(_("Day of signing."), lookups=RANGE, ordering=True)
    withdrew_on = PartialDay(_("Day of withdrawing."), lookups=RANGE)
    note = Translated(_("What else a reader should know."), searched=True)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)
    country = Related("", _("Country of the actor."), source="actor__country", path="actor.country", lookups=IN)

    @classmethod
    def parse(cls, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        made = f"signature.{row.get('instrument')}.{row.get('actor')}"
        return super().parse({"ref": made} | dict(row), report)


class BoundActors(Field):
    """Whom a commitment binds: the word `signatories` or `issuers`, or a list of actors."""

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        value = row.get(self.name)
        if value in (Bound.SIGNATORIES, Bound.ISSUERS):
            return {self.name: value}
        actors = read_list(value, self.name, report)
        if not actors:
            report(self.name, gettext("Name the actors, or write “signatories” or “issuers”."))
        return {self.name: actors}

    def columns(self) -> tuple[str, ...]:
        return ("bound",)

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        named = values["bound"] == Bound.NAMED
        return {self.name: values["bound_actors"] if named else values["bound"]}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        return {"bound": Bound.NAMED.value if isinstance(document[self.name], list) else document[self.name]}


class NamedActors(Refs):
    """The list that `bound` may be, as links; it has no key of its own."""

    key = "bound"

    def keys(self) -> tuple[str, ...]:
        return ()

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        return {}

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def refs(self, document: Mapping[str, Any]) -> list[tuple[str, str, Sequence[str]]]:
        return [("bound", ref, self.resources) for ref in self.linked(document)]

    def linked(self, document: Mapping[str, Any]) -> list[str]:
        return document["bound"] if isinstance(document["bound"], list) else []


@registry.register
class CommitmentResource(Resource):
    help = _("One concrete promise in an instrument.")
    model, rank = Commitment, 60
    named_with = ("instrument",)

    ref = ref_field(_("Permanent id of the commitment."))
    instrument = Ref("instruments", _("The document that it stands in."), required=True, hangs_on=True, lookups=IN)
    locator = Text(_("Where it stands: clause, paragraph or article."), max_length=200, lookups=IN)
    title_ = Translated(_("What is promised, in a few words."), required=True, searched=True, ordering=True)
    text = Translated(_("What is promised, in our words."), required=True, searched=True)
    quote = Text(_("The exact words, in their own language."), searched=True)
    quote_lang = Choice(Language, _("Language of the exact words."), lookups=IN)
    themes = Refs("themes", _("What it is about."), required=True, lookups=IN)
    bound = BoundActors(_("Whom it binds: `signatories`, `issuers`, or a list of actors."))
    bound_actors = NamedActors("actors", _("The actors that it names."), lookups=IN)
    jointly = Flag(_("Whether all are bound jointly, by one pledge without an actor."), lookups=FLAG)
    due = Due(_("When it is due."))
    measurable = Flag(_("Whether anybody can tell from outside that it was done."), required=True, lookups=FLAG)
    sources = Refs("sources", _("What this was read from."), required=True, lookups=IN)
    theme = Related(
        "themes", _("What it is about; narrower themes are included."), source="themes__ref", path="themes", lookups=IN
    )
    actor = Related(
        "actors",
        _("An actor that it binds: one with a pledge under it."),
        source="pledges__actor__ref",
        through=("pledges", "commitment"),
        lookups=IN,
    )
    country = Related(
        "",
        _("Country of an actor that it binds: of one with a pledge under it."),
        source="pledges__actor__country",
        through=("pledges", "commitment"),
        lookups=IN,
    )

    @classmethod
    def parse(cls, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        document = super().parse(row, report)
        document["due"] = document["due"] or no_due()
        if bool(document["quote"]) != bool(document["quote_lang"]):
            report("quote_lang", gettext("Exact words and their language go together."))
        return document

    @classmethod
    def touched(cls, ids: Sequence[int]) -> list[int]:
        return list(Pledge.objects.filter(commitment__among=ids).values_list("pk", flat=True))

    @classmethod
    def settle(cls, ids: Sequence[int], *, fresh: bool = False) -> None:
        """A fresh commitment has no pledges yet."""
        if not fresh:
            settle_commitments(commitments=ids)


@registry.register
class PledgeResource(TrackedResource):
    help = _("One promise by one actor: the unit that is kept or broken.")
    model, rank = Pledge, 65
    private = {"sources": "those of its commitment hold for it"}
    follows = ("actor",)
    once = ("commitment", "actor", "period")
    accompanied_by = TrackedResource.accompanied_by | {
        "promise": Beside("commitments", many=False),
        "instances": Beside("pledges"),
    }

    ref = ref_field(_("Permanent id of the pledge: commitment, actor, and the period of an instance."))
    commitment = Ref("commitments", _("What was promised."), required=True, hangs_on=True, lookups=IN)
    actor = Ref("actors", _("Who promised; empty when all are bound jointly."), hangs_on=True, lookups=IN)
    instance_of = Ref("pledges", _("The recurring pledge that this is one period of."), hangs_on=True, lookups=IN)
    period = Text(_("The period of an instance."), max_length=20, lookups=IN)
    title_ = Translated(_("What was promised, in our words."), searched=True, ordering=True)
    due = Due(_("When it is due."))
    due_on = Derived(
        _("Last day on which it can be kept; empty if it has none."),
        dump_as=lambda day: day.isoformat(),
        lookups=RANGE,
        ordering=True,
    )
    overdue_from = Derived(_("First moment at which it is overdue."), dump_as=timestamp, lookups=RANGE)
    review_every = Duration(_("How often it is reviewed, as an ISO 8601 duration."), lookups=IN)
    note = Translated(_("What else a reader should know."), searched=True)
    instrument = Related(
        "instruments",
        _("The document that it stands in."),
        source="instrument__ref",
        path="commitment.instrument",
        lookups=IN,
    )
    theme = Related(
        "themes",
        _("What it is about; narrower themes are included."),
        source="themes__ref",
        path="commitment.themes",
        lookups=IN,
    )
    country = Related("", _("Country of the actor."), source="actor__country", path="actor.country", lookups=IN)

    @classmethod
    def beside(cls, key: int, document: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        return super().beside(key, document, asked) | {
            "promise": next(iter(reading.named(CommitmentResource, [document["commitment"]], asked)), None),
            "instances": reading.where(PledgeResource, asked, instance_of=document["ref"]),
        }

    @classmethod
    def complete(cls, plan: Plan) -> None:
        complete_pledges(plan, resource=cls, today=datetime.now(UTC).date())

    @classmethod
    def derive(cls, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        return derive_pledges(pledges=rows)

    @classmethod
    def settle(cls, ids: Sequence[int], *, fresh: bool = False) -> None:
        if fresh:
            take_themes(pledges=ids)
        else:
            settle_pledges(pledges=ids)
