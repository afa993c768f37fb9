"""What is public of everything that is tracked."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan, LessThanOrEqual
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publishing import reading
from publishing.fields import (
    FLAG,
    GIVEN,
    IN,
    RANGE,
    Choice,
    Day,
    Derived,
    Field,
    Flag,
    Ids,
    PartialDay,
    Ref,
    Refs,
    Report,
    Translated,
    check_duration,
    read_day,
    read_text,
    unknown_word,
)
from publishing.ledger import timestamp
from publishing.models import DocumentQuerySet
from publishing.resource import Asked, Beside, Computed, Related, Resource, ref_field, registry
from sources.resources import DivergenceResource, PassageResource, SourceResource
from tracking.actions import (
    refuse_unpublishing_changes,
    refuse_unpublishing_evidence,
)
from tracking.derivation import follow_status_changes, refresh_contested
from tracking.models import (
    DUE_SOON,
    TRACKED_RESOURCES,
    DecidableStatus,
    DueKind,
    Evidence,
    Record,
    Response,
    Stance,
    StatusChange,
    StatusChangeKind,
    StatusSpan,
)
from tracking.statuses import NOT_ASSESSED, OPEN_STATUSES, STATUSES


class Due(Field):
    """When a promise is due: a kind, a (partial) date, the rule in words, and for recurring ones the interval.

    In a YAML file it is a mapping `due`, in a table the columns due_kind, due_date and so on.
    """

    PARTS = ("kind", "date", "rule_en", "rule_zh", "every", "until")
    KINDS = tuple(DueKind.values)

    def import_columns(self) -> tuple[str, ...]:
        return (self.name, *(f"{self.name}_{part}" for part in self.PARTS))

    def columns(self) -> tuple[str, ...]:
        return tuple(f"{self.source}_{part}" for part in self.PARTS)

    def parse(self, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """Read the due rule; its value is None when the row says nothing of it."""
        given = row.get(self.name)
        if given is None:
            given = {part: row.get(f"{self.name}_{part}") for part in self.PARTS}
            if not any(given.values()):
                return {self.name: None}
            name = f"{self.name}_{{}}"
        elif isinstance(given, dict):
            name = f"{self.name}.{{}}"
            for part in given.keys() - set(self.PARTS):
                report(name.format(part), unknown_word(str(part), self.PARTS))
        else:
            report(self.name, gettext("This must be a mapping with kind, date and so on."))
            return {self.name: None}
        due: dict[str, Any] = {part: read_text(given.get(part), name.format(part), report) for part in self.PARTS}
        if due["kind"] not in self.KINDS:
            report(name.format("kind"), unknown_word(due["kind"], self.KINDS))
        for part in ("date", "until"):
            due[part] = read_day(due[part], name.format(part), report) if due[part] else None
        if due["every"]:
            check_duration(due["every"], name.format("every"), report)
        if due["kind"] == DueKind.FIXED and not due["date"]:
            report(name.format("date"), gettext("A fixed deadline needs its date."))
        return {self.name: due}

    def dump(self, values: Mapping[str, Any]) -> dict[str, Any]:
        due = {part: values[f"{self.source}_{part}"] for part in self.PARTS}
        return {self.name: due | {part: due[part] or None for part in ("date", "until")}}

    def attributes(self, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        due = document[self.name] or {"kind": DueKind.NONE.value}
        return {f"{self.source}_{part}": due.get(part) or "" for part in self.PARTS}


def no_due() -> dict[str, Any]:
    """Return the due rule of a promise that has no day."""
    return {"kind": DueKind.NONE.value, "date": None, "rule_en": "", "rule_zh": "", "every": "", "until": None}


class TrackedResource(Resource):
    """What pledges, mechanisms and proposals have in common beside their own fields."""

    mergeable = True
    accompanied_by = {
        "history": Beside(
            "status-changes",
            also={
                "superseded_by": Computed(_("The correction that took its place, if any.")),
                "holds": Computed(_("Whether it gives the status on the day asked for."), type="boolean"),
                "ledger": Computed(_("The position of the ledger that it rests on."), type="object"),
            },
        ),
        "evidence": Beside("evidence"),
        "responses": Beside("responses"),
        "passages": Beside("passages"),
        "divergences": Beside("divergences"),
    }

    status = Computed(
        _("The latest status in the ledger; every one but not_assessed stands on evidence."),
        choices=[(status.code, status.label) for status in STATUSES.values()],
        lookups=GIVEN,
    )
    status_since = Computed(_("Day from which the status holds."), type="date", lookups=RANGE, ordering=True)
    assessed = Computed(_("Whether it has a status other than not_assessed."), type="boolean", lookups=FLAG)
    contested = Computed(_("Whether a public response disputes a status."), type="boolean", lookups=FLAG)
    overdue = Computed(
        _("Whether its day has passed while its status leaves the matter open. It is no status."),
        type="boolean",
        lookups=FLAG,
    )
    due_soon = Computed(_("Whether it is due within 30 days."), type="boolean", lookups=FLAG)

    @classmethod
    def compute(cls, documents: Mapping[int, Mapping[str, Any]], asked: Asked) -> dict[int, dict[str, Any]]:
        """Two queries for any number of documents."""
        held: dict[int, tuple[str, date | None]] = dict.fromkeys(documents, (NOT_ASSESSED, None))
        holding = spans(asked).filter(record__in=documents).values_list("record", "status", "change__effective_on")
        for record, status, effective_on in holding:
            held[record] = (status, effective_on)
        refs = [document["ref"] for document in documents.values()]
        disputed = set(disputes(asked).filter(body__record__in=refs).values_list(KT("body__record"), flat=True))
        values = {}
        for key, document in documents.items():
            status, since = held[key]
            passes = document.get("overdue_from")
            ends = datetime.fromisoformat(passes) if passes and not STATUSES[status].settled else None
            values[key] = {
                "status": status,
                "status_since": since.isoformat() if since else None,
                "assessed": status != NOT_ASSESSED,
                "contested": document["ref"] in disputed,
                "overdue": ends is not None and ends <= asked.moment,
                "due_soon": ends is not None and asked.moment < ends <= asked.moment + DUE_SOON,
            }
        return values

    @classmethod
    def computed_condition(cls, name: str, lookup: str, value: Any, asked: Asked, *, live: bool) -> Q:
        return (holds_now if live else held_then)(name, lookup, value, asked)

    @classmethod
    def computed_order(cls, name: str, asked: Asked, *, live: bool) -> Any:
        if live:
            return F(name)
        return Subquery(spans(asked).filter(record=OuterRef("thing_id")).values("change__effective_on"))

    @classmethod
    def computed_value(cls, name: str, asked: Asked, *, live: bool) -> Any:
        if cls.computed[name].type == "boolean":
            holds = cls.computed_condition(name, "exact", True, asked, live=live)
            return Case(When(holds, then=Value(True)), default=Value(False))
        if name == "status" and not live:
            return Coalesce(Subquery(spans_of_thing(asked).values("status")), Value(NOT_ASSESSED))
        return cls.computed_order(name, asked, live=live)

    @classmethod
    def beside(cls, key: int, document: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        """Return history, evidence, responses, passages and divergences of a record."""
        ref = document["ref"]
        return {
            "history": history(key, asked),
            "evidence": with_sources(reading.where(EvidenceResource, asked, record=ref), asked),
            "responses": with_sources(reading.where(ResponseResource, asked, record=ref), asked),
            "passages": with_sources(reading.named(PassageResource, document.get("passages", []), asked), asked),
            "divergences": reading.where(DivergenceResource, asked, subject=ref),
        }


def spans(asked: Asked) -> QuerySet[StatusSpan]:
    """Return which statuses held on the day asked for, as the tracker said at the version asked for."""
    return StatusSpan.objects.filter(valid__contains=asked.as_of, known__contains=asked.version)


def disputes(asked: Asked) -> DocumentQuerySet:
    """Return the responses that disputed a status at the version asked for."""
    return reading.standing(asked.version).filter(thing__resource=Response.collection, body__disputes=True)


def spans_of_thing(asked: Asked) -> QuerySet[StatusSpan]:
    """Return the same for the thing of the document in the outer query; NOT IN would compare all rows with all."""
    return spans(asked).filter(record=OuterRef("thing_id"))


def holds_now(name: str, lookup: str, value: Any, asked: Asked) -> Q:
    """Return the condition on records as their rows stand."""
    match name:
        case "status" | "status_since" | "contested":
            return Q(**{f"{name}__{lookup}": value})
        case "assessed":
            return ~Q(status=NOT_ASSESSED)
        case "overdue":
            return Q(overdue_from__lte=asked.moment, status__in=OPEN_STATUSES)
        case "due_soon":
            return Q(
                overdue_from__gt=asked.moment,
                overdue_from__lte=asked.moment + DUE_SOON,
                status__in=OPEN_STATUSES,
            )
    raise LookupError(name)


def held_then(name: str, lookup: str, value: Any, asked: Asked) -> Q:
    """Return the condition on the documents of records; see `compute` for what each field means."""
    match name:
        case "status":
            statuses = [value] if lookup == "exact" else list(value)
            held = Q(thing__in=spans(asked).filter(status__in=statuses).values("record"))
            return held | Q(~Exists(spans_of_thing(asked))) if NOT_ASSESSED in statuses else held
        case "status_since":
            dated = spans(asked).filter(**{f"change__effective_on__{lookup}": value})
            return Q(thing__in=dated.values("record"))
        case "assessed":
            return Q(thing__in=spans(asked).values("record"))
        case "contested":
            return Q(thing__ref__in=disputes(asked).values(of=KT("body__record")))
    settled = spans_of_thing(asked).filter(status__in=[status.code for status in STATUSES.values() if status.settled])
    open_still = Q(~Exists(settled))
    passes, moment, soon = KT("body__overdue_from"), timestamp(asked.moment), timestamp(asked.moment + DUE_SOON)
    match name:
        case "overdue":
            return Q(LessThanOrEqual(passes, moment)) & open_still
        case "due_soon":
            return Q(GreaterThan(passes, moment)) & Q(LessThanOrEqual(passes, soon)) & open_still
    raise LookupError(name)


def history(record: int, asked: Asked) -> list[dict[str, Any]]:
    """Return the status changes of a record, in the order of the ledger, each with its position.

    `holds` tells which one gives the status on the day asked for, `superseded_by` which correction took its place.
    """
    keys = list(
        StatusChange.objects.filter(record=record, first_version__lte=asked.version)
        .order_by("seq")
        .values_list("pk", flat=True)
    )
    standing = reading.documents(keys, version=asked.version)
    placed = reading.positions(keys, version=asked.version)
    corrected = {document["supersedes"]: document["ref"] for document in standing.values() if document["supersedes"]}
    holding = set(spans(asked).filter(record=record).values_list("change", flat=True))
    return [
        standing[key]
        | {
            "superseded_by": corrected.get(standing[key]["ref"]),
            "holds": key in holding,
            "ledger": placed[key],
        }
        for key in keys
        if key in standing
    ]


def with_sources(answers: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """Replace each answer's source by what a reader needs to find it: ref, title, address, publisher and language."""
    found = {
        source["ref"]: {name: source[name] for name in ("ref", "title", "url", "publisher", "lang", "published_on")}
        for source in reading.named(SourceResource, {answer["source"] for answer in answers}, asked)
    }
    return [answer | {"source": found.get(answer["source"], {"ref": answer["source"]})} for answer in answers]


