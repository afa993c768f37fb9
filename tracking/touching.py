"""What touched a thing: the positions of the ledger about it, and about what belongs to the claim of a record."""

from collections.abc import Sequence
from datetime import UTC, date
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from publishing import comparing, ledger
from publishing.comparing import Difference
from publishing.models import Document, LedgerEntry, Publishable, Redaction
from publishing.reading import Answer
from publishing.resource import registry
from tracking.models import TRACKED_RESOURCES, StatusChange, StatusSpan
from tracking.statuses import NOT_ASSESSED


def touching(thing: Publishable, *, version: int) -> QuerySet[LedgerEntry]:
    """Return the positions up to a version that touched a thing.

    For a record these are its own and those of its evidence, status changes and responses, found through an index by
    what their documents say they belong to: also what was unpublished, and what has gone to another record since.
    """
    positions: QuerySet[Any] = LedgerEntry.objects.filter(ref=thing.ref).values("seq")
    if thing.resource in TRACKED_RESOURCES:
        belonging = Document.objects.filter(body__record=thing.ref)
        positions = positions.union(
            belonging.values("entry"),
            belonging.filter(until_seq__isnull=False).values("until_seq"),
            Redaction.objects.filter(thing__in=belonging.values("thing")).values("entry"),
        )
    return LedgerEntry.objects.filter(seq__in=positions, seq__lte=version)


def told(positions: Sequence[int], *, version: int) -> list[Answer]:
    """Return what happened at positions that touched one thing, in their order, with the differences in words.

    Names are those of `version`. A constant number of queries. What was unpublished since shows no texts.
    """
    entries = LedgerEntry.objects.select_related("change").in_bulk(positions)
    things = Publishable.objects.in_bulk({entry.ref for entry in entries.values()}, field_name="ref")
    keys = [each.pk for each in things.values()]
    shown = Document.objects.shown().filter(thing__in=keys)
    after = dict(shown.filter(entry__in=positions).values_list("entry", "body"))
    before = dict(shown.filter(until_seq__in=positions).values_list("until_seq", "body"))
    redactions = dict(Redaction.objects.filter(entry__in=positions).values_list("entry", "body"))
    moves = _Statuses()
    found: dict[int, list[Difference]] = {}
    for seq, entry in entries.items():
        resource = registry[entry.resource]
        found[seq] = comparing.differences(resource, before.get(seq), after.get(seq))
        if entry.resource == StatusChange.collection:
            found[seq] += moves.made_by(entry)
    sentences = iter(comparing.told([each for every in found.values() for each in every], version=version))
    differences = {seq: [next(sentences) for _each in every] for seq, every in found.items()}
    answers = []
    for seq in positions:
        entry = entries[seq]
        kind = registry[entry.resource].verbose_name
        answers.append(
            {
                "seq": seq,
                "recorded_at": ledger.timestamp(entry.recorded_at),
                "action": entry.action,
                "act": entry.change.act,
                "change": str(entry.change_id),
                "version": entry.change.last_seq,
                "resource": entry.resource,
                "ref": entry.ref,
                "in_words": _("%(kind)s: %(action)s") % {"kind": kind, "action": entry.get_action_display()},
                "differences": differences[seq],
                **_notes(entry, things[entry.ref], redactions.get(seq)),
                "hash": entry.hash,
            }
        )
    return answers


def _notes(entry: LedgerEntry, thing: Publishable, redaction: Answer | None) -> dict[str, str]:
    """Return why texts were taken out, or why the whole thing was, as far as that still holds."""
    if redaction is not None:
        return {name: redaction[name] for name in ("note_en", "note_zh")}
    if entry.action == "unpublished":
        return {"note_en": thing.unpublished_note_en, "note_zh": thing.unpublished_note_zh}
    return {"note_en": "", "note_zh": ""}


class _Statuses:
    """Which status a record had, at any version and on any day. One query, when it is first asked."""

    def __init__(self) -> None:
        self.spans: list[StatusSpan] | None = None

    def made_by(self, entry: LedgerEntry) -> list[Difference]:
        """Return how the act of a status change's position moved the record's status, as of the day of the act."""
        if self.spans is None:
            record = StatusChange.objects.filter(ref=entry.ref).values("record")
            self.spans = list(StatusSpan.objects.filter(record__in=record))
        day, change = entry.recorded_at.astimezone(UTC).date(), entry.change
        before, after = self._held(change.first_seq - 1, day), self._held(change.last_seq, day)
        resource = registry[StatusChange.collection]
        return [Difference(resource, "status", before, after)] if before != after else []

    def _held(self, version: int, day: date) -> str:
        held = (span.status for span in self.spans or () if version in span.known and day in span.valid)
        return next(held, NOT_ASSESSED)
