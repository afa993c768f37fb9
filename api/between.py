"""What changed between two versions, days or moments, for any filtered set: a list with one result for each thing."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from api import answers, questions, values
from api.filters import QuestionFilter, QuestionFilterSet
from api.histories import DIFFERENCE, in_lines
from api.lists import List, ResourceList
from api.paging import Order
from api.problems import Refused, Wrong
from api.questions import LARGEST_NUMBER, Fields, Question
from api.schema import ADDRESS, POSITION, TEXT, Components, Schema, link_schema
from publishing import reading
from publishing.reading import Answer
from publishing.resource import Asked, registry
from tracking import between
from tracking.resources import RecordResource
from tracking.statuses import STATUSES

POINTS = ("from", "to")


class Point(values.Value):
    """A data version, a day or a moment."""

    def read(self, text: str) -> int | date | datetime:
        """Return a whole number, a day, or an aware moment."""
        kinds: list[values.Value] = [
            values.Whole(least=0, most=LARGEST_NUMBER),
            values.WholeDay(),
            values.Moment(),
        ]
        for kind in kinds:
            try:
                point: int | date | datetime = kind.read(text)
            except ValidationError:
                continue
            return point
        raise ValidationError(
            _(
                "This must be a data version such as 120, a day such as 2026-06-01, or a moment such as"
                " 2026-06-01T08:00:00Z."
            )
        )


def parameters_of_points() -> Fields:
    """Return the parameters that turn the list of acts into what changed between two points."""
    return {
        "from": Point(
            help_text=gettext_lazy(
                "Data version, day or moment (UTC) to compare from: a day means its beginning. With it the answer is no"
                " list of acts but one result for each thing that was added, changed or taken out since."
            )
        ),
        "to": Point(
            help_text=gettext_lazy("Data version, day or moment to compare with: a day means its end; now if left out.")
        ),
    }


def _pin(point: int | date | datetime | None, *, now: datetime, ends: bool) -> dict[str, Any]:
    if isinstance(point, int):
        return {"version": point}
    if isinstance(point, datetime):
        return {"known_at": point}
    if point is None or (ends and point == now.astimezone(UTC).date()):
        return {}
    begun = datetime.combine(point, time(), UTC)
    return {"known_at": begun + timedelta(days=1, microseconds=-1) if ends else begun}


class BetweenFilters(QuestionFilterSet):
    resource = QuestionFilter(
        "resource",
        "exact",
        values.Word(registry.names(), help_text=gettext_lazy("Of which kind it is.")),
    )
    resource__in = QuestionFilter(
        "resource",
        "in",
        values.Many(values.Word(registry.names()), help_text=gettext_lazy("Of which kind it is.")),
    )


class BetweenList(List):
    """One result for each thing that was touched between two points; the filters of records choose records.

    Each question has a list of its own.
    """

    name = "changes"
    natural_order = ("ref",)
    title = None
    help = gettext_lazy("What was added, changed and taken out between two versions, days or moments.")
    records = ResourceList(RecordResource)

    KEYS = (
        *link_schema()["properties"],
        "change",
        "differences",
        "status_before",
        "status_after",
        "status_in_words",
        "url",
        "ledger_url",
    )

    def __init__(self) -> None:
        self._starts: Asked | None = None

    def keys(self) -> Sequence[str]:
        return self.KEYS

    def orders(self) -> Sequence[str]:
        return self.natural_order

    def parameters(self) -> Fields:
        return {
            **parameters_of_points(),
            **questions.search_parameter(),
            **questions.ordering_parameter(self.orders()),
            **questions.page_parameters(),
            **questions.fields_parameter(self.keys()),
            **questions.format_parameter(questions.FORMATS),
            **questions.language_parameter(),
        }

    def filters(self) -> Mapping[str, QuestionFilter]:
        own = BetweenFilters.base_filters
        return {name: each for name, each in self.records.filters().items() if name not in own} | own

    def pins(self, understood: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
        return _pin(understood.get("to"), now=now, ends=True)

    def starts(self, question: Question) -> Asked:
        """Return what stood at the point to compare from. Raises Refused when it lies after the other one."""
        if self._starts is None:
            asked = question.asked
            pin = _pin(question.values["from"], now=asked.moment, ends=False)
            if pin.get("version", 0) > asked.named or pin.get("known_at", asked.moment) > asked.moment:
                raise Refused([Wrong("from", _("This lies after the point to compare with."))])
            self._starts = reading.ask(now=asked.moment, **pin)
        return self._starts

    def rows(self, question: Question) -> tuple[QuerySet, str]:
        before, after = self.starts(question), question.asked
        rows = between.touched(before, after)
        asking = BetweenFilters(queryset=rows)
        rows = asking.narrow(question.values)
        choosing = {"q", *self.records.filters()} - asking.filters.keys()
        if choosing & question.values.keys():
            rows = rows.filter(Q(pk__in=self._records(question, after)) | Q(pk__in=self._records(question, before)))
        return rows, "pk"

    def _records(self, question: Question, asked: Asked) -> QuerySet[Any]:
        """Return the keys of the records that the filters find at a version."""
        rows, key = self.records.rows(dataclasses.replace(question, asked=asked, live=False))
        return rows.order_by().values(key)

    def step(self, name: str, *, descending: bool, question: Question) -> Order:
        return Order(F(name), descending, nullable=False)

    def results(self, keys: Sequence[int], question: Question) -> list[Answer]:
        before, after = self.starts(question), question.asked
        told = between.told(keys, before, after)
        return [answers.chosen(answer | _places(answer, before, after), question.fields) for answer in told]

    def cells(self, keys: Sequence[int], question: Question) -> list[Answer]:
        return [
            row | ({"differences": in_lines(row["differences"])} if "differences" in row else {})
            for row in self.results(keys, question)
        ]

    def describe_result(self, components: Components) -> Schema:
        status = {"type": ["string", "null"], "enum": [*STATUSES, None]}
        more = {
            "change": {"type": "string", "enum": list(between.KINDS_OF_CHANGE)},
            "differences": {"type": "array", "items": DIFFERENCE},
            "status_before": status,
            "status_after": status,
            "status_in_words": TEXT,
            "url": ADDRESS,
            "ledger_url": ADDRESS,
        }
        both = {"allOf": [components.link(), {"type": "object", "properties": more, "required": list(more)}]}
        return components.schema("Between", lambda: both)

    def describe_envelope(self) -> dict[str, Schema]:
        properties = {
            "version": POSITION,
            "as_of": {"type": "string", "format": "date"},
        }
        point = {"type": "object", "properties": properties}
        return {"from": point, "to": point}

    def envelope(self, question: Question) -> dict[str, Any]:
        points = {"from": self.starts(question), "to": question.asked}
        return super().envelope(question) | {
            name: {
                "version": asked.version,
                "as_of": asked.as_of.isoformat(),
            }
            for name, asked in points.items()
        }


def _places(answer: Answer, before: Asked, after: Asked) -> dict[str, str]:
    """Return where the thing is told as it stands at the later version, or stood before, and its positions between."""
    version = before.version if answer["change"] == between.TAKEN_OUT else after.version
    asked = {"ref": answer["ref"], "seq__gte": before.version + 1, "seq__lte": after.version}
    return {
        "url": f"{answers.address(answer['resource'], answer['ref'])}?{urlencode({'version': version})}",
        "ledger_url": questions.absolute(f"/api/v1/ledger/?{urlencode(asked)}"),
    }
