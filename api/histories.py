"""The history of one thing as a list: every position of the ledger that touched it, with the differences in words."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from api import answers, questions
from api.filters import QuestionFilter
from api.lists import List
from api.paging import Order
from api.questions import Fields, Question
from api.schema import ADDRESS, HASH, MOMENT, POSITION, REF, TEXT, Components, Schema
from publishing import reading
from publishing.models import Act, Action, Publishable
from publishing.reading import Answer
from publishing.resource import Resource
from tracking import touching

DIFFERENCE: Schema = {
    "type": "object",
    "properties": {
        "field": TEXT,
        "label": TEXT,
        "before": {},
        "after": {},
        "in_words": TEXT,
    },
    "required": ["field", "label", "before", "after", "in_words"],
}
TOUCHED: dict[str, Schema] = {
    "seq": POSITION,
    "recorded_at": MOMENT,
    "action": {"type": "string", "enum": Action.values},
    "act": {"type": "string", "enum": Act.values},
    "change": {"type": "string", "format": "uuid"},
    "version": POSITION,
    "resource": TEXT,
    "ref": REF,
    "in_words": TEXT,
    "differences": {"type": "array", "items": DIFFERENCE},
    "note_en": TEXT,
    "note_zh": TEXT,
    "hash": HASH,
    "url": ADDRESS,
    "ledger_url": ADDRESS,
}
PLACES = ("url", "ledger_url")


class HistoryList(List):
    """The positions that touched one thing of a resource, the newest first; `ref` names it once it is known."""

    natural_order = ("seq",)
    described = TOUCHED

    def __init__(self, resource: type[Resource], ref: str = ""):
        self.resource, self.ref = resource, ref
        self.name = f"{resource.name}/{ref}/history" if ref else f"{resource.name}/history"
        self.title = resource.model._meta.verbose_name_plural
        self.help = _(
            "Every position of the ledger that touched it, the newest first, with what changed in words; for a record"
            " also those of its status changes, evidence and responses. `url` leads to the thing as it then stood,"
            " `ledger_url` to the position with its document."
        )

    def keys(self) -> Sequence[str]:
        return tuple(TOUCHED)

    def orders(self) -> Sequence[str]:
        return self.natural_order

    def parameters(self) -> Fields:
        pins = questions.pinning_parameters()
        return {
            **questions.ordering_parameter(self.orders()),
            **questions.page_parameters(),
            **questions.fields_parameter(self.keys()),
            **questions.format_parameter(questions.FORMATS),
            **questions.language_parameter(),
            **{name: pins[name] for name in ("known_at", "version")},
        }

    def filters(self) -> Mapping[str, QuestionFilter]:
        return {}

    def order(self, question: Question) -> list[Order]:
        (name,) = question.values.get("ordering") or ["-seq"]
        return [self.step("seq", descending=name.startswith("-"), question=question)]

    def step(self, name: str, *, descending: bool, question: Question) -> Order:
        return Order(F(name), descending, nullable=False)

    def rows(self, question: Question) -> tuple[QuerySet, str]:
        return touching.touching(self._thing(question), version=question.asked.version), "pk"

    def _thing(self, question: Question) -> Publishable:
        """Return what the history is of. Raises NothingThere, Merged, Unpublished."""
        kinds = [kind.name for kind in self.resource.kinds()]
        return reading.find(self.ref, resources=kinds, version=question.asked.version)

    def results(self, keys: Sequence[int], question: Question) -> list[Answer]:
        told = touching.told(keys, version=question.asked.version)
        return [answers.chosen(answer | places(answer), question.fields) for answer in told]

    def cells(self, keys: Sequence[int], question: Question) -> list[Answer]:
        """A table has the differences as sentences, one a line."""
        return [
            row | ({"differences": in_lines(row["differences"])} if "differences" in row else {})
            for row in self.results(keys, question)
        ]

    def describe_result(self, components: Components) -> Schema:
        return components.schema("Touched", lambda: {"type": "object", "properties": TOUCHED})


def places(answer: Answer) -> dict[str, str]:
    """Return where the thing is told as it stood after a position, and where the position itself is."""
    there = urlencode({"version": answer["version"]})
    row = urlencode({"seq__gte": answer["seq"], "seq__lte": answer["seq"], "documents": "true"})
    return {
        "url": f"{answers.address(answer['resource'], answer['ref'])}?{there}",
        "ledger_url": questions.absolute(f"/api/v1/ledger/?{row}"),
    }


def in_lines(differences: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(each["in_words"] for each in differences)
