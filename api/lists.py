"""What the API lists: what can be asked of a list, which rows it has, and what is answered about each."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, QuerySet, TextField, Value
from django.db.models.functions import NullIf
from django.utils.functional import Promise

from api import answers, dictionary, filters, questions
from api.dictionary import Column, Entry
from api.filters import DeclaredFilterSet, QuestionFilter, Scope
from api.paging import Order
from api.problems import Refused, Wrong
from api.questions import Fields, Question
from api.schema import Components, Schema
from publishing.dates import PartialDateField
from publishing.errors import DomainError
from publishing.models import Document, PublicationState
from publishing.reading import Answer
from publishing.resource import Computed, Resource
from publishing.searching import matching


class List(ABC):
    """One list of the API, made from a declaration."""

    name: str
    title: str | Promise | None
    help: str | Promise
    # The order that is meant where none is asked for; its last name is unique, and ends every order.
    natural_order: tuple[str, ...]
    # The schemas of the keys of a result.
    described: Mapping[str, Schema]

    @property
    def slug(self) -> str:
        """Its name as one word."""
        return self.name.replace("/", "_")

    @abstractmethod
    def keys(self) -> Sequence[str]:
        """Return the keys that a result can have."""

    @abstractmethod
    def orders(self) -> Sequence[str]:
        """Return what it can be ordered by."""

    @abstractmethod
    def parameters(self) -> Fields:
        """Return all parameters but the filters."""

    @abstractmethod
    def filters(self) -> Mapping[str, QuestionFilter]:
        """Return the filters by the names of their parameters."""

    @abstractmethod
    def rows(self, question: Question) -> tuple[QuerySet, str]:
        """Return what is to be listed, and the name of the rows' key."""

    @abstractmethod
    def step(self, name: str, *, descending: bool, question: Question) -> Order:
        """Return one step of an order."""

    @abstractmethod
    def results(self, keys: Sequence[Any], question: Question) -> list[Answer]:
        """Return the results for the keys of a page, in their order."""

    @abstractmethod
    def cells(self, keys: Sequence[Any], question: Question) -> list[Answer]:
        """Return the rows of a file for the keys of a page, in their order: as results, with links as bare refs."""

    def columns(self) -> Sequence[Column]:
        """Return the columns of a file."""
        return [Column(key, key, dictionary.LABELS.get(key, key)) for key in self.keys()]

    def entries(self) -> Sequence[Entry]:
        """Return what the data dictionary tells of the columns, in the reader's language."""
        return [Entry(column, self.described[column.key], (), {}) for column in self.columns()]

    @abstractmethod
    def describe_result(self, components: Components) -> Schema:
        """Return the schema of a result."""

    def depends_on(self) -> Sequence[object]:
        """Return what its answers follow from beside the question and the state of the tracker."""
        return ()

    def pins(self, understood: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
        """Return which version or moment parameters of its own ask for, as `version` or `known_at`."""
        return {}

    def describe_envelope(self) -> dict[str, Schema]:
        """Return the schemas of what `envelope` adds to the version."""
        return {}

    def envelope(self, question: Question) -> dict[str, Any]:
        """Return what stands beside the results."""
        return {"version": question.asked.version}

    def order(self, question: Question) -> list[Order]:
        """Return the order that was asked for, down to a name that is unique."""
        given = question.values.get("ordering") or list(self.natural_order)
        names = [name.removeprefix("-") for name in given]
        if self.natural_order[-1] not in names:
            given = [*given, self.natural_order[-1]]
        return [self.step(name.removeprefix("-"), descending=name.startswith("-"), question=question) for name in given]

    def all_parameters(self) -> Fields:
        """Return every parameter of the list by its name."""
        return self.parameters() | {name: each.value for name, each in self.filters().items()}


class ResourceList(List):
    """The list of a resource. The present is read from its rows, the past from the documents that stood then."""

    natural_order = ("ref",)

    def __init__(self, resource: type[Resource]):
        self.resource = resource
        self.name = resource.name
        self.title = resource.model._meta.verbose_name_plural
        self.help = resource.help
        self.filterset: type[DeclaredFilterSet] = type(
            f"{resource.__name__}Filters", (DeclaredFilterSet,), filters.filters_of(resource)
        )

    def keys(self) -> Sequence[str]:
        return answers.keys_of(self.resource)

    def orders(self) -> Sequence[str]:
        return [
            key
            for declared in {**self.resource.fields, **self.resource.computed}.values()
            if declared.ordering
            for key in declared.keys()
        ]

    def parameters(self) -> Fields:
        return {
            **questions.search_parameter(),
            **questions.ordering_parameter(self.orders()),
            **questions.page_parameters(),
            **questions.fields_parameter(self.keys()),
            **questions.format_parameter(questions.FORMATS),
            **questions.language_parameter(),
            **questions.pinning_parameters(),
        }

    def filters(self) -> Mapping[str, QuestionFilter]:
        return self.filterset.base_filters

    def rows(self, question: Question) -> tuple[QuerySet, str]:
        asked = question.asked
        kinds = self.resource.kinds()
        rows: QuerySet[Any]
        if question.live:
            rows = self.resource.model._base_manager.filter(
                state=PublicationState.PUBLISHED, resource__in=[kind.name for kind in kinds]
            )
        else:
            rows = filters.documents(kinds, asked.version)
        asking = self.filterset(queryset=rows)
        named = questions.find_refs(asking.filters, question.values, version=asked.version)
        asking.scope = Scope(asked, question.live, named)
        rows = asking.narrow(question.values)
        if words := question.values.get("q"):
            try:
                matched = matching(words)
            except DomainError as senseless:
                raise Refused([Wrong("q", str(senseless))], code=senseless.code) from senseless
            if question.live:
                # Which of them are public is asked of the rows already.
                rows = rows.filter(pk__in=Document.objects.current().filter(matched).values("thing"))
            else:
                rows = rows.filter(matched)
        return rows, "pk" if question.live else "thing"

    def step(self, name: str, *, descending: bool, question: Question) -> Order:
        if name == "ref":
            return Order(F("ref") if question.live else F("thing__ref"), descending, nullable=False)
        declared = next(
            declared
            for declared in {**self.resource.fields, **self.resource.computed}.values()
            if name in declared.keys()
        )
        if isinstance(declared, Computed):
            by = self.resource.computed_order(name, question.asked, live=question.live)
            return Order(by, descending)
        column = filters.column_of(self.resource.model, declared.columns()[declared.keys().index(name)])
        is_text = isinstance(column, CharField | TextField)
        if not question.live:
            return Order(F(f"text_{name}"), descending, nullable=not is_text or isinstance(column, PartialDateField))
        if isinstance(column, PartialDateField):
            return Order(NullIf(F(column.name), Value("")), descending)
        return Order(F(column.name), descending, nullable=not is_text)

    def results(self, keys: Sequence[int], question: Question) -> list[Answer]:
        return answers.listed(self.resource, self._kinds(keys), question.asked, fields=question.fields)

    def cells(self, keys: Sequence[int], question: Question) -> list[Answer]:
        found = answers.plain_answers(self.resource, self._kinds(keys), question.asked)
        return [answers.chosen(answer, question.fields) for _name, answer in found]

    def columns(self) -> Sequence[Column]:
        return dictionary.columns_of(self.resource)

    def entries(self) -> Sequence[Entry]:
        return dictionary.entries_of(self.resource)

    def describe_result(self, components: Components) -> Schema:
        return components.result(self.resource)

    def _kinds(self, keys: Sequence[int]) -> dict[int, str]:
        kinds = self.resource.kinds()
        if len(kinds) == 1:
            return dict.fromkeys(keys, kinds[0].name)
        found = dict(self.resource.model._base_manager.filter(pk__in=keys).values_list("pk", "resource"))
        return {key: found[key] for key in keys}
