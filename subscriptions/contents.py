"""What a digest says: read from the documents as they stood at one data version, in the language that is active."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from publishing import reading
from publishing.models import Document, LedgerEntry
from publishing.words import Words, day_in_words, words
from subscriptions.following import records_followed
from subscriptions.links import link_to_record
from subscriptions.models import Digest, Subscription, ToldDeadline
from tracking.models import OPEN_STATUSES, Response, Stance, StatusChange, StatusChangeKind, StatusSpan
from tracking.statuses import NOT_ASSESSED, STATUSES, Status

NOTICE = timedelta(days=14)
MOST_CHANGES = 50
MOST_DEADLINES = 50

Body = Mapping[str, Any]


@dataclass(frozen=True)
class Cited:
    """One piece of evidence: what it shows, and where."""

    shows: Words
    stance: str
    observed_on: str
    source: str
    publisher: str
    url: str


@dataclass(frozen=True)
class Said:
    """What an actor says about the record."""

    actor: str
    stated_on: str
    gist: Words
    word_for_word: bool
    disputes: bool
    url: str


@dataclass(frozen=True)
class About:
    """The record that something is told about."""

    title: str
    actor: str
    instrument: str
    url: str


@dataclass(frozen=True)
class ToldChange:
    """One status change: what was said of its day before, and what is said now."""

    record: About
    before: Status
    after: Status
    effective_on: str
    today: Status | None
    reason: Words
    is_correction: bool
    is_revision: bool
    was_wrong: Words
    corrected_since: bool
    evidence: Sequence[Cited]
    responses: Sequence[Said]

    @property
    def contested(self) -> bool:
        return any(response.disputes for response in self.responses)


@dataclass(frozen=True)
class ComingDeadline:
    """A day by which something was promised, and what its status is."""

    record: About
    due_on: str
    status: Status


@dataclass(frozen=True)
class Contents:
    """All that one digest says. Of very many changes or deadlines only the first are listed; the totals count all."""

    version: int
    head_hash: str
    changes: Sequence[ToldChange]
    changes_total: int
    deadlines: Sequence[ComingDeadline]
    deadlines_total: int

    @property
    def changes_left_out(self) -> int:
        return self.changes_total - len(self.changes)

    @property
    def deadlines_left_out(self) -> int:
        return self.deadlines_total - len(self.deadlines)


class Due(NamedTuple):
    """A record's key, the day by which it is due, and its status."""

    record: int
    due_on: date
    status: str


def changes_to_tell(subscription: Subscription, *, after: int, version: int) -> list[int]:
    """Return the keys of the status changes about what is followed, in ledger order.

    They stand after the position `after`, up to `version`. What was taken out of the public is left out.
    """
    news = StatusChange.objects.filter(seq__gt=after, seq__lte=version)
    told = news.filter(
        record__in=records_followed(subscription).filter(pk__in=news.values("record")),
        pk__in=reading.standing(version).filter(thing__in=news.values("pk")).values("thing"),
    )
    return list(told.order_by("seq").values_list("pk", flat=True))


def deadlines_to_tell(subscription: Subscription, *, version: int, now: datetime) -> list[Due]:
    """Return what is followed and due within 14 days from `now` (aware), by day, if that was not told before.

    A record that was published or revised after `version` waits for the next digest.
    """
    told = ToldDeadline.objects.filter(subscription=subscription, record=OuterRef("pk"), due_on=OuterRef("due_on"))
    coming = records_followed(subscription).filter(
        ~Exists(told),
        Exists(Document.objects.current().filter(thing=OuterRef("pk"), entry__lte=version)),
        overdue_from__gt=now,
        overdue_from__lte=now + NOTICE,
        status__in=OPEN_STATUSES,
        instrument__as_instrument__tracked=True,
    )
    rows = coming.order_by("due_on", "ref").values_list("pk", "due_on", "status")
    return [Due(record, due_on, status) for record, due_on, status in rows if due_on]


def deadlines_told(digest: Digest) -> list[Due]:
    """Return the deadlines that a digest tells of, by day, without those of what was unpublished since."""
    told = digest.told_deadlines.filter(record__in=reading.standing(digest.to_seq).values("thing"))
    rows = told.order_by("due_on", "record__ref").values_list("record", "due_on", "record__status")
    return [Due(record, due_on, status) for record, due_on, status in rows]


def contents_of(
    *, subscription: Subscription, changes: Sequence[int], deadlines: Sequence[Due], version: int, today: date
) -> Contents:
    """Put into words what is to be told, as of a data version and a day (UTC). A constant number of queries."""
    listed = list(StatusChange.objects.filter(pk__in=changes[:MOST_CHANGES]).order_by("seq"))
    coming = deadlines[:MOST_DEADLINES]
    records = [change.record_id for change in listed]
    teller = _Teller(
        version=version,
        today=today,
        language=subscription.language,
        things={*changes[:MOST_CHANGES], *records, *(due.record for due in coming)},
        records=records,
    )
    return Contents(
        version=version,
        head_hash=LedgerEntry.objects.get(seq=version).hash,
        changes=[teller.change(change) for change in listed],
        changes_total=len(changes),
        deadlines=[teller.deadline(due) for due in coming],
        deadlines_total=len(deadlines),
    )


