"""The difference between two documents of one thing: field by field, and in the reader's words."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.translation import gettext as _

from publishing import reading
from publishing.fields import Field
from publishing.reading import Answer
from publishing.resource import Resource, registry
from publishing.words import day_in_words, moment_in_words, separator, words

MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}.*", re.ASCII)
DAY = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?", re.ASCII)


class Difference(NamedTuple):
    """One field that differs; `field` is its key in the document, a part of one is `due.date`."""

    resource: type[Resource]
    field: str
    before: Any
    after: Any


def differences(
    resource: type[Resource], before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> list[Difference]:
    """Return the fields in which two documents of a thing differ, in the order of the declaration.

    There are none where one of the documents is missing: then the thing came or went as a whole.
    """
    if before is None or after is None:
        return []
    declared = [key for each in resource.fields.values() for key in each.keys()]
    others = sorted((before.keys() | after.keys()) - set(declared))
    return [found for key in [*declared, *others] for found in _of_key(resource, key, before.get(key), after.get(key))]


def _of_key(resource: type[Resource], key: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for part in dict.fromkeys([*before, *after]):
            yield from _of_key(resource, f"{key}.{part}", before.get(part), after.get(part))
    elif before != after:
        yield Difference(resource, key, before, after)


def told(found: Iterable[Difference], *, version: int) -> list[Answer]:
    """Return differences as answers: `field`, `before` and `after` as the data have them, `label` and `in_words`.

    What is linked to is named as it was at a version. Four queries at most for all of them, and none without links.
    """
    found = list(found)
    refs = {ref for each in found for value in (each.before, each.after) for ref in _refs(each, value)}
    names = reading.labels(refs, version=version) if refs else {}
    answers = []
    for each in found:
        label = label_of(each.resource, each.field)
        before, after = (_in_words(each, value, names) for value in (each.before, each.after))
        sentence = _("%(label)s: %(before)s → %(after)s") % {"label": label, "before": before, "after": after}
        answers.append(
            {"field": each.field, "label": label, "before": each.before, "after": each.after, "in_words": sentence}
        )
    return answers


def label_of(resource: type[Resource], key: str) -> str:
    """Return how a field is called in the reader's language."""
    column = _column(resource, key)
    return str(column.verbose_name) if column is not None else key


def _declared(resource: type[Resource], key: str) -> Field | None:
    return next((each for each in resource.fields.values() if key in each.keys()), None)


def _column(resource: type[Resource], key: str) -> models.Field | None:
    """Return the model's field behind a key of its documents."""
    name, _dot, part = key.partition(".")
    declared = _declared(resource, name)
    if declared is None:
        return None
    if part:
        path = f"{declared.source}_{part}"
    else:
        keys, columns = declared.keys(), declared.columns()
        path = columns[keys.index(name)] if len(keys) == len(columns) else declared.source
    model: Any = resource.model
    *links, last = path.removesuffix("__ref").split("__")
    try:
        for link in links:
            model = model._meta.get_field(link).related_model
        column = model._meta.get_field(last)
    except FieldDoesNotExist:
        return None
    return column if isinstance(column, models.Field) else None


def _refs(difference: Difference, value: Any) -> set[str]:
    declared = _declared(difference.resource, difference.field)
    if declared is None or not value:
        return set()
    return {ref for _column, ref, _resources in declared.refs({difference.field: value})}


def _in_words(difference: Difference, value: Any, names: Mapping[str, Answer]) -> str:
    if value in (None, "", []):
        return _("nothing")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return separator().join(_in_words(difference, each, names) for each in value)
    if isinstance(value, Mapping):
        return _in_words(difference, value.get("ref"), names)
    if isinstance(value, str):
        if value in names:
            return words(names[value], registry[names[value]["resource"]].label).text
        column = _column(difference.resource, difference.field)
        if column is not None and value in dict(column.flatchoices):
            return str(dict(column.flatchoices)[value])
        if MOMENT.fullmatch(value):
            return moment_in_words(value)
        if DAY.fullmatch(value):
            return day_in_words(value)
    return str(value)