class RecordResource(TrackedResource):
    help = _("Anything that has a status: pledges, mechanisms and proposals together.")
    model = Record

    ref = ref_field(_("Permanent id of the record."))
    resource = Derived(_("Which of the three kinds it is."), words=TRACKED_RESOURCES, lookups=GIVEN)
    title_ = Translated(_("What it is, in our words."), searched=True, ordering=True)
    due_on = Derived(_("Last day on which it can be kept."), lookups=RANGE, ordering=True)
    actor = Ref("actors", _("Who promised; empty for what is not one actor's promise."), lookups=IN)
    instrument = Related(
        "instruments", _("The document that it stands in."), source="instrument__ref", path="", lookups=IN
    )
    theme = Related(
        "themes", _("What it is about; narrower themes are included."), source="themes__ref", path="", lookups=IN
    )
    country = Related("", _("Country of the actor."), source="actor__country", path="actor.country", lookups=IN)


@registry.register
class EvidenceResource(Resource):
    help = _("What a source shows about a record.")
    model, rank, label = Evidence, 100, "shows"
    private = {"sources": "one shows it, its `source`"}

    ref = ref_field(_("Permanent id of the evidence."))
    record = Ref(TRACKED_RESOURCES, _("The record that it is about."), required=True, hangs_on=True, lookups=IN)
    source = Ref("sources", _("The source that shows it."), required=True, hangs_on=True, lookups=IN)
    stance = Choice(Stance, _("What it says, relative to the record."), required=True, lookups=IN)
    observed_on = PartialDay(_("Day of the fact that is shown."), required=True, lookups=RANGE, ordering=True)
    shows = Translated(_("What it shows, in our words."), required=True, either=True, searched=True)
    snapshot_hash = Derived(
        _("SHA-256 of the source's text that it rests on, in UTF-8, where that text is kept."),
        source="snapshot__hash",
        lookups=IN,
    )
    snapshot_taken_at = Derived(
        _("When that text stood at the source."), source="snapshot__taken_at", dump_as=timestamp, lookups=RANGE
    )
    kept = Computed(_("Whether the text that it rests on is kept as a snapshot."), type="boolean", lookups=FLAG)

    @classmethod
    def refuse_unpublishing(cls, ids: Sequence[int], gone: Sequence[int]) -> None:
        refuse_unpublishing_evidence(evidence=ids, gone=gone)

    @classmethod
    def compute(cls, documents: Mapping[int, Mapping[str, Any]], asked: Asked) -> dict[int, dict[str, Any]]:
        return {key: {"kept": bool(document.get("snapshot_hash"))} for key, document in documents.items()}

    @classmethod
    def computed_condition(cls, name: str, lookup: str, value: Any, asked: Asked, *, live: bool) -> Q:
        return Q(snapshot__isnull=False) if live else Q(body__snapshot_hash__regex=".")

    @classmethod
    def computed_value(cls, name: str, asked: Asked, *, live: bool) -> Any:
        kept = cls.computed_condition(name, "exact", True, asked, live=live)
        return Case(When(kept, then=Value(True)), default=Value(False))

    @classmethod
    def derive(cls, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        """What is imported rests on no snapshot yet; one that exists keeps its own."""
        return {key: {"snapshot__hash": None, "snapshot__taken_at": None} for key in rows}


@registry.register
class ResponseResource(Resource):
    help = _("What the actor says about a record; it stands beside the status and never edits it.")
    model, rank, label = Response, 110, "gist"
    writes_to = ("record",)
    private = {"sources": "it was said in one, its `source`"}

    ref = ref_field(_("Permanent id of the response."))
    record = Ref(TRACKED_RESOURCES, _("The record that it is about."), required=True, hangs_on=True, lookups=IN)
    actor = Ref("actors", _("Who says it."), required=True, hangs_on=True, lookups=IN)
    stated_on = PartialDay(_("Day on which it was said."), required=True, lookups=RANGE, ordering=True)
    gist = Translated(_("What it says: word for word, or else its gist."), required=True, searched=True)
    word_for_word = Flag(_("Whether these are the actor's own words; if not, it is the gist in ours."), lookups=FLAG)
    disputes = Flag(_("Whether it disputes a status."), lookups=FLAG)
    source = Ref("sources", _("Where it was said."), required=True, hangs_on=True, lookups=IN)

    @classmethod
    def follow(cls, ids: Sequence[int], positions: Mapping[int, int], version: int) -> None:
        refresh_contested(records=list(Response.objects.filter(pk__in=ids).values_list("record", flat=True)))

    @classmethod
    def follow_unpublished(cls, ids: Sequence[int]) -> None:
        refresh_contested(records=list(Response.objects.filter(pk__in=ids).values_list("record", flat=True)))


@registry.register
class StatusChangeResource(Resource):
    help = _("A status, published with its reason and its evidence.")
    model, rank, label = StatusChange, 120, "reason"
    writes_to = ("record",)
    also_fills = (StatusSpan,)
    needed_indexes = ("statuschange_current",)
    private = {
        "seq": "the ledger's own position, which every answer about it carries",
        "first_version": "follows from the ledger",
        "sources": "its evidence names them",
    }

    ref = ref_field(_("Permanent id of the status change."))
    record = Ref(TRACKED_RESOURCES, _("The record whose status it is."), required=True, hangs_on=True, lookups=IN)
    kind = Choice(
        StatusChangeKind, _("Assessment, correction (we were wrong) or revision (the method changed)."), lookups=IN
    )
    status = Choice(DecidableStatus, _("The status."), required=True, lookups=IN)
    effective_on = Day(_("Day from which it was true."), required=True, lookups=RANGE, ordering=True)
    reason = Translated(_("Why, in whole sentences."), required=True, either=True, searched=True)
    was_wrong = Translated(_("In a correction: what was wrong."), searched=True)
    supersedes = Ref("status-changes", _("In a correction: the change that it corrects."), lookups=IN)
    evidence = Refs("evidence", _("The evidence that it stands on."), required=True, lookups=IN)

    @classmethod
    def parse(cls, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        document = super().parse(row, report)
        document["kind"] = document["kind"] or StatusChangeKind.ASSESSMENT.value
        correction = document["kind"] == StatusChangeKind.CORRECTION
        if (
            correction != bool(document["supersedes"])
            or correction
            and not (document["was_wrong_en"] or document["was_wrong_zh"])
        ):
            report("supersedes", gettext("A correction names the change that it corrects and says what was wrong."))
        if document["effective_on"] and document["effective_on"] > datetime.now(UTC).date().isoformat():
            report("effective_on", gettext("A status cannot hold from a day to come."))
        return document

    @classmethod
    def check_change(cls, before: Mapping[str, Any], after: Mapping[str, Any], report: Report) -> None:
        for key, value in after.items():
            if before[key] != value and not (before[key] == "" and key.startswith(("reason", "was_wrong"))):
                report(key, gettext("A published status change is never altered; publish a correction."))

    @classmethod
    def refuse_unpublishing(cls, ids: Sequence[int], gone: Sequence[int]) -> None:
        refuse_unpublishing_changes(changes=ids, gone=gone)

    @classmethod
    def take_positions(cls, rows: Mapping[int, dict[str, Any]], positions: Mapping[int, int], version: int) -> None:
        for key, row in rows.items():
            row |= {"seq": positions[key], "first_version": version}

    @classmethod
    def follow(cls, ids: Sequence[int], positions: Mapping[int, int], version: int) -> None:
        follow_status_changes(changes=ids, positions=positions, version=version)
