"""The data dictionary: the columns of files with their labels and meanings, made from the declarations."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from api import schema
from api.filters import column_of
from api.schema import Schema
from publishing.fields import Choice, Field, Translated
from publishing.resource import Computed, Resource
from tracking.models import DueKind
from tracking.resources import Due

LICENCE = {"name": "CC-BY-4.0", "path": "https://creativecommons.org/licenses/by/4.0/"}
LANGUAGES = {"en": "en", "zh": "zh-hans"}
# What no column of a table holds.
LABELS: Mapping[str, str | Promise] = {
    "resource": _("kind"),
    "assessed": _("assessed"),
    "overdue": _("overdue"),
    "due_soon": _("due soon"),
    "url": _("address in the API"),
    "page_en": _("page in English"),
    "page_zh": _("page in Chinese"),
    "statement": _("what is signed"),
    "document": _("document"),
    "salt": _("salt"),
}


HEADER = (_("column"), _("label"), _("type"), _("meaning"), _("filters"), _("values"))


class Column(NamedTuple):
    """One column of a file: its name, the key of a result that it comes from, and its name for readers."""

    name: str
    key: str
    label: str | Promise


class Entry(NamedTuple):
    """One column of a file as the dictionary tells of it. `words` are all that it can be, where that is known."""

    column: Column
    schema: Schema
    filters: tuple[str, ...]
    words: Mapping[str, str | Promise]


def columns_of(resource: type[Resource]) -> list[Column]:
    """Return the columns of a table of a resource, in their order."""
    labels = labels_of(resource)
    return [
        Column(name, key, labels.get(name, name))
        for key, names in schema.columns_of(resource).items()
        for name in names
    ]


def labels_of(resource: type[Resource]) -> dict[str, str | Promise]:
    """Return the labels of columns: those of the models' fields."""
    found = dict(LABELS)
    for kind in resource.kinds():
        for declared in kind.fields.values():
            sources = declared.columns() if isinstance(declared, Translated | Due) else [declared.source]
            names = (
                [f"{declared.name}_{part}" for part in declared.PARTS] if isinstance(declared, Due) else declared.keys()
            )
            for name, source in zip(names, sources, strict=False):
                if label := named_by(kind.model, source):
                    found.setdefault(name, label)
        for name in kind.computed:
            if label := named_by(kind.model, name):
                found.setdefault(name, label)
    return found


def named_by(model: type[models.Model], source: str) -> str | Promise | None:
    """Return how the model's field at a path is named; None where there is none."""
    try:
        return getattr(column_of(model, source), "verbose_name", None)
    except FieldDoesNotExist:
        return None


def entries_of(resource: type[Resource]) -> list[Entry]:
    """Return what the dictionary tells of a resource, in the reader's language."""
    described = schema.properties_of(resource)
    declared = {
        key: each
        for kind in resource.kinds()
        for each in {**kind.fields, **kind.computed}.values()
        for key in each.keys()
    }
    found = []
    for column in columns_of(resource):
        whole = described[column.key] | ({"pattern": schema.REF["pattern"]} if column.key == "ref" else {})
        inner = whole.get("properties", {}).get(column.name.removeprefix(f"{column.key}_"))
        field = declared.get(column.key)
        found.append(
            Entry(
                column,
                (inner or whole) | {"description": whole["description"]},
                field.lookups if field else (),
                words_of(field, column.name),
            )
        )
    return found


def words_of(declared: Field | None, name: str) -> Mapping[str, str | Promise]:
    """Return the code list of a column, each code with its label."""
    match declared:
        case Choice():
            return dict(declared.choices.choices)
        case Computed():
            return dict(declared.choices)
        case Due() if name == f"{declared.name}_kind":
            return dict(DueKind.choices)
    return {}


TYPES = {"date": "date", "date-time": "datetime", "uri": "uri"}


def type_of(described: Schema) -> str:
    """Return the type of a column in a word.

    It is one of: text, ref, refs, code, boolean, integer, date, partial date, datetime, uri, object.
    """
    kinds = described.get("anyOf", [described])
    if any("$ref" in each for each in kinds):
        return "ref"
    if any(each.get("type") == "array" for each in kinds):
        return "refs"
    if "enum" in described:
        return "code"
    if described.get("pattern") == schema.STATED_DAY["pattern"]:
        return "partial date"
    if described.get("pattern") == schema.REF["pattern"]:
        return "ref"
    plain = described.get("type")
    return TYPES.get(described.get("format", ""), plain if plain in ("boolean", "integer", "object") else "text")


def table(entries: Iterable[Entry]) -> Iterator[list[str]]:
    """Yield the dictionary of a list as rows of cells, in the reader's language, with its header."""
    yield [str(header) for header in HEADER]
    for entry in entries:
        yield [
            entry.column.name,
            str(entry.column.label),
            type_of(entry.schema),
            entry.schema.get("description", ""),
            ", ".join(entry.filters),
            "; ".join(f"{word}: {label}" for word, label in entry.words.items()),
        ]
