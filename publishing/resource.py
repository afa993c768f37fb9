"""What is public of each model, declared once.

From a Resource come the document that is hashed, the import columns, the filters, the schema, the CSV and the data
dictionary.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from django.db import models
from django.utils.functional import Promise, classproperty

from publishing.fields import GIVEN, Derived, Field, Ids, Ref, Report, Validated
from publishing.models import Publishable, validate_ref

if TYPE_CHECKING:
    from publishing.importing import Plan


class Related(Field):
    """A filter that reaches over a link: `path` is where it leads through documents, `source` through the models.

    With `through`, a resource and its link to this one, such as `("pledges", "commitment")`, it is met where one of
    those meets its own filter of the same name. It is asked for by name and is not part of the document.
    """

    def __init__(
        self,
        resources: str,
        help: str | Promise,
        *,
        source: str,
        path: str = "",
        through: tuple[str, str] | None = None,
        **options: Any,
    ):
        super().__init__(help, source=source, **options)
        self.resources = (resources,) if resources else ()
        self.path = path
        self.through = through

    def keys(self) -> tuple[str, ...]:
        return ()


class Computed(Field):
    """A field of the answer that depends on the day and the data version asked for, not on the document alone."""

    def __init__(
        self,
        help: str | Promise,
        *,
        choices: Sequence[tuple[str, str | Promise]] = (),
        type: str = "string",
        **options: Any,
    ):
        super().__init__(help, **options)
        self.choices = choices
        self.type = type


class Beside(NamedTuple):
    """What `Resource.beside` returns under one key: things of which resource, a list of them or one.

    `also` are the keys that each has there beside those of its own answer.
    """

    resource: str
    many: bool = True
    also: Mapping[str, Computed] = MappingProxyType({})


@dataclass(frozen=True)
class Asked:
    """What an answer is about: the data version, the day whose truth is asked for, and the moment deadlines pass by.

    `named` is the version as it was asked for, which may lie within an act; `version` is where the act before it ended.
    """

    version: int
    named: int
    as_of: date
    moment: datetime


class Resource:
    """Base of all declarations. A subclass names its `model` and its fields."""

    # The collection in the API, taken from the model.
    name: ClassVar[str] = ""

    model: ClassVar[type[Publishable]]
    # What one of its things is, in a sentence.
    help: ClassVar[str | Promise] = ""
    # How one is named to a reader in lists and links: `name_en` and `name_zh`, or `title_en` and `title_zh`.
    label: ClassVar[str] = "title"
    # What is linked to is loaded and published before what links to it: lower ranks come first.
    rank: ClassVar[int] = 50
    # Model fields that are not public, each with the reason.
    private: ClassVar[Mapping[str, str]] = {}
    # The links that are named along with it wherever it is named, such as the instrument of a commitment.
    named_with: ClassVar[tuple[str, ...]] = ()
    # The link to what is broader. A filter that reaches over a link to this resource includes what is narrower.
    broader: ClassVar[str] = ""
    # The links from whose things derived columns follow: when one of those is revised, so are these.
    follows: ClassVar[tuple[str, ...]] = ()
    # Whether one of its things can be merged into another one.
    mergeable: ClassVar[bool] = False
    # The fields of the model of which no two things may have the same values, where no constraint says so.
    once: ClassVar[tuple[str, ...]] = ()
    # The links to things whose rows are written when this is published.
    writes_to: ClassVar[tuple[str, ...]] = ()
    # Models whose tables `follow` fills besides its own, and indexes that loading cannot do without; see first_load.py.
    also_fills: ClassVar[tuple[type[models.Model], ...]] = ()
    needed_indexes: ClassVar[tuple[str, ...]] = ()
    # What `beside` returns.
    accompanied_by: ClassVar[Mapping[str, Beside]] = {}
    fields: ClassVar[dict[str, Field]] = {}
    linking: ClassVar[list[Field]] = []
    related: ClassVar[dict[str, Related]] = {}
    computed: ClassVar[dict[str, Computed]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "model" in vars(cls):
            cls.name = cls.model.collection
        found: dict[str, Field] = {}
        for base in reversed(cls.__mro__):
            found.update({value.name: value for value in vars(base).values() if isinstance(value, Field)})
        cls.fields = {name: field for name, field in found.items() if not isinstance(field, Related | Computed)}
        cls.linking = [field for field in cls.fields.values() if type(field).refs is not Field.refs]
        cls.computed = {name: field for name, field in found.items() if isinstance(field, Computed)}
        cls.related = {name: field for name, field in found.items() if isinstance(field, Related)}

    @classproperty
    def verbose_name(cls) -> str | Promise:
        return cls.model._meta.verbose_name or cls.name

    @classmethod
    def kinds(cls) -> list[type["Resource"]]:
        """Return the resources whose things it lists: itself, or for what gathers several kinds, those."""
        return [registry[name] for name in subclass_of(cls.model)]

    @classmethod
    def import_columns(cls) -> list[str]:
        """Return the columns that a file of this kind may have."""
        return [column for field in cls.fields.values() for column in field.import_columns()]

    @classmethod
    def parse(cls, row: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """Read one row of a file into a document; `report(column, message)` takes everything that is wrong with it."""
        document: dict[str, Any] = {}
        for field in cls.fields.values():
            document.update(field.parse(row, report))
        return document

    @classmethod
    def refs(cls, document: Mapping[str, Any]) -> Iterable[tuple[str, str, Collection[str]]]:
        """Yield (column, ref, allowed resources) of everything that a document points to."""
        for field in cls.linking:
            yield from field.refs(document)

    @classmethod
    def attributes(cls, document: Mapping[str, Any], ids: Ids) -> dict[str, Any]:
        """Return the model's attributes (attname → value) that a document stands for."""
        attributes: dict[str, Any] = {}
        for field in cls.fields.values():
            attributes.update(field.attributes(document, ids))
        return attributes

    @classmethod
    def documents(cls, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return the documents of things as their rows stand now, drafts included, by key.

        One query, and one more for each field that stands in another table.
        """
        columns = [column for field in cls.fields.values() for column in field.columns()]
        gathered = {field.name: field.gather(cls.model, ids) for field in cls.fields.values()}
        beside = {name: values for name, values in gathered.items() if values is not None}
        dumps = [field.dump for field in cls.fields.values()]
        documents = {}
        for key, *values in cls.model._base_manager.filter(pk__among=ids).values_list("pk", *columns):
            row = dict(zip(columns, values, strict=True))
            for name, found in beside.items():
                row[name] = found.get(key, [])
            document: dict[str, Any] = {}
            for dump in dumps:
                document.update(dump(row))
            documents[key] = document
        return documents

    @classmethod
    def compute(cls, documents: Mapping[int, Mapping[str, Any]], asked: Asked) -> dict[int, dict[str, Any]]:
        """Return the values of the computed fields for documents that stood at `asked.version`, by the thing's key."""
        return {key: {} for key in documents}

    @classmethod
    def computed_condition(cls, name: str, lookup: str, value: Any, asked: Asked, *, live: bool) -> models.Q:
        """Return what a computed field must meet: of the model's rows when `live`, else of documents that stood then.

        `lookup` is exact (for flags: true), in, gte, lte, or isnull (false).
        """
        raise LookupError(name)

    @classmethod
    def computed_order(cls, name: str, asked: Asked, *, live: bool) -> Any:
        """Return the expression that rows, or documents, are ordered by for a computed field."""
        raise LookupError(name)

    @classmethod
    def computed_value(cls, name: str, asked: Asked, *, live: bool) -> Any:
        """Return the expression of a computed field's value, for the model's rows when `live`, else for documents."""
        raise LookupError(name)

    @classmethod
    def beside(cls, key: int, document: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
        """Return what is shown with one thing on its own page and in its own answer: lists of other things' answers.

        A constant number of queries.
        """
        return {}

    @classmethod
    def derive(cls, rows: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
        """Return the attributes that follow from others, for rows (key → attributes) of things. Set-wise."""
        return {}

    @classmethod
    def derived_part(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the part of the document that follows from the derived attributes of a row."""
        part: dict[str, Any] = {}
        for field in cls.fields.values():
            if isinstance(field, Derived):
                part.update(field.dump(row))
        return part

    @classmethod
    def take_positions(cls, rows: Mapping[int, dict[str, Any]], positions: Mapping[int, int], version: int) -> None:
        """Put the ledger positions that new things get into their rows, where these hold them.

        `version` is the first position of the act.
        """

    @classmethod
    def touched(cls, ids: Sequence[int]) -> list[int]:
        """Return the keys of other things whose rows are written when these are published."""
        rows = cls.model._base_manager.filter(pk__among=ids)
        return [key for link in cls.writes_to for key in rows.values_list(cls.fields[link].source, flat=True)]

    @classmethod
    def settle(cls, ids: Sequence[int], *, fresh: bool = False) -> None:
        """Bring columns that are derived from others up to date, set-wise, before the documents are written.

        What is `fresh` was just written with everything that `derive` gives.
        """

    @classmethod
    def follow(cls, ids: Sequence[int], positions: Mapping[int, int], version: int) -> None:
        """Do what a publication of these things brings about, in the same transaction.

        `positions` tells the ledger position of each thing, `version` the first position of the act.
        """

    @classmethod
    def refuse_unpublishing(cls, ids: Sequence[int], gone: Sequence[int]) -> None:
        """Raise a DomainError if these things may not be unpublished together with no more than `gone`."""

    @classmethod
    def follow_unpublished(cls, ids: Sequence[int]) -> None:
        """Do what the unpublication of these things brings about, in the same transaction."""

    @classmethod
    def complete(cls, plan: "Plan") -> None:
        """Fill in what rows of a file leave out, and add rows that follow from others, before an import is checked."""

    @classmethod
    def check_change(cls, before: Mapping[str, Any], after: Mapping[str, Any], report: Report) -> None:
        """Report what an import may not change in what exists."""

    @classmethod
    def parents(cls) -> list[Ref]:
        """Return the links to what must be public before a thing of this resource can be."""
        return [field for field in cls.fields.values() if isinstance(field, Ref) and field.hangs_on]


class Registry:
    """All resources, in the order of their ranks."""

    def __init__(self) -> None:
        self._resources: dict[str, type[Resource]] = {}

    def register(self, resource: type[Resource]) -> type[Resource]:
        """Decorate a Resource."""
        self._resources[resource.name] = resource
        self._resources = dict(sorted(self._resources.items(), key=lambda entry: entry[1].rank))
        return resource

    def __getitem__(self, name: str) -> type[Resource]:
        return self._resources[name]

    def __iter__(self) -> Iterator[type[Resource]]:
        return iter(self._resources.values())

    def __contains__(self, name: object) -> bool:
        return name in self._resources

    def names(self) -> list[str]:
        return list(self._resources)


registry = Registry()


def ref_field(help: str | Promise) -> Validated:
    """Declare the permanent id of a resource."""
    return Validated(help, validator=validate_ref, required=True, max_length=200, lookups=GIVEN, ordering=True)


def subclass_of(model: type[models.Model]) -> list[str]:
    """Return the names of the resources whose model is `model` or a child of it."""
    return [resource.name for resource in registry if issubclass(resource.model, model)]
