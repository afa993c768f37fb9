"""The ledger and its changes as lists. They are the same at every data version, so they take none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from api import answers, dictionary, questions, values
from api.dictionary import Column
from api.filters import QuestionFilter, QuestionFilterSet
from api.lists import List
from api.paging import Order
from api.questions import Fields, Question
from api.schema import HASH, MOMENT, POSITION, REF, TEXT, Components, Schema
from publishing import ledger
from publishing.models import Act, Action, Change, Document, LedgerEntry, Redaction, SignedHead
from publishing.reading import Answer
from publishing.resource import registry
from publishing.signing import head_as_told

ENTRY: dict[str, Schema] = {
    "seq": POSITION,
    "recorded_at": MOMENT,
    "action": {"type": "string", "enum": Action.values},
    "resource": TEXT,
    "ref": REF,
    "change": {"type": "string", "format": "uuid"},
    "document_hash": {"type": "string", "pattern": "^([0-9a-f]{64})?$"},
    "previous_hash": HASH,
    "hash": HASH,
    "document": {"type": ["object", "null"]},
    "salt": {"type": ["string", "null"], "pattern": "^[0-9a-f]*$"},
}
CHANGE: dict[str, Schema] = {
    "id": {"type": "string", "format": "uuid"},
    "act": {"type": "string", "enum": Act.values},
    "first_seq": POSITION,
    "last_seq": POSITION,
    "recorded_at": MOMENT,
}

HEAD: dict[str, Schema] = {
    "day": {"type": "string", "format": "date"},
    "seq": POSITION,
    "hash": HASH,
    "signed_at": MOMENT,
    "statement": TEXT,
    "signature": TEXT,
    "public_key": TEXT,
}


class ActList(List):
    """What both lists have in common: rows of one table that are never altered."""

    table: type[LedgerEntry] | type[Change] | type[SignedHead]
    filterset: type[QuestionFilterSet]

    def orders(self) -> Sequence[str]:
        return self.natural_order

    def parameters(self) -> Fields:
        return {
            **questions.ordering_parameter(self.orders()),
            **questions.page_parameters(),
            **questions.fields_parameter(self.keys()),
            **questions.format_parameter(questions.FORMATS),
            **questions.language_parameter(),
        }

    def filters(self) -> Mapping[str, QuestionFilter]:
        return self.filterset.base_filters

    def rows(self, question: Question) -> tuple[QuerySet, str]:
        asking = self.filterset(queryset=self.table._default_manager.all())
        questions.find_refs(asking.filters, question.values, version=question.asked.version)
        return asking.narrow(question.values), "pk"

    def step(self, name: str, *, descending: bool, question: Question) -> Order:
        return Order(F(name), descending, nullable=False)

    def columns(self) -> Sequence[Column]:
        return [
            Column(key, key, dictionary.named_by(self.table, key) or dictionary.LABELS.get(key, key))
            for key in self.keys()
        ]

    def results(self, keys: Sequence[Any], question: Question) -> list[Answer]:
        return self.cells(keys, question)


class EntryFilters(QuestionFilterSet):
    seq__gte = QuestionFilter(
        "seq",
        "gte",
        values.Whole(least=0, most=questions.LARGEST_NUMBER, help_text=_("First position.")),
    )
    seq__lte = QuestionFilter(
        "seq",
        "lte",
        values.Whole(least=0, most=questions.LARGEST_NUMBER, help_text=_("Last position.")),
    )
    ref = QuestionFilter("ref", "exact", values.RefValue(registry.names(), help_text=_("What was published.")))
    resource = QuestionFilter("resource", "exact", values.Word(registry.names(), help_text=_("Of which kind it is.")))
    action = QuestionFilter("action", "exact", values.Word(Action.values, help_text=_("What was done.")))
    change = QuestionFilter("change", "exact", values.Uuid(help_text=_("The act that it was a part of.")))


class EntryList(ActList):
    """Every publication, in its order, each hashed together with the one before."""

    name, help = "ledger", _("Every publication, in its order, each hashed together with the one before.")
    natural_order = ("seq",)
    title, table, filterset = LedgerEntry._meta.verbose_name_plural, LedgerEntry, EntryFilters
    described = ENTRY
    COLUMNS = ("seq", "recorded_at", "action", "resource", "ref", "change", "document_hash", "previous_hash", "hash")
    WITH_DOCUMENTS = ("document", "salt")

    def keys(self) -> Sequence[str]:
        return (*self.COLUMNS, *self.WITH_DOCUMENTS)

    def parameters(self) -> Fields:
        return super().parameters() | {
            "documents": values.Truth(
                help_text=_(
                    "Whether to add `document` and `salt` (hexadecimal), from which anybody can work out"
                    " `document_hash`. Both are null where something was unpublished or merged."
                )
            )
        }

    def cells(self, keys: Sequence[int], question: Question) -> list[Answer]:
        """One query, and two more for the documents."""
        kept: dict[int, tuple[Any, bytes | memoryview]] = {}
        with_documents = question.values.get("documents") or set(question.fields or ()) & set(self.WITH_DOCUMENTS)
        if with_documents:
            documents = Document.objects.shown().filter(entry__in=keys)
            told = Redaction.objects.filter(entry__in=keys)
            for of_both in (documents, told):
                kept |= {seq: (body, salt) for seq, body, salt in of_both.values_list("entry", "body", "salt")}
        rows = {row[0]: row for row in LedgerEntry.objects.filter(pk__in=keys).values_list(*self.COLUMNS)}
        found = []
        for key in keys:
            answer = dict(zip(self.COLUMNS, rows[key], strict=True))
            answer["recorded_at"] = ledger.timestamp(answer["recorded_at"])
            answer["change"] = str(answer["change"])
            if with_documents:
                document, salt = kept.get(key, (None, None))
                answer |= {"document": document, "salt": None if salt is None else bytes(salt).hex()}
            found.append(answers.chosen(answer, question.fields))
        return found

    def describe_result(self, components: Components) -> Schema:
        return components.schema("LedgerEntry", lambda: {"type": "object", "properties": ENTRY})

    def describe_envelope(self) -> dict[str, Schema]:
        moment = {"type": ["string", "null"], "format": "date-time"}
        return {"head": {"type": "object", "properties": {"seq": POSITION, "hash": HASH, "recorded_at": moment}}}

    def envelope(self, question: Question) -> dict[str, Any]:
        head = ledger.head()
        recorded_at = head.recorded_at and ledger.timestamp(head.recorded_at)
        return super().envelope(question) | {"head": {"seq": head.seq, "hash": head.hash, "recorded_at": recorded_at}}


class ChangeFilters(QuestionFilterSet):
    act = QuestionFilter("act", "exact", values.Word(Act.values, help_text=_("What sort of act it was.")))
    last_seq__gte = QuestionFilter(
        "last_seq",
        "gte",
        values.Whole(
            least=0,
            most=questions.LARGEST_NUMBER,
            help_text=_("Last position from which on; one more than the version that is known gives what is new."),
        ),
    )
    recorded_at__gte = QuestionFilter("recorded_at", "gte", values.Moment(help_text=_("First moment.")))
    recorded_at__lte = QuestionFilter("recorded_at", "lte", values.Moment(help_text=_("Last moment.")))


class ChangeList(ActList):
    """One row for each act: what somebody published in one go. Who it was is never told."""

    name, help = "changes", _("One row for each act: what was published in one go, and its positions in the ledger.")
    natural_order = ("first_seq",)
    title, table, filterset = Change._meta.verbose_name_plural, Change, ChangeFilters
    described = CHANGE
    COLUMNS = ("id", "act", "first_seq", "last_seq", "recorded_at")

    def keys(self) -> Sequence[str]:
        return self.COLUMNS

    def cells(self, keys: Sequence[Any], question: Question) -> list[Answer]:
        """One query."""
        rows: Iterable[tuple[Any, ...]] = Change.objects.filter(pk__in=keys).values_list(*self.COLUMNS)
        found = {row[0]: dict(zip(self.COLUMNS, row, strict=True)) for row in rows}
        return [
            answers.chosen(
                found[key] | {"id": str(key), "recorded_at": ledger.timestamp(found[key]["recorded_at"])},
                question.fields,
            )
            for key in keys
        ]

    def describe_result(self, components: Components) -> Schema:
        return components.schema("Change", lambda: {"type": "object", "properties": CHANGE})


class HeadFilters(QuestionFilterSet):
    day__gte = QuestionFilter("day", "gte", values.WholeDay(help_text=_("First day.")))
    day__lte = QuestionFilter("day", "lte", values.WholeDay(help_text=_("Last day.")))


class HeadList(ActList):
    """The head of the ledger as it stood when each day began, signed."""

    name = "ledger/heads"
    help = _(
        "The head of the ledger as it stood when each day (UTC) began, with an Ed25519 signature of `statement` and the"
        " public key. Whoever keeps one can show whether anything before it was rewritten."
    )
    natural_order = ("day",)
    title, table, filterset = SignedHead._meta.verbose_name_plural, SignedHead, HeadFilters
    described = HEAD

    def keys(self) -> Sequence[str]:
        return tuple(HEAD)

    def depends_on(self) -> Sequence[object]:
        return (SignedHead.objects.order_by("-day").values_list("signed_at", flat=True).first(),)

    def cells(self, keys: Sequence[Any], question: Question) -> list[Answer]:
        """One query."""
        found = SignedHead.objects.in_bulk(keys)
        return [answers.chosen(head_as_told(found[key]), question.fields) for key in keys]

    def describe_result(self, components: Components) -> Schema:
        return components.schema("SignedHead", lambda: {"type": "object", "properties": HEAD})