class _Teller:
    """Everything that the entries of one digest are made from, fetched at once."""

    def __init__(
        self, *, version: int, today: date, language: str, things: Collection[int], records: Collection[int]
    ) -> None:
        self.version, self.today, self.language = version, today, language
        self.standing = reading.standing(version)
        self.bodies: dict[int, Body] = dict(self.standing.filter(thing__in=things).values_list("thing", "body"))
        self.spans: dict[int, list[StatusSpan]] = {}
        for span in StatusSpan.objects.filter(record__in=records):
            self.spans.setdefault(span.record_id, []).append(span)
        self.corrected = set(
            StatusChange.objects.filter(supersedes__in=things, seq__lte=version).values_list("supersedes", flat=True)
        )
        self.responses: dict[int, list[Body]] = {}
        answers = self.standing.filter(thing__in=Response.objects.filter(record__in=records).values("pk"))
        for record, body in answers.values_list("thing__as_response__record", "body"):
            self.responses.setdefault(record, []).append(body)
        self.linked: dict[str, Body] = {}
        said = [body for bodies in self.responses.values() for body in bodies]
        # Evidence leads to sources, a pledge to its commitment and from there to the instrument.
        level = [*self.bodies.values(), *said]
        while level := self._follow(level):
            pass

    def _follow(self, bodies: Iterable[Body]) -> list[Body]:
        refs: set[str] = set()
        for body in bodies:
            refs.update(body.get("evidence") or ())
            refs.update(body[name] for name in ("source", "actor", "commitment", "instrument") if body.get(name))
        fresh = dict(self.standing.filter(thing__ref__in=refs - self.linked.keys()).values_list("thing__ref", "body"))
        self.linked |= fresh
        return list(fresh.values())

    def change(self, change: StatusChange) -> ToldChange:
        body = self.bodies[change.pk]
        after = STATUSES[change.status]
        today = self._status(change.record_id, self.version, self.today)
        return ToldChange(
            record=self.about(change.record_id),
            before=self._status(change.record_id, (change.first_version or 0) - 1, change.effective_on),
            after=after,
            effective_on=day_in_words(body["effective_on"]),
            today=None if today == after else today,
            reason=words(body, "reason"),
            is_correction=change.kind == StatusChangeKind.CORRECTION,
            is_revision=change.kind == StatusChangeKind.REVISION,
            was_wrong=words(body, "was_wrong"),
            corrected_since=change.pk in self.corrected,
            evidence=[self._cited(self.linked[ref]) for ref in body["evidence"] if ref in self.linked],
            responses=[
                self._said(answer)
                for answer in sorted(self.responses.get(change.record_id, ()), key=lambda answer: answer["stated_on"])
            ],
        )

    def deadline(self, due: Due) -> ComingDeadline:
        stated = self.bodies[due.record]["due"]["date"]
        return ComingDeadline(self.about(due.record), day_in_words(stated), STATUSES[due.status])

    def about(self, record: int) -> About:
        body = self.bodies[record]
        promised = self.linked.get(body.get("commitment") or "", body)
        title = words(body, "title").text or words(promised, "title").text
        return About(
            title=f"{title} ({body['period']})" if body.get("period") else title,
            actor=self._name(body.get("actor"), "name"),
            instrument=self._name(promised.get("instrument"), "title"),
            url=link_to_record(body["ref"], language=self.language, version=self.version),
        )

    def _name(self, ref: str | None, field: str) -> str:
        return words(self.linked[ref], field).text if ref in self.linked else ""

    def _status(self, record: int, version: int, day: date) -> Status:
        for span in self.spans.get(record, ()):
            if _holds(span.known, version) and _holds(span.valid, day):
                return STATUSES[span.status]
        return STATUSES[NOT_ASSESSED]

    def _cited(self, evidence: Body) -> Cited:
        source = self.linked.get(evidence["source"], {})
        return Cited(
            shows=words(evidence, "shows"),
            stance=str(Stance(evidence["stance"]).label),
            observed_on=day_in_words(evidence["observed_on"]),
            source=source.get("title", ""),
            publisher=source.get("publisher", ""),
            url=source.get("url", ""),
        )

    def _said(self, response: Body) -> Said:
        return Said(
            actor=self._name(response["actor"], "name"),
            stated_on=day_in_words(response["stated_on"]),
            gist=words(response, "gist"),
            word_for_word=response["word_for_word"],
            disputes=response["disputes"],
            url=self.linked.get(response["source"], {}).get("url", ""),
        )


def _holds(span: Any, value: Any) -> bool:
    """Whether a half-open range of the database, lower end given, has this value."""
    return span.lower <= value and (span.upper is None or value < span.upper)
